"""Answers that the sandbox can't make up itself, in the form of its recordings: parallel tool
calls, thoughts with their proofs, stop sequences. One answer, written in every provider's wire."""
import dataclasses
import json

from sdklab import PROVIDERS


@dataclasses.dataclass(frozen=True)
class Answer:
    text: str = ""
    thought: str = ""
    calls: tuple = ()
    stop: str | None = None

    # What it has used, output with thoughts.
    input, output, reasoning = 40, 25, 0


@dataclasses.dataclass(frozen=True)
class ThoughtfulAnswer(Answer):
    reasoning = 10


PROOF = "c2FuZGJveC1wcm9vZg=="
TWO_TOOLS = "What are the weather and the time in Kampala?"
AFTER_TOOLS = "Sunny, and noon."
WHY = "Why is the sky blue?"
COUNT = "Count to ten."
CALLS = (("get_weather", {"city": "Kampala"}), ("get_time", {"zone": "Africa/Kampala"}))
# Question, number of messages in the wires where the sandbox needs it, answer.
SCENES = [
    (TWO_TOOLS, {}, Answer(calls=CALLS)),
    (TWO_TOOLS, {"chat": 4, "responses": 5}, Answer(text=AFTER_TOOLS)),
    (WHY, {}, ThoughtfulAnswer(text="Short waves scatter most.", thought="Rayleigh, I think.")),
    (COUNT, {}, Answer(text="one two three", stop=" four")),
]
PATHS = {"gpt-4o-mini": [("chat", "/v1/chat/completions"), ("responses", "/v1/responses")],
         "deepseek-chat": [("chat", "/chat/completions"), ("responses", "/responses")],
         "claude-haiku-4-5": [("messages", "/v1/messages")],
         "gemini-2.5-flash": [("gemini", "/v1beta/models/gemini-2.5-flash:")]}


def write(path):
    """The recordings file of all scenes."""
    lines = []
    for model, wires in PATHS.items():
        for wire, address in wires:
            for question, lengths, answer in SCENES:
                if not lengths or wire in lengths:
                    lines += recordings(model, wire, address, question, lengths.get(wire), answer)
    path.write_text("".join(json.dumps(line | {"id": f"scene-{number}"}) + "\n"
                            for number, line in enumerate(lines)))


def recordings(model, wire, address, question, length, answer):
    writer = WRITERS[wire](model, answer)
    for is_stream in (False, True):
        verb = ("streamGenerateContent" if is_stream else "generateContent") * (wire == "gemini")
        yield {"provider": PROVIDERS[model], "path": address + verb, "status": 200,
               "stream": is_stream,
               "content_type": "text/event-stream" if is_stream else "application/json",
               "request": request(wire, model, question, length or 1),
               "response": writer.stream() if is_stream else writer.whole()}


def request(wire, model, question, length):
    """Just enough for the sandbox to know it by: its last user text, and its length."""
    if wire == "gemini":
        return {"contents": [{"role": "user", "parts": [{"text": question}]}]}
    turns = [{"role": "user", "content": question}]
    turns += [{"role": "assistant", "content": "-"}] * (length - 1)
    return {"model": model, "input" if wire == "responses" else "messages": turns}


