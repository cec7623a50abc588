"""google-genai against models of all providers."""
import pydantic
import pytest
from google.genai import types

import script
from sdklab import OWN, png


@pytest.fixture
def client(stage, how):
    return stage.client("gemini", how)


class Echo(pydantic.BaseModel):
    echo: str


def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"Sunny in {city}"


def get_time(zone: str) -> str:
    """The time in a zone."""
    return f"Noon in {zone}"


def declarations():
    def one(name, argument):
        return types.FunctionDeclaration(
            name=name, description=f"Does {name}", parameters_json_schema={
                "type": "object", "properties": {argument: {"type": "string"}},
                "required": [argument]})
    return [types.Tool(function_declarations=[one("get_weather", "city"),
                                              one("get_time", "zone")])]


def test_an_answer(client, model):
    reply = client.models.generate_content(
        model=model, contents="Hello there",
        config={"system_instruction": "Be brief.", "max_output_tokens": 50, "temperature": 0.5})
    assert reply.text == "Echo: Hello there"
    assert reply.candidates[0].finish_reason == "STOP"
    usage = reply.usage_metadata
    # The system prompt, the message, and 3 a message; DeepSeek and OpenAI have it as a message.
    assert usage.prompt_token_count in (3 + 3 + 3, 3 + 3 + 6)
    assert usage.candidates_token_count == 5
    assert usage.total_token_count == usage.prompt_token_count + 5
    assert reply.model_version == model and reply.response_id


def test_the_cap_is_kept(client, model):
    reply = client.models.generate_content(
        model=model, contents="A rather long text to be told again",
        config={"max_output_tokens": 3})
    assert reply.candidates[0].finish_reason == "MAX_TOKENS"
    assert reply.usage_metadata.candidates_token_count == 3


def test_a_stream(client, model):
    chunks = list(client.models.generate_content_stream(
        model=model, contents="One two three four five six seven"))
    assert "".join(chunk.text or "" for chunk in chunks) == (
        "Echo: One two three four five six seven")
    assert len(chunks) > 3
    assert chunks[-1].candidates[0].finish_reason == "STOP"
    assert chunks[-1].usage_metadata.candidates_token_count == 10


def test_a_chat_remembers(client, model, stage):
    chat = client.chats.create(model=model)
    assert chat.send_message("First").text == "Echo: First"
    said = "".join(chunk.text or "" for chunk in chat.send_message_stream("Second one"))
    assert said == "Echo: Second one"
    # The SDK keeps a turn for each chunk, and sends them all.
    assert chat.send_message("Third").text == "Echo: Third"
    body = stage.last_request()["body"]
    assert all(text in body for text in ("Echo: First", "Second one", "Third"))


def test_parallel_tools_and_their_results(client, model):
    config = {"tools": declarations(), "tool_config": {
        "function_calling_config": {"mode": "AUTO"}}}
    question = types.Content(role="user", parts=[types.Part(text=script.TWO_TOOLS)])
    reply = client.models.generate_content(model=model, contents=[question], config=config)
    assert [(call.name, call.args) for call in reply.function_calls] == list(script.CALLS)
    follow_up(client, model, config, question, reply.candidates[0].content, reply.function_calls)


def test_parallel_tools_in_a_stream(client, model):
    config = {"tools": declarations()}
    question = types.Content(role="user", parts=[types.Part(text=script.TWO_TOOLS)])
    chunks = list(client.models.generate_content_stream(
        model=model, contents=[question], config=config))
    parts = [part for chunk in chunks for candidate in chunk.candidates or []
             for part in (candidate.content.parts if candidate.content else None) or []]
    calls = [part.function_call for part in parts if part.function_call]
    assert [(call.name, call.args) for call in calls] == list(script.CALLS)
    follow_up(client, model, config, question, types.Content(role="model", parts=parts), calls)


def follow_up(client, model, config, question, turn, calls):
    results = [types.Part(function_response=types.FunctionResponse(
        id=call.id, name=call.name, response={"result": "fine"})) for call in calls]
    reply = client.models.generate_content(
        model=model, config=config,
        contents=[question, turn, types.Content(role="user", parts=results)])
    assert reply.text in (script.AFTER_TOOLS, "Echo: ")


def test_functions_called_by_the_sdk(client, model, stage):
    """The whole round by the SDK itself: it calls the functions and asks again."""
    reply = client.models.generate_content(
        model=model, contents=script.TWO_TOOLS, config={"tools": [get_weather, get_time]})
    assert reply.text in (script.AFTER_TOOLS, "Echo: ")
    body = stage.last_request()["body"]
    assert "Sunny in Kampala" in body and "Noon in Africa/Kampala" in body


