"""The same question by each SDK, and what its exceptions say."""
import anthropic
import openai
from google.genai import errors


class Chat:
    sdk, error, timeout = "openai", openai.APIStatusError, openai.APITimeoutError
    # What an error in mid-stream raises.
    broken = openai.APIError

    @staticmethod
    def retrying(count):
        return {"max_retries": count}

    @staticmethod
    def ask(client, model, text, **more):
        reply = client.chat.completions.create(
            model=model, messages=[{"role": "user", "content": text}], **more)
        return reply.choices[0].message.content

    @staticmethod
    def stream(client, model, text):
        return client.chat.completions.create(
            model=model, messages=[{"role": "user", "content": text}], stream=True)

    @staticmethod
    def facts(error):
        return error.status_code, error.code, error.param


class Responses(Chat):
    @staticmethod
    def ask(client, model, text, **more):
        return client.responses.create(model=model, input=text, **more).output_text

    @staticmethod
    def stream(client, model, text):
        return client.responses.create(model=model, input=text, stream=True)


class Messages:
    sdk, error, timeout = "anthropic", anthropic.APIStatusError, anthropic.APITimeoutError
    broken = anthropic.APIError

    retrying = Chat.retrying

    @staticmethod
    def ask(client, model, text, **more):
        reply = client.messages.create(
            model=model, max_tokens=1024, messages=[{"role": "user", "content": text}], **more)
        return reply.content[0].text

    @staticmethod
    def stream(client, model, text):
        return client.messages.create(
            model=model, max_tokens=1024, messages=[{"role": "user", "content": text}],
            stream=True)

    @staticmethod
    def facts(error):
        details = error.body["error"]["details"]
        assert error.error_code == details["error_code"]
        return error.status_code, error.error_code, details.get("param")


class GenerateContent:
    sdk, error, timeout = "gemini", errors.APIError, Exception
    broken = errors.APIError

    @staticmethod
    def retrying(count):
        # It knows no Retry-After, but waits for so long by itself.
        return {"retry_options": {"attempts": count + 1, "initial_delay": 1.1, "jitter": 0.01}}

    @staticmethod
    def ask(client, model, text, **more):
        return client.models.generate_content(model=model, contents=text, **more).text

    @staticmethod
    def stream(client, model, text):
        return client.models.generate_content_stream(model=model, contents=text)

    @staticmethod
    def facts(error):
        details = error.details["error"]["details"]
        fields = [violation["field"] for detail in details
                  for violation in detail.get("fieldViolations", [])]
        return error.code, details[0]["reason"], fields[0] if fields else None


FORMS = [Chat, Responses, Messages, GenerateContent]
