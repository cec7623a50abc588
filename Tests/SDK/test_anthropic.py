"""anthropic's messages against models of all providers."""
import base64

import anthropic
import pydantic
import pytest

import script
from sdklab import OWN, png


@pytest.fixture
def client(stage, how):
    return stage.client("anthropic", how)


class Echo(pydantic.BaseModel):
    echo: str


def tool(name, argument):
    return {"name": name, "description": f"Does {name}", "input_schema": {
        "type": "object", "properties": {argument: {"type": "string"}}, "required": [argument]}}


TOOLS = [tool("get_weather", "city"), tool("get_time", "zone")]


def user(content):
    return {"role": "user", "content": content}


def test_an_answer(client, model):
    reply = client.messages.create(
        model=model, max_tokens=50, system="Be brief.", messages=[user("Hello there")],
        extra_body={"temperature": 0.5})
    assert [block.type for block in reply.content] == ["text"]
    assert reply.content[0].text == "Echo: Hello there"
    assert reply.stop_reason == "end_turn" and reply.stop_sequence is None
    assert reply.usage.input_tokens in (3 + 3 + 3, 3 + 3 + 6)
    assert reply.usage.output_tokens == 5
    assert reply.model == model and reply.role == "assistant" and reply.id


def test_the_cap_is_kept(client, model):
    reply = client.messages.create(
        model=model, max_tokens=3, messages=[user("A rather long text to be told again")])
    assert reply.stop_reason == "max_tokens" and reply.usage.output_tokens == 3


def test_a_raw_stream(client, model):
    events = list(client.messages.create(
        model=model, max_tokens=50, messages=[user("One two three four five")], stream=True))
    kinds = [event.type for event in events]
    assert kinds[0] == "message_start" and kinds[-2:] == ["message_delta", "message_stop"]
    text = "".join(event.delta.text for event in events if event.type == "content_block_delta")
    assert text == "Echo: One two three four five"
    assert kinds.count("content_block_start") == kinds.count("content_block_stop") == 1
    assert events[-2].delta.stop_reason == "end_turn"
    assert events[-2].usage.output_tokens == 8


def test_the_streams_helper(client, model):
    with client.messages.stream(
            model=model, max_tokens=50, messages=[user("One two three four five")]) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert text == final.content[0].text == "Echo: One two three four five"
    assert final.stop_reason == "end_turn" and final.usage.output_tokens == 8
    assert final.usage.input_tokens == 6 + 3


def test_parallel_tools_and_their_results(client, model):
    reply = client.messages.create(
        model=model, max_tokens=500, messages=[user(script.TWO_TOOLS)], tools=TOOLS,
        tool_choice={"type": "auto"})
    assert reply.stop_reason == "tool_use"
    follow_up(client, model, reply)


def test_parallel_tools_in_a_stream(client, model):
    with client.messages.stream(
            model=model, max_tokens=500, messages=[user(script.TWO_TOOLS)],
            tools=TOOLS) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_message()
    assert kinds.count("input_json") >= 2
    assert final.stop_reason == "tool_use"
    follow_up(client, model, final)


def follow_up(client, model, message):
    calls = [block for block in message.content if block.type == "tool_use"]
    assert [(call.name, call.input) for call in calls] == list(script.CALLS)
    assert len({call.id for call in calls}) == 2
    results = [{"type": "tool_result", "tool_use_id": call.id, "content": "fine"}
               for call in calls]
    reply = client.messages.create(
        model=model, max_tokens=500, tools=TOOLS, messages=[
            user(script.TWO_TOOLS), {"role": "assistant", "content": message.content},
            user(results)])
    assert reply.content[0].text in (script.AFTER_TOOLS, "Echo: ")


def test_a_call_that_is_forced(client, model):
    reply = client.messages.create(
        model=model, max_tokens=500, messages=[user("@sandbox{tool=get_time}")], tools=TOOLS,
        tool_choice={"type": "tool", "name": "get_time"})
    assert reply.content[-1].name == "get_time" and "echo" in reply.content[-1].input


