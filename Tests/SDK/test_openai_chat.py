"""openai's chat completions against models of all providers."""
import base64
import json

import openai
import pydantic
import pytest

import script
from sdklab import png


@pytest.fixture
def client(stage, how):
    return stage.client("openai", how)


class Echo(pydantic.BaseModel):
    echo: str


def tool(name, argument):
    return {"type": "function", "function": {
        "name": name, "description": f"Does {name}", "parameters": {
            "type": "object", "properties": {argument: {"type": "string"}},
            "required": [argument], "additionalProperties": False}}}


TOOLS = [tool("get_weather", "city"), tool("get_time", "zone")]


def user(text):
    return {"role": "user", "content": text}


def test_an_answer(client, model):
    reply = client.chat.completions.create(
        model=model, max_completion_tokens=50, temperature=0.5,
        messages=[{"role": "developer" if model != "deepseek-chat" else "system",
                   "content": "Be brief."}, user("Hello there")])
    choice = reply.choices[0]
    assert choice.message.content == "Echo: Hello there" and choice.finish_reason == "stop"
    assert choice.message.role == "assistant" and choice.message.tool_calls is None
    assert reply.usage.prompt_tokens in (3 + 3 + 3, 3 + 3 + 6)
    assert reply.usage.completion_tokens == 5
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + 5
    assert reply.model == model and reply.id and reply.object == "chat.completion"


def test_the_cap_is_kept(client, model):
    for cap in ("max_tokens", "max_completion_tokens"):
        reply = client.chat.completions.create(
            model=model, messages=[user("A rather long text to be told again")], **{cap: 3})
        assert reply.choices[0].finish_reason == "length"
        assert reply.usage.completion_tokens == 3


@pytest.mark.parametrize("with_usage", [True, False])
def test_a_raw_stream(client, model, with_usage):
    more = {"stream_options": {"include_usage": True}} if with_usage else {}
    chunks = list(client.chat.completions.create(
        model=model, messages=[user("One two three four five")], stream=True, **more))
    told = [chunk.choices[0] for chunk in chunks if chunk.choices]
    assert "".join(one.delta.content or "" for one in told) == "Echo: One two three four five"
    assert [one.finish_reason for one in told if one.finish_reason] == ["stop"]
    assert len({chunk.id for chunk in chunks}) == 1
    usages = [chunk.usage for chunk in chunks if chunk.usage]
    # DeepSeek tells its usage whether asked to or not, on a chunk of the answer.
    expected = 1 if with_usage or model == "deepseek-chat" else 0
    assert [usage.completion_tokens for usage in usages] == [8] * expected
    if not with_usage:
        assert all(chunk.choices for chunk in chunks)


def test_the_streams_helper(client, model):
    with client.chat.completions.stream(
            model=model, messages=[user("One two three four five")],
            stream_options={"include_usage": True}) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_completion()
    assert {"chunk", "content.delta", "content.done"} <= kinds
    assert final.choices[0].message.content == "Echo: One two three four five"
    assert final.choices[0].finish_reason == "stop"
    assert final.usage.completion_tokens == 8


def test_parallel_tools_and_their_results(client, model):
    reply = client.chat.completions.create(
        model=model, messages=[user(script.TWO_TOOLS)], tools=TOOLS, tool_choice="auto")
    choice = reply.choices[0]
    assert choice.finish_reason == "tool_calls"
    check(choice.message.tool_calls)
    follow_up(client, model, choice.message)


def test_parallel_tools_in_a_stream(client, model):
    with client.chat.completions.stream(
            model=model, messages=[user(script.TWO_TOOLS)], tools=TOOLS) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_completion()
    assert kinds.count("tool_calls.function.arguments.done") == 2
    assert kinds.count("tool_calls.function.arguments.delta") >= 2
    assert final.choices[0].finish_reason == "tool_calls"
    check(final.choices[0].message.tool_calls)
    follow_up(client, model, final.choices[0].message)


def check(calls):
    told = [(call.function.name, json.loads(call.function.arguments)) for call in calls]
    assert told == list(script.CALLS)
    assert len({call.id for call in calls}) == 2


def follow_up(client, model, message):
    # The SDK's sums of streams have members that only say that there is nothing.
    turn = {name: value for name, value in message.to_dict().items() if value is not None}
    for call in turn["tool_calls"]:
        for note in ("parsed_arguments", "parsed"):
            call["function"].pop(note, None)
        call.pop("index", None)
    results = [{"role": "tool", "tool_call_id": call.id, "content": "fine"}
               for call in message.tool_calls]
    reply = client.chat.completions.create(
        model=model, tools=TOOLS, messages=[user(script.TWO_TOOLS), turn, *results])
    assert reply.choices[0].message.content in (script.AFTER_TOOLS, "Echo: ")