def test_a_call_that_is_forced(client, model):
    reply = client.models.generate_content(
        model=model, contents="@sandbox{tool=get_time}", config={
            "tools": declarations(), "tool_config": {"function_calling_config": {
                "mode": "ANY", "allowed_function_names": ["get_time"]}}})
    assert reply.function_calls[0].name == "get_time"
    assert reply.function_calls[0].args["echo"].startswith("@sandbox")


def test_structured_output(client, model):
    config = {"response_mime_type": "application/json", "response_schema": Echo}
    if model == "deepseek-chat":
        with pytest.raises(Exception) as refusal:
            client.models.generate_content(model=model, contents="Hi", config=config)
        assert refusal.value.code == 400 and "response" in str(refusal.value)
        return
    reply = client.models.generate_content(model=model, contents="Hi", config=config)
    assert reply.parsed == Echo(echo="Hi")


def test_json_without_a_schema(client, model):
    config = {"response_mime_type": "application/json"}
    if model == "claude-haiku-4-5":
        with pytest.raises(Exception) as refusal:
            client.models.generate_content(model=model, contents="Hi", config=config)
        assert refusal.value.code == 400
        return
    reply = client.models.generate_content(model=model, contents="Hi", config=config)
    assert Echo.model_validate_json(reply.text) == Echo(echo="Hi")


def test_an_image(client, model):
    contents = ["What is it?", types.Part.from_bytes(data=png(), mime_type="image/png")]
    if model == "deepseek-chat":
        with pytest.raises(Exception) as refusal:
            client.models.generate_content(model=model, contents=contents)
        assert refusal.value.code == 400
        return
    reply = client.models.generate_content(model=model, contents=contents)
    assert reply.text == "Echo: What is it?"
    assert reply.usage_metadata.prompt_token_count == 256 + 3 + 3


def test_stop_sequences(client, model, stage):
    reply = client.models.generate_content(
        model=model, contents=script.COUNT, config={"stop_sequences": [" four"]})
    assert reply.text == "one two three"
    assert reply.candidates[0].finish_reason == "STOP"
    assert '" four"' in stage.last_request()["body"]


def test_thoughts_and_their_proof(client, model, stage):
    config = {"thinking_config": {"include_thoughts": True, "thinking_budget": 1024},
              "max_output_tokens": 4096}
    question = types.Content(role="user", parts=[types.Part(text=script.WHY)])
    reply = client.models.generate_content(model=model, contents=[question], config=config)
    turn = reply.candidates[0].content
    assert reply.text == "Short waves scatter most."
    assert reply.usage_metadata.thoughts_token_count == (
        10 if model != "gpt-4o-mini" else reply.usage_metadata.thoughts_token_count)
    if model != "gpt-4o-mini":
        assert [part.text for part in turn.parts if part.thought] == ["Rayleigh, I think."]
    reply = client.models.generate_content(
        model=model, config=config,
        contents=[question, turn,
                  types.Content(role="user", parts=[types.Part(text="And at dusk?")])])
    assert reply.text == "Echo: And at dusk?"
    has_proof = script.PROOF in stage.last_request()["body"]
    assert has_proof == (model in ("claude-haiku-4-5", "gemini-2.5-flash"))


def test_thoughts_in_a_stream(client, model):
    chunks = list(client.models.generate_content_stream(
        model=model, contents=script.WHY,
        config={"thinking_config": {"include_thoughts": True}, "max_output_tokens": 4096}))
    parts = [part for chunk in chunks for part in chunk.candidates[0].content.parts or []]
    assert "".join(part.text or "" for part in parts if not part.thought) == (
        "Short waves scatter most.")
    if model != "gpt-4o-mini":
        assert "".join(part.text for part in parts if part.thought) == "Rayleigh, I think."


def test_counting_tokens(client, model):
    if model in OWN["openai"]:
        with pytest.raises(Exception) as refusal:
            client.models.count_tokens(model=model, contents="How many?")
        assert refusal.value.code == 400
        return
    assert client.models.count_tokens(model=model, contents="How many?").total_tokens == 3 + 3


def test_models(client):
    names = {one.name for one in client.models.list()}
    assert {"models/gpt-4o-mini", "models/claude-haiku-4-5", "models/deepseek-chat",
            "models/gemini-2.5-flash"} <= names
    one = client.models.get(model="gemini-2.5-flash")
    assert one.name == "models/gemini-2.5-flash" and one.input_token_limit == 1048576