def test_structured_output(client, model):
    def ask():
        return client.messages.parse(
            model=model, max_tokens=50, messages=[user("Hi")], output_format=Echo)
    if model == "deepseek-chat":
        with pytest.raises(anthropic.BadRequestError):
            ask()
        return
    assert ask().parsed_output == Echo(echo="Hi")
    with client.messages.stream(
            model=model, max_tokens=50, messages=[user("Hi")], output_format=Echo) as stream:
        assert stream.get_final_message().parsed_output == Echo(echo="Hi")


def test_an_image(client, model):
    source = {"type": "base64", "media_type": "image/png",
              "data": base64.b64encode(png()).decode()}
    def ask():
        return client.messages.create(model=model, max_tokens=50, messages=[user([
            {"type": "image", "source": source}, {"type": "text", "text": "What is it?"}])])
    if model == "deepseek-chat":
        with pytest.raises(anthropic.BadRequestError):
            ask()
        return
    reply = ask()
    assert reply.content[0].text == "Echo: What is it?"
    assert reply.usage.input_tokens == 256 + 3 + 3


def test_stop_sequences(client, model, stage):
    reply = client.messages.create(
        model=model, max_tokens=50, messages=[user(script.COUNT)], stop_sequences=[" four"])
    assert reply.content[0].text == "one two three"
    if model == "claude-haiku-4-5":
        assert reply.stop_reason == "stop_sequence" and reply.stop_sequence == " four"
    else:
        assert reply.stop_reason == "end_turn"
    assert '" four"' in stage.last_request()["body"]


def thinking(model):
    return {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 4096}


def test_thoughts_and_their_proof(client, model, stage):
    reply = client.messages.create(
        model=model, messages=[user(script.WHY)], **thinking(model))
    check_thoughts(client, model, stage, reply)


def test_thoughts_in_a_stream(client, model, stage):
    with client.messages.stream(
            model=model, messages=[user(script.WHY)], **thinking(model)) as stream:
        final = stream.get_final_message()
    check_thoughts(client, model, stage, final)


def check_thoughts(client, model, stage, reply):
    assert reply.content[-1].text == "Short waves scatter most."
    assert reply.usage.output_tokens == 25
    thoughts = "".join(block.thinking for block in reply.content if block.type == "thinking")
    assert thoughts == ("" if model == "gpt-4o-mini" else "Rayleigh, I think.")
    again = client.messages.create(model=model, messages=[
        user(script.WHY), {"role": "assistant", "content": reply.content}, user("And at dusk?")],
        **thinking(model))
    assert again.content[-1].text == "Echo: And at dusk?"
    has_proof = script.PROOF in stage.last_request()["body"]
    assert has_proof == (model in ("claude-haiku-4-5", "gemini-2.5-flash"))


def test_a_beta(client, model, stage):
    reply = client.beta.messages.create(
        model=model, max_tokens=50, messages=[user("Something new")],
        betas=["context-1m-2025-08-07"])
    assert reply.content[0].text == "Echo: Something new"
    sent = dict(stage.last_request()["headers"])
    expected = "context-1m-2025-08-07" if model in OWN["anthropic"] else None
    assert sent.get("anthropic-beta") == expected


def test_counting_tokens(client, model):
    def count():
        return client.messages.count_tokens(model=model, messages=[user("How many?")])
    if model in OWN["openai"]:
        with pytest.raises(anthropic.BadRequestError):
            count()
        return
    assert count().input_tokens == 3 + 3


def test_the_headers(client, model):
    raw = client.messages.with_raw_response.create(
        model=model, max_tokens=50, messages=[user("What did it cost?")])
    assert raw.parse().content[0].text == "Echo: What did it cost?"
    assert float(raw.headers["x-weir-cost-usd"]) > 0
    assert raw.headers["x-weir-model"] == model
    assert raw.headers["request-id"].startswith("req_")


def test_models(client):
    names = {one.id for one in client.models.list()}
    assert {"gpt-4o-mini", "claude-haiku-4-5", "deepseek-chat", "gemini-2.5-flash"} <= names
    assert client.models.retrieve("claude-haiku-4-5").display_name == "claude-haiku-4-5"
    with pytest.raises(anthropic.NotFoundError):
        client.models.retrieve("no-such-model")
