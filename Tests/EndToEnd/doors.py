"""Weir's doors, each in the words of its own clients: how to ask, and how to read what comes."""


class Complete:
    name = "ai"

    def request(self, text, model, max_tokens, stream, more):
        body = {"tenant_id": 42, "model": model, "user_message": text, "max_tokens": max_tokens,
                **({"stream": True} if stream else {}), **more}
        return "/ai/complete", body

    def headers(self, key):
        return {"authorization": f"Bearer {key}"}

    def text(self, event):
        return event.json["delta"] if event.name == "token" else ""

    def error(self, event):
        return event.json["error"] if event.name == "error" else None

    def completes(self, event):
        return event.name == "done"

    def code(self, body):
        return body["error"]


class ChatCompletions(Complete):
    name = "chat"

    def request(self, text, model, max_tokens, stream, more):
        body = {"model": model, "max_completion_tokens": max_tokens,
                "messages": [{"role": "user", "content": text}],
                **({"stream": True} if stream else {}), **more}
        return "/v1/chat/completions", body

    def text(self, event):
        choices = (event.json or {}).get("choices") or [{}]
        return choices[0].get("delta", {}).get("content") or ""

    def error(self, event):
        error = (event.json or {}).get("error")
        return error and (error["code"] or error["type"])

    def completes(self, event):
        return event.data == "[DONE]"

    def code(self, body):
        assert set(body["error"]) == {"message", "type", "param", "code"}, body
        return body["error"]["code"] or body["error"]["type"]


class Responses(ChatCompletions):
    name = "responses"

    def request(self, text, model, max_tokens, stream, more):
        body = {"model": model, "max_output_tokens": max_tokens, "input": text,
                **({"stream": True} if stream else {}), **more}
        return "/v1/responses", body

    def text(self, event):
        return event.json["delta"] if event.name == "response.output_text.delta" else ""

    def error(self, event):
        if event.name == "response.failed":
            return event.json["response"]["error"]["code"]
        return event.json["code"] if event.name == "error" else None

    def completes(self, event):
        return event.name in ("response.completed", "response.incomplete")


class Messages(Complete):
    name = "messages"

    def request(self, text, model, max_tokens, stream, more):
        body = {"model": model, "max_tokens": max_tokens,
                "messages": [{"role": "user", "content": text}],
                **({"stream": True} if stream else {}), **more}
        return "/v1/messages", body

    def headers(self, key):
        return {"x-api-key": key, "anthropic-version": "2023-06-01"}

    def text(self, event):
        delta = event.json.get("delta", {}) if event.name == "content_block_delta" else {}
        return delta.get("text", "")

    def error(self, event):
        return event.json["error"]["type"] if event.name == "error" else None

    def completes(self, event):
        return event.name == "message_stop"

    def code(self, body):
        assert body["type"] == "error", body
        return body["error"]["type"]


class GenerateContent(Complete):
    name = "generateContent"

    def request(self, text, model, max_tokens, stream, more):
        body = {"contents": [{"role": "user", "parts": [{"text": text}]}],
                "generationConfig": {"maxOutputTokens": max_tokens}, **more}
        method = "streamGenerateContent?alt=sse" if stream else "generateContent"
        return f"/v1beta/models/{model}:{method}", body

    def headers(self, key):
        return {"x-goog-api-key": key}

    def candidate(self, event):
        return ((event.json or {}).get("candidates") or [{}])[0]

    def text(self, event):
        parts = self.candidate(event).get("content", {}).get("parts", [])
        return "".join(part.get("text", "") for part in parts)

    def error(self, event):
        error = (event.json or {}).get("error")
        return error and error["status"]

    def completes(self, event):
        return bool(self.candidate(event).get("finishReason"))

    def code(self, body):
        return body["error"]["status"]


DOORS = {door.name: door for door in
         (Complete(), ChatCompletions(), Responses(), Messages(), GenerateContent())}