def pieces(text, count=3):
    size = max(1, -(-len(text) // count))
    return [text[start:start + size] for start in range(0, len(text), size)]


def events(named):
    return "".join(f"event: {data['type']}\ndata: {json.dumps(data)}\n\n" for data in named)


class Chat:
    def __init__(self, model, answer):
        self.model, self.answer = model, answer

    def usage(self):
        one = self.answer
        return {"prompt_tokens": one.input, "completion_tokens": one.output,
                "total_tokens": one.input + one.output,
                "prompt_tokens_details": {"cached_tokens": 0},
                "completion_tokens_details": {"reasoning_tokens": one.reasoning}}

    def calls(self):
        return [{"id": f"call_{index}", "type": "function",
                 "function": {"name": name, "arguments": json.dumps(arguments)}}
                for index, (name, arguments) in enumerate(self.answer.calls)]

    def finish(self):
        return "tool_calls" if self.answer.calls else "stop"

    def thinks_aloud(self):
        return self.model == "deepseek-chat" and bool(self.answer.thought)

    def whole(self):
        message = {"role": "assistant", "content": self.answer.text or None}
        if self.model != "deepseek-chat":
            message["refusal"] = None
        if self.answer.calls:
            message["tool_calls"] = self.calls()
        if self.thinks_aloud():
            message["reasoning_content"] = self.answer.thought
        return {"id": "chatcmpl-scene", "object": "chat.completion", "created": 1700000000,
                "model": self.model, "usage": self.usage(),
                "choices": [{"index": 0, "message": message, "logprobs": None,
                             "finish_reason": self.finish()}]}

    def stream(self):
        deltas = [{"role": "assistant", "content": None if self.answer.calls else ""}]
        if self.thinks_aloud():
            deltas += [{"reasoning_content": piece} for piece in pieces(self.answer.thought)]
        deltas += [{"content": piece} for piece in pieces(self.answer.text)]
        for index, call in enumerate(self.calls()):
            text = call["function"]["arguments"]
            call["function"] = {"name": call["function"]["name"], "arguments": ""}
            deltas.append({"tool_calls": [{"index": index} | call]})
            deltas += [{"tool_calls": [{"index": index, "function": {"arguments": piece}}]}
                       for piece in pieces(text)]
        chunks = [self.chunk([{"index": 0, "delta": delta, "finish_reason": None}])
                  for delta in deltas]
        end = [{"index": 0, "delta": {}, "finish_reason": self.finish()}]
        if self.model == "deepseek-chat":
            chunks.append(self.chunk(end) | {"usage": self.usage()})
        else:
            chunks += [self.chunk(end), self.chunk([]) | {"usage": self.usage()}]
        return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"

    def chunk(self, choices):
        return {"id": "chatcmpl-scene", "object": "chat.completion.chunk", "created": 1700000000,
                "model": self.model, "usage": None, "choices": choices}


class Responses:
    def __init__(self, model, answer):
        self.model, self.answer = model, answer

    def items(self):
        items = []
        if self.answer.thought:
            items.append({"type": "reasoning", "id": "rs_scene", "encrypted_content": PROOF,
                          "summary": [{"type": "summary_text", "text": self.answer.thought}]})
        if self.answer.text:
            part = {"type": "output_text", "text": self.answer.text, "annotations": [],
                    "logprobs": []}
            items.append({"type": "message", "id": "msg_scene", "role": "assistant",
                          "status": "completed", "content": [part]})
        return items + [
            {"type": "function_call", "id": f"fc_{index}", "call_id": f"call_{index}",
             "name": name, "arguments": json.dumps(arguments), "status": "completed"}
            for index, (name, arguments) in enumerate(self.answer.calls)]

    def whole(self, **more):
        one = self.answer
        return {"id": "resp_scene", "object": "response", "created_at": 1700000000,
                "status": "completed", "error": None, "incomplete_details": None,
                "instructions": None, "metadata": {}, "model": self.model,
                "output": self.items(), "parallel_tool_calls": True, "temperature": 1.0,
                "tool_choice": "auto", "tools": [], "top_p": 1.0,
                "usage": {"input_tokens": one.input, "output_tokens": one.output,
                          "total_tokens": one.input + one.output,
                          "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
                          "output_tokens_details": {"reasoning_tokens": one.reasoning}}} | more

    def stream(self):
        begun = self.whole(status="in_progress", output=[], usage=None)
        told = [{"type": "response.created", "response": begun},
                {"type": "response.in_progress", "response": begun}]
        for index, item in enumerate(self.items()):
            told += self.told(index, item)
        told.append({"type": "response.completed", "response": self.whole()})
        return events(event | {"sequence_number": number} for number, event in enumerate(told))

    def told(self, index, item):
        place = {"output_index": index, "item_id": item["id"]}
        yield {"type": "response.output_item.added", "output_index": index,
               "item": item | self.emptied(item)}
        if item["type"] == "reasoning":
            part = place | {"summary_index": 0}
            text = item["summary"][0]["text"]
            yield part | {"type": "response.reasoning_summary_part.added",
                          "part": {"type": "summary_text", "text": ""}}
            for piece in pieces(text):
                yield part | {"type": "response.reasoning_summary_text.delta", "delta": piece}
            yield part | {"type": "response.reasoning_summary_text.done", "text": text}
            yield part | {"type": "response.reasoning_summary_part.done",
                          "part": item["summary"][0]}
        elif item["type"] == "message":
            part = place | {"content_index": 0}
            whole = item["content"][0]
            yield part | {"type": "response.content_part.added", "part": whole | {"text": ""}}
            for piece in pieces(whole["text"]):
                yield part | {"type": "response.output_text.delta", "delta": piece,
                              "logprobs": []}
            yield part | {"type": "response.output_text.done", "text": whole["text"],
                          "logprobs": []}
            yield part | {"type": "response.content_part.done", "part": whole}
        else:
            for piece in pieces(item["arguments"]):
                yield place | {"type": "response.function_call_arguments.delta", "delta": piece}
            yield place | {"type": "response.function_call_arguments.done",
                           "name": item["name"], "arguments": item["arguments"]}
        yield {"type": "response.output_item.done", "output_index": index, "item": item}

    @staticmethod
    def emptied(item):
        return {"reasoning": {"summary": []}, "message": {"content": [], "status": "in_progress"},
                "function_call": {"arguments": "", "status": "in_progress"}}[item["type"]]


class Messages:
    def __init__(self, model, answer):
        self.model, self.answer = model, answer

    def blocks(self):
        blocks = []
        if self.answer.thought:
            blocks.append({"type": "thinking", "thinking": self.answer.thought,
                           "signature": PROOF})
        if self.answer.text:
            blocks.append({"type": "text", "text": self.answer.text})
        return blocks + [{"type": "tool_use", "id": f"toolu_{index}", "name": name,
                          "input": arguments}
                         for index, (name, arguments) in enumerate(self.answer.calls)]

    def ending(self):
        if self.answer.stop:
            return {"stop_reason": "stop_sequence", "stop_sequence": self.answer.stop}
        return {"stop_reason": "tool_use" if self.answer.calls else "end_turn",
                "stop_sequence": None}

    def whole(self, **more):
        return {"id": "msg_scene", "type": "message", "role": "assistant", "model": self.model,
                "content": self.blocks(), "usage": self.usage()} | self.ending() | more

    def usage(self):
        return {"input_tokens": self.answer.input, "output_tokens": self.answer.output,
                "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
                "output_tokens_details": {"thinking_tokens": self.answer.reasoning}}

    def stream(self):
        start = self.whole(content=[], stop_reason=None, stop_sequence=None,
                           usage=self.usage() | {"output_tokens": 1})
        told = [{"type": "message_start", "message": start}]
        for index, block in enumerate(self.blocks()):
            told += self.told(index, block)
        told += [{"type": "message_delta", "delta": self.ending(), "usage": self.usage()},
                 {"type": "message_stop"}]
        return events(told)

    @staticmethod
    def told(index, block):
        empty = {"thinking": {"thinking": "", "signature": ""}, "text": {"text": ""},
                 "tool_use": {"input": {}}}[block["type"]]
        yield {"type": "content_block_start", "index": index, "content_block": block | empty}
        if block["type"] == "thinking":
            deltas = [{"type": "thinking_delta", "thinking": piece}
                      for piece in pieces(block["thinking"])]
            deltas.append({"type": "signature_delta", "signature": block["signature"]})
        elif block["type"] == "text":
            deltas = [{"type": "text_delta", "text": piece} for piece in pieces(block["text"])]
        else:
            deltas = [{"type": "input_json_delta", "partial_json": piece}
                      for piece in pieces(json.dumps(block["input"]))]
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}


class Gemini:
    def __init__(self, model, answer):
        self.model, self.answer = model, answer

    def chunk(self, parts, is_last=True):
        one = self.answer
        candidate = {"content": {"role": "model", "parts": parts}, "index": 0}
        usage = {"promptTokenCount": one.input, "totalTokenCount": one.input}
        if is_last:
            candidate["finishReason"] = "STOP"
            usage = {"promptTokenCount": one.input, "thoughtsTokenCount": one.reasoning,
                     "candidatesTokenCount": one.output - one.reasoning,
                     "totalTokenCount": one.input + one.output}
        return {"candidates": [candidate], "modelVersion": self.model, "responseId": "scene",
                "usageMetadata": usage}

    def parts(self):
        parts = []
        if self.answer.thought:
            parts.append({"text": self.answer.thought, "thought": True})
        if self.answer.text:
            parts.append({"text": self.answer.text})
        parts += [{"functionCall": {"name": name, "args": arguments}}
                  for name, arguments in self.answer.calls]
        # The proof stands on the first part that is no thought.
        if self.answer.thought or self.answer.calls:
            parts[1 if self.answer.thought else 0]["thoughtSignature"] = PROOF
        return parts

    def whole(self):
        return self.chunk(self.parts())

    def stream(self):
        parts = self.parts()
        chunks = [self.chunk([part], index == len(parts) - 1)
                  for index, part in enumerate(parts)]
        return "".join(f"data: {json.dumps(chunk)}\r\n\r\n" for chunk in chunks)


WRITERS = {"chat": Chat, "responses": Responses, "messages": Messages, "gemini": Gemini}
