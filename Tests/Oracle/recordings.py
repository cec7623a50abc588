#!/usr/bin/env python3
"""What recorded replies say, read a second time and on its own.

Usage: recordings.py FOLDER

Prints one JSON line for each whole (not streamed) 2xx reply in FOLDER/*.jsonl. It shares nothing
with the Swift code, so that one misreading can't be in both.
"""

import decimal
import json
import pathlib
import sys

import prices

# The day at whose prices costs are computed: all recordings are older.
DAY = "2026-08-23"
BOOK = pathlib.Path(__file__).parents[2] / "Sources/WeirCore/Pricing/BuiltInPrices.swift"

OPENAI_FINISH = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "content_filter": "content_filter",
}
ANTHROPIC_FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
    "pause_turn": "pause",
}
GEMINI_FINISH = {"STOP": "stop", "MAX_TOKENS": "length", "SAFETY": "content_filter"}


def main():
    folder = pathlib.Path(sys.argv[1])
    for file in sorted(folder.glob("*.jsonl")):
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                recording = json.loads(line)
                if not recording["stream"] and 200 <= recording["status"] < 300:
                    print(json.dumps(expected(recording)))


def expected(recording):
    path = recording["path"]
    reply = recording["response"]
    known = {
        ":generateContent": (gemini, "generateContent"),
        ":batchEmbedContents": (gemini_embeddings, "batchEmbedContents"),
        "/messages": (anthropic, "messages"),
        "/count_tokens": (count_tokens, "count_tokens"),
        "/chat/completions": (chat, "chat"),
        "/responses": (responses, "responses"),
        "/embeddings": (openai_embeddings, "embeddings"),
    }
    for ending, (read, endpoint) in known.items():
        if path.endswith(ending):
            line = {"id": recording["id"], "provider": recording["provider"], "endpoint": endpoint}
            line.update(read(reply))
            line["model"] = model(recording)
            line["cost_nanos"] = cost(recording, line)
            return line
    raise SystemExit(f"{recording['id']}: nothing known about {path}")


def model(recording):
    """Whose price the reply is charged at: the model that it names, else the path's."""
    reply = recording["response"]
    named = reply.get("model") or reply.get("modelVersion") if isinstance(reply, dict) else None
    if not named:
        named = recording["path"].rsplit("/", 1)[-1].split(":")[0]
    return named.removeprefix("models/")


def cost(recording, line):
    """Nano-USD for the tokens, fees of tools apart; None where the built-in book has no price."""
    price = price_of(recording["provider"], line["model"])
    if price is None or line["usage"] != "reported":
        return None
    usage = {f"{name}_tokens": line[name] for name in ["input", "output", *prices.CACHE]}
    reply = recording["response"]
    tier = reply.get("service_tier") or (reply.get("usage") or {}).get("service_tier")
    if tier in ("batch", "flex", "priority", "fast"):
        usage["service_tier"] = tier
    # The answer itself may have a fee: some models search unasked.
    request = decimal.Decimal(price.get("per_call", {}).get("request", "0"))
    return prices.total(price, usage) + int(request * 10**9)


def price_of(provider, name, book=[]):
    if not book:
        text = BOOK.read_text(encoding="utf-8")
        book += json.loads(text.split('#"""', 1)[1].rsplit('"""#', 1)[0])["prices"]
    found = []
    for price in book:
        if price["provider"] != provider or price.get("effective_from", "") > DAY:
            continue
        for pattern in [price["model"], *price.get("match", [])]:
            exact = not pattern.endswith("*")
            if name == pattern if exact else name.startswith(pattern[:-1]):
                found.append((exact, len(pattern), price.get("effective_from", ""), price))
    return max(found, key=lambda entry: entry[:3])[3] if found else None


def answer(text, tool_calls, finish, usage):
    counts = {
        "input": 0,
        "output": 0,
        "cache_read": 0,
        "cache_write_5m": 0,
        "cache_write_1h": 0,
        "reasoning": 0,
    }
    state = "absent" if usage is None else "reported"
    return {
        "text": text,
        "tool_calls": tool_calls,
        "finish": finish,
        "usage": state,
        **counts,
        **(usage or {}),
    }


def number(holder, name):
    return (holder or {}).get(name) or 0


def arguments(text):
    """Some servers leave out the arguments of a tool that takes none."""
    return json.loads(text) if text else {}


# OpenAI and those who speak like it


def chat(reply):
    choice = reply["choices"][0]
    message = choice["message"]
    content = message.get("content") or ""
    if isinstance(content, list):
        content = "".join(part["text"] for part in content if part["type"] == "text")
    calls = [
        {
            "name": call["function"]["name"],
            "arguments": arguments(call["function"].get("arguments")),
        }
        for call in message.get("tool_calls") or []
    ]
    finish = OPENAI_FINISH.get(choice["finish_reason"], "other")
    if finish == "stop" and calls:
        finish = "tool_calls"
    usage = openai_usage(reply, "prompt", "completion")
    if usage and "prompt_cache_hit_tokens" in reply["usage"]:
        usage["cache_read"] = reply["usage"]["prompt_cache_hit_tokens"]
    return answer(content or message.get("refusal") or "", calls, finish, usage)


