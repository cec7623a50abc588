"""What Weir sends to each provider, and what it charges for every kind of token."""
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
    import json
    sandbox, weir, key = stage
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hé \"1\"\n"},
                {"role": "assistant", "content": "one"}, {"role": "user", "content": "日本"}]
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
    assert wanted.get(model, "authorization") in headers
    assert "wk_" not in str(headers)


def test_the_cap_is_the_models_own_where_that_is_smaller(stage):
    import json
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
    if written and not model.startswith("claude"):
        pytest.skip("this provider reports no cache writes in this form")
    text = (f"@sandbox{{input_tokens=1000,output_tokens=100,cached_tokens={cached},"
            f"cache_write_tokens={written},reasoning_tokens={reasoning}}} x")
    reply = weir.complete(key, text, model=model, max_tokens=400)
    assert reply.status == 200, reply
    price_in, price_out = NANOS[model]
    row = weir.rows()[-1]
    assert (row["input_tokens"], row["output_tokens"], row["cache_read_tokens"]) == (
        1000, 100, cached)
    assert row["cache_write_5m_tokens"] == written
    # Five-minute cache writes of the one provider that has them cost 1.00 USD a million here.
    assert row["cost_nanos"] == ((1000 - cached - written) * price_in + written * 1000
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
    put("t.2", "2999-01-01", "50")
    assert weir.complete(key, text, model="own/own-2", max_tokens=10).status == 200
    row = weir.rows()[-1]
    assert row["cost_nanos"] == 1000 * 5000 + 10 * 100 and row["price_version"] == "t.1"
    put("t.3", "2020-01-01", "7")
    assert weir.complete(key, text, model="own/own-2", max_tokens=10).status == 200
    assert [r["cost_nanos"] for r in weir.rows()[-2:]] == [5_001_000, 7_001_000]
