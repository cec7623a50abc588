"""What Weir sends to each provider, and what it charges for every kind of token."""
import datetime
import json

import pytest

from weirlab import CACHED_NANOS, NANOS, Sandbox, Weir

EXTRA = """
  own: { kind: openai-compatible, api_key: own-key, base_url: "%s/compatible/v1" }
models:
  fast: { provider: openai, model: gpt-4o-mini }
"""
OWN = """  - { provider: own, model: own-1, input: "2", output: "3", max_output_tokens: 50 }
"""
MODELS = sorted(NANOS) + ["own-1"]
BASE = {"claude-haiku-4-5": "/anthropic/v1/messages", "deepseek-chat": "/deepseek/chat/completions",
        "gemini-2.5-flash": "/gemini/v1beta/models/gemini-2.5-flash:generateContent",
        "gpt-4o-mini": "/openai/v1/chat/completions", "own-1": "/compatible/v1/chat/completions"}


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    folder = tmp_path_factory.mktemp("providers")
    sandbox = Sandbox(folder).start()
    weir = Weir(folder, sandbox)
    prices = folder / "prices.yaml"
    prices.write_text(prices.read_text() + OWN)
    text = weir.config.read_text()
    weir.config.write_text(text.replace(
        "prices: {", EXTRA.lstrip("\n") % f"http://127.0.0.1:{sandbox.port}" + "prices: {"))
    weir.start()
    weir.put_tenant(42, budget_usd=1000)
    yield sandbox, weir, weir.make_key()
    weir.stop()
    sandbox.stop()


def last_request(sandbox):
    requests = sandbox.request("GET", "/_sandbox/requests?last=20").json
    return [request for request in requests if request["method"] == "POST"][-1]


def shape(model, body):
    """System, messages, cap, temperature, stop out of a provider's own form."""
    if model.startswith("claude"):
        return (body["system"], [(m["role"], m["content"]) for m in body["messages"]],
                body["max_tokens"], body["temperature"], body["stop_sequences"])
    if model.startswith("gemini"):
        options = body["generationConfig"]
        return (body["systemInstruction"]["parts"][0]["text"],
                [("assistant" if c["role"] == "model" else "user", c["parts"][0]["text"])
                 for c in body["contents"]],
                options["maxOutputTokens"], options["temperature"], options["stopSequences"])
    system, *messages = body["messages"]
    cap = "max_completion_tokens" if model == "gpt-4o-mini" else "max_tokens"
    assert system["role"] in ("system", "developer")
    return (system["content"], [(m["role"], m["content"]) for m in messages], body[cap],
            body["temperature"], body["stop"])


@pytest.mark.parametrize("model", MODELS)
def test_a_request_arrives_in_the_providers_own_form(stage, model):
    sandbox, weir, key = stage
    messages = [{"role": "system", "content": "Be brief."},
                {"role": "user", "content": "Hé \"1\"\n"}, {"role": "assistant", "content": "one"},
                {"role": "user", "content": "日本"}]
    reply = weir.api("POST", "/ai/complete", {
        "tenant_id": 42, "model": model, "messages": messages, "max_tokens": 33,
        "temperature": 0.25, "stop": ["END"]}, key)
    assert reply.status == 200, reply
    seen = last_request(sandbox)
    body = seen["body"] if isinstance(seen["body"], dict) else json.loads(seen["body"])
    assert seen["path"] == BASE[model]
    assert shape(model, body) == (
        "Be brief.", [("user", "Hé \"1\"\n"), ("assistant", "one"), ("user", "日本")], 33, 0.25,
        ["END"])
    headers = {name.lower(): value for name, value in dict(seen["headers"]).items()}
    assert headers["x-client-request-id"] == reply.json["request_id"] + ".1"
    wanted = {"claude-haiku-4-5": "x-api-key", "gemini-2.5-flash": "x-goog-api-key"}
    # The sandbox keeps the first four characters of a credential.
    name = wanted.get(model, "authorization")
    credentials = {"claude-haiku-4-5": "sk-a", "gemini-2.5-flash": "AIza", "own-1": "Bearer own-"}
    assert headers[name] == credentials.get(model, "Bearer sk-t")
    assert {"authorization", "x-api-key", "x-goog-api-key"} & set(headers) == {name}
    assert "wk_" not in str(headers)


@pytest.mark.parametrize("model", MODELS)
def test_top_p_and_a_single_stop_sequence_arrive(stage, model):
    """Without a temperature: some models refuse both together."""
    sandbox, weir, key = stage
    reply = weir.complete(key, "x", model=model, top_p=0.5, stop="END", system_prompt="Be brief.")
    assert reply.status == 200, reply
    body = json.loads(last_request(sandbox)["body"])
    options = body.get("generationConfig", body)
    assert options.get("topP", options.get("top_p")) == 0.5 and "temperature" not in options
    names = {"claude-haiku-4-5": "stop_sequences", "gemini-2.5-flash": "stopSequences"}
    assert options[names.get(model, "stop")] == ["END"]


def cap_of(model, body):
    names = {"gemini-2.5-flash": "maxOutputTokens", "gpt-4o-mini": "max_completion_tokens"}
    return body.get("generationConfig", body)[names.get(model, "max_tokens")]


@pytest.mark.parametrize("model, largest", [
    ("claude-haiku-4-5", 64_000), ("deepseek-chat", 8_192), ("gemini-2.5-flash", 65_536),
    ("gpt-4o-mini", 16_384), ("own-1", 50)])