def test_a_call_that_is_forced(client, model):
    reply = client.chat.completions.create(
        model=model, messages=[user("@sandbox{tool=get_time}")], tools=TOOLS,
        tool_choice={"type": "function", "function": {"name": "get_time"}})
    assert reply.choices[0].message.tool_calls[0].function.name == "get_time"


def test_one_call_at_a_time(client, model, stage):
    def ask():
        return client.chat.completions.create(
            model=model, messages=[user("@sandbox{tool}")], tools=TOOLS,
            parallel_tool_calls=False)
    if model in ("deepseek-chat", "gemini-2.5-flash"):
        with pytest.raises(openai.BadRequestError) as refusal:
            ask()
        assert "parallel" in str(refusal.value) or "several tools" in str(refusal.value)
        return
    assert len(ask().choices[0].message.tool_calls) == 1
    assert "parallel" in stage.last_request()["body"]


def test_structured_output(client, model):
    reply = client.chat.completions.parse(
        model=model, messages=[user("Hi")], response_format=Echo)
    assert reply.choices[0].message.parsed == Echo(echo="Hi")
    with client.chat.completions.stream(
            model=model, messages=[user("Hi")], response_format=Echo) as stream:
        final = stream.get_final_completion()
    assert final.choices[0].message.parsed == Echo(echo="Hi")


def test_json_without_a_schema(client, model):
    def ask():
        return client.chat.completions.create(
            model=model, messages=[user("JSON, please")], response_format={"type": "json_object"})
    if model == "claude-haiku-4-5":
        with pytest.raises(openai.BadRequestError) as refusal:
            ask()
        assert refusal.value.param == "response_format"
        return
    assert json.loads(ask().choices[0].message.content) == {"echo": "JSON, please"}


def test_an_image(client, model):
    url = "data:image/png;base64," + base64.b64encode(png()).decode()
    def ask():
        return client.chat.completions.create(model=model, messages=[user([
            {"type": "text", "text": "What is it?"},
            {"type": "image_url", "image_url": {"url": url}}])])
    if model == "deepseek-chat":
        with pytest.raises(openai.BadRequestError):
            ask()
        return
    reply = ask()
    assert reply.choices[0].message.content == "Echo: What is it?"
    assert reply.usage.prompt_tokens == 256 + 3 + 3


def test_stop_sequences(client, model, stage):
    reply = client.chat.completions.create(
        model=model, messages=[user(script.COUNT)], stop=[" four"])
    assert reply.choices[0].message.content == "one two three"
    assert reply.choices[0].finish_reason == "stop"
    assert '" four"' in stage.last_request()["body"]


def test_thoughts(client, model, stage):
    reply = client.chat.completions.create(
        model=model, messages=[user(script.WHY)], reasoning_effort="low",
        max_completion_tokens=4096)
    message = reply.choices[0].message
    assert message.content == "Short waves scatter most."
    assert reply.usage.completion_tokens == 25
    if model == "gpt-4o-mini":
        return
    assert reply.usage.completion_tokens_details.reasoning_tokens == 10
    assert message.reasoning_content == "Rayleigh, I think."
    client.chat.completions.create(
        model=model, reasoning_effort="low", max_completion_tokens=4096,
        messages=[user(script.WHY), message.to_dict(), user("And at dusk?")])
    has_proof = script.PROOF in stage.last_request()["body"]
    assert has_proof == (model in ("claude-haiku-4-5", "gemini-2.5-flash"))


def test_thoughts_in_a_stream(client, model):
    chunks = list(client.chat.completions.create(
        model=model, messages=[user(script.WHY)], stream=True, max_completion_tokens=4096))
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    assert "".join(delta.content or "" for delta in deltas) == "Short waves scatter most."
    thoughts = "".join(getattr(delta, "reasoning_content", None) or "" for delta in deltas)
    assert thoughts == ("" if model == "gpt-4o-mini" else "Rayleigh, I think.")


def test_several_choices(client, model):
    def ask():
        return client.chat.completions.create(model=model, messages=[user("Twice")], n=2)
    if model != "gpt-4o-mini":
        with pytest.raises(openai.BadRequestError):
            ask()
        return
    assert [choice.message.content for choice in ask().choices] == ["Echo: Twice"] * 2


def test_the_headers(client, model):
    raw = client.chat.completions.with_raw_response.create(
        model=model, messages=[user("What did it cost?")])
    assert raw.parse().choices[0].message.content == "Echo: What did it cost?"
    assert float(raw.headers["x-weir-cost-usd"]) > 0
    assert raw.headers["x-weir-model"] == model and raw.headers["x-weir-attempts"] == "1"
    assert raw.headers["x-request-id"].startswith("req_")


def test_models(client, stage):
    names = {one.id for one in client.models.list()}
    assert {"gpt-4o-mini", "claude-haiku-4-5", "deepseek-chat", "gemini-2.5-flash"} <= names
    assert client.models.retrieve("claude-haiku-4-5").owned_by == "anthropic"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("no-such-model")
