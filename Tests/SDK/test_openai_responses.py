"""openai's responses against models of all providers."""
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
    return {"type": "function", "name": name, "description": f"Does {name}", "strict": True,
            "parameters": {"type": "object", "properties": {argument: {"type": "string"}},
                           "required": [argument], "additionalProperties": False}}


TOOLS = [tool("get_weather", "city"), tool("get_time", "zone")]


def user(content):
    return {"role": "user", "content": content}


def test_an_answer(client, model):
    reply = client.responses.create(
        model=model, instructions="Be brief.", input="Hello there", max_output_tokens=50,
        temperature=0.5, store=False)
    assert reply.output_text == "Echo: Hello there"
    assert reply.status == "completed" and reply.error is None
    assert reply.usage.input_tokens in (3 + 3 + 3, 3 + 3 + 6)
    assert reply.usage.output_tokens == 5
    assert reply.usage.total_tokens == reply.usage.input_tokens + 5
    assert reply.model == model and reply.object == "response" and reply.id


def test_the_cap_is_kept(client, model):
    reply = client.responses.create(
        model=model, input=" ".join(["word"] * 60), max_output_tokens=16)
    assert reply.status == "incomplete"
    assert reply.incomplete_details.reason == "max_output_tokens"
    assert reply.usage.output_tokens == 16


def test_a_raw_stream(client, model):
    events = list(client.responses.create(
        model=model, input="One two three four five", stream=True))
    kinds = [event.type for event in events]
    assert kinds[0] == "response.created" and kinds[-1] == "response.completed"
    assert [event.sequence_number for event in events] == list(range(len(events)))
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert text == events[-1].response.output_text == "Echo: One two three four five"
    assert events[-1].response.usage.output_tokens == 8
    for begun, ended in [("output_item.added", "output_item.done"),
                         ("content_part.added", "content_part.done")]:
        assert kinds.count(f"response.{begun}") == kinds.count(f"response.{ended}") == 1


def test_a_cut_stream_is_incomplete(client, model):
    events = list(client.responses.create(
        model=model, input=" ".join(["word"] * 60), max_output_tokens=16, stream=True))
    assert events[-1].type == "response.incomplete"
    assert events[-1].response.incomplete_details.reason == "max_output_tokens"
    assert events[-1].response.usage.output_tokens == 16


def test_the_streams_helper(client, model):
    with client.responses.stream(model=model, input="One two three four five") as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_response()
    assert {"response.output_text.delta", "response.output_text.done"} <= kinds
    assert final.output_text == "Echo: One two three four five"
    assert final.usage.output_tokens == 8


def test_parallel_tools_and_their_results(client, model):
    reply = client.responses.create(
        model=model, input=[user(script.TWO_TOOLS)], tools=TOOLS, tool_choice="auto")
    follow_up(client, model, reply)


def test_parallel_tools_in_a_stream(client, model):
    with client.responses.stream(
            model=model, input=[user(script.TWO_TOOLS)], tools=TOOLS) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_response()
    assert kinds.count("response.function_call_arguments.done") == 2
    assert kinds.count("response.function_call_arguments.delta") >= 2
    follow_up(client, model, final)


def follow_up(client, model, response):
    calls = [item for item in response.output if item.type == "function_call"]
    assert [(call.name, json.loads(call.arguments)) for call in calls] == list(script.CALLS)
    assert len({call.call_id for call in calls}) == 2
    turn = [item.to_dict() for item in response.output]
    for item in turn:
        item.pop("parsed_arguments", None)
    results = [{"type": "function_call_output", "call_id": call.call_id, "output": "fine"}
               for call in calls]
    reply = client.responses.create(
        model=model, tools=TOOLS, input=[user(script.TWO_TOOLS), *turn, *results])
    assert reply.output_text in (script.AFTER_TOOLS, "Echo: ")


def test_a_call_that_is_forced(client, model):
    reply = client.responses.create(
        model=model, input="@sandbox{tool=get_time}", tools=TOOLS,
        tool_choice={"type": "function", "name": "get_time"})
    assert reply.output[-1].name == "get_time" and "echo" in reply.output[-1].arguments


def test_a_translated_answer_repeats_its_settings(client, model):
    if model.startswith(("gpt", "deepseek")):
        pytest.skip("passed through: what it repeats is the provider's")
    asked = {"instructions": "Be brief.", "max_output_tokens": 50, "temperature": 0.5,
             "tools": TOOLS, "tool_choice": "auto", "parallel_tool_calls": True,
             "metadata": {"a": "b"}, "user": "u"}
    with client.responses.stream(model=model, input="Hi", **asked) as stream:
        streamed = stream.get_final_response()
    for reply in [client.responses.create(model=model, input="Hi", **asked), streamed]:
        said = reply.to_dict()
        assert {name: said[name] for name in asked} == asked


def test_structured_output(client, model):
    reply = client.responses.parse(model=model, input="Hi", text_format=Echo)
    assert reply.output_parsed == Echo(echo="Hi")
    with client.responses.stream(model=model, input="Hi", text_format=Echo) as stream:
        assert stream.get_final_response().output_parsed == Echo(echo="Hi")


def test_an_image(client, model):
    url = "data:image/png;base64," + base64.b64encode(png()).decode()
    reply = client.responses.create(model=model, input=[user([
        {"type": "input_text", "text": "What is it?"},
        {"type": "input_image", "image_url": url, "detail": "auto"}])])
    assert reply.output_text == "Echo: What is it?"
    assert reply.usage.input_tokens == 256 + 3 + 3


def test_thoughts_and_their_proof(client, model, stage):
    reply = client.responses.create(
        model=model, input=script.WHY, max_output_tokens=4096,
        reasoning={"effort": "low", "summary": "auto"}, include=["reasoning.encrypted_content"])
    check_thoughts(client, model, stage, reply)


def test_thoughts_in_a_stream(client, model, stage):
    with client.responses.stream(
            model=model, input=script.WHY, max_output_tokens=4096,
            reasoning={"effort": "low", "summary": "auto"},
            include=["reasoning.encrypted_content"]) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_response()
    assert "response.reasoning_summary_text.delta" in kinds or (
        "response.reasoning_text.delta" in kinds)
    check_thoughts(client, model, stage, final)


def check_thoughts(client, model, stage, reply):
    assert reply.output_text == "Short waves scatter most."
    assert reply.usage.output_tokens_details.reasoning_tokens == 10
    items = [item for item in reply.output if item.type == "reasoning"]
    told = "".join(part.text for item in items for part in [*item.summary, *(item.content or [])])
    assert told == "Rayleigh, I think."
    turn = [item.to_dict() for item in reply.output]
    for item in turn:
        for part in item.get("content") or []:
            part.pop("parsed", None)
    again = client.responses.create(
        model=model, max_output_tokens=4096, reasoning={"effort": "low"},
        input=[user(script.WHY), *turn, user("And at dusk?")])
    assert again.output_text == "Echo: And at dusk?"
    assert script.PROOF in stage.last_request()["body"]


def test_what_only_openai_keeps_is_refused(client, model):
    for field, more in [("previous_response_id", {"previous_response_id": "resp_1"}),
                        ("background", {"background": True})]:
        with pytest.raises(openai.BadRequestError) as refusal:
            client.responses.create(model=model, input="Hi", **more)
        assert refusal.value.param == field


def test_the_headers(client, model):
    raw = client.responses.with_raw_response.create(model=model, input="What did it cost?")
    assert raw.parse().output_text == "Echo: What did it cost?"
    assert float(raw.headers["x-weir-cost-usd"]) > 0
    assert raw.headers["x-weir-model"] == model