def test_a_cap_is_always_sent_and_never_above_the_models(stage, model, largest):
    sandbox, weir, key = stage
    for given, wanted in [({}, min(1024, largest)), ({"max_tokens": 1_000_000}, largest)]:
        assert weir.complete(key, "hi", model=model, **given).status == 200
        assert cap_of(model, json.loads(last_request(sandbox)["body"])) == wanted


@pytest.mark.parametrize("model", MODELS)
def test_an_answer_that_reached_its_cap_is_given_and_charged(stage, model):
    sandbox, weir, key = stage
    reply = weir.complete(key, "word " * 100, model=model, max_tokens=7)
    assert reply.status == 200 and reply.json["output_tokens"] == 7, reply
    assert reply.json["content"] == ("Echo: " + "word " * 100)[:28]
    row, price_out = weir.rows()[-1], dict(NANOS, **{"own-1": (2000, 3000)})[model]
    assert row["cost_nanos"] == row["input_tokens"] * price_out[0] + 7 * price_out[1]


@pytest.mark.parametrize("model", MODELS)
def test_an_answer_that_only_calls_a_tool_is_empty_and_charged(stage, model):
    sandbox, weir, key = stage
    reply = weir.complete(key, "@sandbox{tool=lookup} x", model=model)
    assert reply.status == 200 and reply.json["content"] == "", reply
    row = weir.rows()[-1]
    assert row["output_tokens"] == sandbox.truth()[-1]["output_tokens"]
    assert row["basis"] == "reported" and row["cost_nanos"] > 0 and row["status"] == "ok"


def test_the_cap_is_the_models_own_where_that_is_smaller(stage):
    sandbox, weir, key = stage
    assert weir.complete(key, "word " * 300, model="own-1", max_tokens=400).status == 200
    seen = last_request(sandbox)["body"]
    body = seen if isinstance(seen, dict) else json.loads(seen)
    assert body["max_tokens"] == 50
    assert weir.rows()[-1]["output_tokens"] == 50


@pytest.mark.parametrize("model", sorted(NANOS))
@pytest.mark.parametrize("cached, written, reasoning", [(0, 0, 0), (600, 0, 0), (0, 300, 0),
                                                        (200, 100, 0), (0, 0, 40), (1000, 0, 90)])
def test_every_kind_of_token_is_priced(stage, model, cached, written, reasoning):
    sandbox, weir, key = stage
    if written and model.startswith(("gemini", "deepseek")):
        pytest.skip("this provider reports no cache writes")
    text = (f"@sandbox{{input_tokens=1000,output_tokens=100,cached_tokens={cached},"
            f"cache_write_tokens={written},reasoning_tokens={reasoning}}} x")
    reply = weir.complete(key, text, model=model, max_tokens=400)
    assert reply.status == 200, reply
    price_in, price_out = NANOS[model]
    row = weir.rows()[-1]
    assert (row["input_tokens"], row["output_tokens"], row["cache_read_tokens"]) == (
        1000, 100, cached)
    assert row["cache_write_5m_tokens"] == written
    assert row["reasoning_tokens"] == reasoning
    # Writes without a rate of their own cost what other input does.
    write = 1000 if model.startswith("claude") else price_in
    assert row["cost_nanos"] == ((1000 - cached - written) * price_in + written * write
                                 + cached * CACHED_NANOS[model] + 100 * price_out)
    assert row["basis"] == "reported"


def test_names_resolve_or_are_refused(stage):
    sandbox, weir, key = stage
    assert weir.complete(key, "x", model="fast").status == 200
    assert weir.rows()[-1]["upstream_model"] == "gpt-4o-mini" and weir.rows()[-1]["model"] == "fast"
    assert weir.complete(key, "x", model="own/own-1").status == 200
    sent = len(sandbox.truth())
    for model, code in [("no-such-model", "unknown_model"), ("own/other", "unpriced_model")]:
        reply = weir.complete(key, "x", model=model)
        assert (reply.status, reply.json["error"], reply.json["param"]) == (400, code, "model")
    assert len(sandbox.truth()) == sent


def test_prices_put_by_api_count_from_their_day(stage):
    sandbox, weir, key = stage
    text = "@sandbox{input_tokens=1000,output_tokens=10} x"

    def put(version, day, rate):
        price = {"provider": "own", "model": "own-2", "input": rate, "output": "0.1"}
        if day:
            price["effective_from"] = day
        reply = weir.api("PUT", "/admin/prices", {"version": version, "prices": [price]})
        assert reply.status == 200, reply

    assert weir.complete(key, text, model="own/own-2").status == 400
    put("t.1", None, "5")
    today = datetime.datetime.now(datetime.timezone.utc).date()
    put("t.2", str(today + datetime.timedelta(days=2)), "50")       # safe at midnight
    assert weir.complete(key, text, model="own/own-2", max_tokens=10).status == 200
    row = weir.rows()[-1]
    assert row["cost_nanos"] == 1000 * 5000 + 10 * 100 and row["price_version"] == "t.1"
    put("t.3", "2020-01-01", "7")
    assert weir.complete(key, text, model="own/own-2", max_tokens=10).status == 200
    assert [r["cost_nanos"] for r in weir.rows()[-2:]] == [5_001_000, 7_001_000]
