"""What a call has used, as each SDK tells it, and the same call made twice."""
import pytest

from asking import FORMS, Chat, GenerateContent, Messages, Responses
from sdklab import NANOS
from weirlab import CACHED_NANOS

TEXT = "@sandbox{input_tokens=100,cached_tokens=40,output_tokens=20,reasoning_tokens=5}"


@pytest.fixture(params=FORMS, ids=lambda form: form.__name__)
def form(request):
    return request.param


def whole(form, client, model):
    messages = [{"role": "user", "content": TEXT}]
    if form is Chat:
        return client.chat.completions.create(model=model, messages=messages).usage
    if form is Responses:
        return client.responses.create(model=model, input=TEXT).usage
    if form is Messages:
        return client.messages.create(model=model, max_tokens=100, messages=messages).usage
    return client.models.generate_content(model=model, contents=TEXT).usage_metadata


def streamed(form, client, model):
    messages = [{"role": "user", "content": TEXT}]
    if form is Chat:
        with client.chat.completions.stream(
                model=model, messages=messages,
                stream_options={"include_usage": True}) as stream:
            return stream.get_final_completion().usage
    if form is Responses:
        with client.responses.stream(model=model, input=TEXT) as stream:
            return stream.get_final_response().usage
    if form is Messages:
        with client.messages.stream(model=model, max_tokens=100, messages=messages) as stream:
            return stream.get_final_message().usage
    return list(client.models.generate_content_stream(
        model=model, contents=TEXT))[-1].usage_metadata


def counts(form, usage):
    """Input, cached input, output, thoughts; None where the form doesn't tell."""
    if form is Chat:
        return (usage.prompt_tokens, usage.prompt_tokens_details.cached_tokens,
                usage.completion_tokens, usage.completion_tokens_details.reasoning_tokens)
    if form is Responses:
        return (usage.input_tokens, usage.input_tokens_details.cached_tokens,
                usage.output_tokens, usage.output_tokens_details.reasoning_tokens)
    if form is Messages:
        return (usage.input_tokens + usage.cache_read_input_tokens,
                usage.cache_read_input_tokens, usage.output_tokens,
                usage.output_tokens_details.thinking_tokens)
    return (usage.prompt_token_count, usage.cached_content_token_count,
            usage.candidates_token_count + usage.thoughts_token_count,
            usage.thoughts_token_count)


@pytest.mark.parametrize("ask", [whole, streamed])
def test_the_usage(form, stage, how, model, ask):
    usage = ask(form, stage.client(form.sdk, how), model)
    assert counts(form, usage) == (100, 40, 20, 5)
    row = stage.rows()[-1]
    fresh, output = NANOS[model]
    assert row["cost_nanos"] == 60 * fresh + 40 * CACHED_NANOS[model] + 20 * output
    assert row["reasoning_tokens"] == 5 and row["model"] == model


def test_the_same_call_twice(form, stage, how, model):
    """An idempotency key makes it one call at the provider, with one answer."""
    headers = {"Idempotency-Key": f"{form.__name__}-{how}-{model}"}
    more = ({"config": {"http_options": {"headers": headers}}} if form is GenerateContent
            else {"extra_headers": headers})
    client = stage.client(form.sdk, how)
    before = len(stage.calls())
    for _ in range(2):
        assert form.ask(client, model, "Only once", **more) == "Echo: Only once"
    assert len(stage.calls()) - before == 1