def responses(reply):
    texts = []
    calls = []
    for item in reply["output"]:
        if item["type"] == "message":
            texts += [part["text"] for part in item["content"] if part["type"] == "output_text"]
        elif item["type"] == "function_call":
            calls.append({"name": item["name"], "arguments": arguments(item["arguments"])})
        elif item["type"] == "custom_tool_call":
            calls.append({"name": item["name"], "arguments": item["input"]})
    finish = "tool_calls" if calls else "stop"
    if reply["status"] == "incomplete":
        finish = "length"
    return answer("".join(texts), calls, finish, openai_usage(reply, "input", "output"))


def openai_usage(reply, read, written):
    usage = reply.get("usage")
    if not usage:
        return None
    input_details = usage.get(f"{read}_tokens_details")
    output_details = usage.get(f"{written}_tokens_details")
    input_tokens = usage[f"{read}_tokens"]
    output_tokens = usage[f"{written}_tokens"]
    if usage.get("total_tokens") is not None:
        # Thoughts that only the total counts were generated, and billed, as well.
        output_tokens = max(output_tokens, usage["total_tokens"] - input_tokens)
    return {
        "input": input_tokens,
        "output": output_tokens,
        "cache_read": number(input_details, "cached_tokens"),
        "cache_write_5m": number(input_details, "cache_write_tokens"),
        "reasoning": number(output_details, "reasoning_tokens"),
    }


def openai_embeddings(reply):
    return answer("", [], "stop", {"input": reply["usage"]["prompt_tokens"]})


# Anthropic


def anthropic(reply):
    texts = [block["text"] for block in reply["content"] if block["type"] == "text"]
    calls = [
        {"name": block["name"], "arguments": block["input"]}
        for block in reply["content"]
        if block["type"] == "tool_use"
    ]
    usage = reply.get("usage")
    if usage:
        # Steps of an advisor are another model's and billed apart; those that compact the context
        # are this model's and not in the outer counts.
        steps = [usage]
        steps += [step for step in usage.get("iterations") or [] if step["type"] == "compaction"]
        usage = merged([anthropic_step(step) for step in steps])
        usage["reasoning"] = number(reply["usage"].get("output_tokens_details"), "thinking_tokens")
    finish = ANTHROPIC_FINISH.get(reply["stop_reason"], "other")
    return answer("".join(texts), calls, finish, usage)


def anthropic_step(step):
    created = number(step, "cache_creation_input_tokens")
    lifetimes = step.get("cache_creation") or {"ephemeral_5m_input_tokens": created}
    return {
        "input": step["input_tokens"] + number(step, "cache_read_input_tokens") + created,
        "output": step["output_tokens"],
        "cache_read": number(step, "cache_read_input_tokens"),
        "cache_write_5m": number(lifetimes, "ephemeral_5m_input_tokens"),
        "cache_write_1h": number(lifetimes, "ephemeral_1h_input_tokens"),
    }


def merged(steps):
    return {name: sum(step[name] for step in steps) for name in steps[0]}


def count_tokens(reply):
    """Costs nothing: the count is an answer, not a usage."""
    return answer(str(reply["input_tokens"]), [], "stop", None)


# Gemini


def gemini(reply):
    usage = gemini_usage(reply)
    if not reply.get("candidates"):
        return answer("", [], "content_filter", usage)
    candidate = reply["candidates"][0]
    parts = candidate.get("content", {}).get("parts", [])
    shown = [part["text"] for part in parts if "text" in part and not part.get("thought")]
    calls = [
        {"name": part["functionCall"]["name"], "arguments": part["functionCall"].get("args", {})}
        for part in parts
        if "functionCall" in part
    ]
    finish = GEMINI_FINISH.get(candidate.get("finishReason"), "other")
    if finish == "stop" and calls:
        finish = "tool_calls"
    return answer("".join(shown), calls, finish, usage)


def gemini_usage(reply):
    usage = reply.get("usageMetadata")
    if not usage:
        return None
    thoughts = number(usage, "thoughtsTokenCount")
    return {
        "input": usage["promptTokenCount"] + number(usage, "toolUsePromptTokenCount"),
        "output": number(usage, "candidatesTokenCount") + thoughts,
        "cache_read": number(usage, "cachedContentTokenCount"),
        "reasoning": thoughts,
    }


def gemini_embeddings(reply):
    usage = reply.get("usageMetadata")
    return answer("", [], "stop", {"input": usage["promptTokenCount"]} if usage else None)


if __name__ == "__main__":
    main()
