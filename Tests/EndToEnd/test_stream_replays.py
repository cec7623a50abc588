"""Streams and their keys: given again byte for byte, never made twice; answers from the cache."""
import pytest

from streamlab import CALM, PROVIDERS, ask, audited, first_token, rows_of, wait_until

SETTINGS = CALM + """
cache: { features: { faq: 60s } }
"""


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    with audited(tmp_path_factory.mktemp("replays"), SETTINGS) as parts:
        yield parts


def count(sandbox):
    return len(sandbox.truth())


def keyed(weir, key, name, text, **more):
    return ask(weir, key, text, headers={"idempotency-key": name}, **more)


def test_a_finished_stream_is_given_again(stage):
    sandbox, weir, key = stage
    for model in PROVIDERS.values():
        first = keyed(weir, key, f"again-{model}", "@sandbox{drip_ms=5} hello", model=model)
        first.finish()
        sent = count(sandbox)
        again = keyed(weir, key, f"again-{model}", "@sandbox{drip_ms=5} hello", model=model)
        again.finish()
        assert again.raw == first.raw and again.is_complete
        assert again.headers["idempotent-replayed"] == "true"
        assert again.headers["content-type"] == first.headers["content-type"]
        assert "idempotent-replayed" not in first.headers and count(sandbox) == sent
        [row] = rows_of(weir, again.request_id)
        assert (row["kind"], row["cost_nanos"]) == ("replay", 0)
    other = keyed(weir, key, f"again-{model}", "another prompt", model=model)
    assert (other.status, other.whole.json["error"]) == (422, "idempotency_mismatch")
    whole = keyed(weir, key, f"again-{model}", "@sandbox{drip_ms=5} hello", model=model,
                  stream=False)
    assert whole.status == 422, "a stream is no answer to a call that wants none"


def test_a_stream_in_flight_has_its_key(stage):
    sandbox, weir, key = stage
    first = keyed(weir, key, "in-flight", "@sandbox{drip_ms=60} one two three")
    first_token(first)
    second = keyed(weir, key, "in-flight", "@sandbox{drip_ms=60} one two three")
    assert (second.status, second.whole.json["error"]) == (409, "idempotency_in_progress")
    assert "retry-after" in second.headers
    first.leave()
    # The call goes on without its client; who comes again gets what it missed.
    third = wait_until(
        lambda: settled(weir, key, "in-flight", "@sandbox{drip_ms=60} one two three"))
    assert third.is_complete and third.headers["idempotent-replayed"] == "true"
    assert third.text == "Echo: @sandbox{drip_ms=60} one two three"
    calls = weir.rows(f"request_id = '{first.request_id}' OR request_id = '{third.request_id}'")
    assert [row["kind"] for row in calls] == ["call", "replay"]


def settled(weir, key, name, text):
    stream = keyed(weir, key, name, text).finish()
    return None if stream.status == 409 else stream


def test_a_cut_stream_keeps_its_error(stage):
    sandbox, weir, key = stage
    first = keyed(weir, key, "cut", "@sandbox{error_event=5} hello").finish()
    assert first.error == "provider_unavailable" and not first.is_complete
    sent = count(sandbox)
    for _ in range(2):
        again = keyed(weir, key, "cut", "@sandbox{error_event=5} hello").finish()
        assert again.whole.json["error"] == first.error and again.status == 503, again.whole
        assert again.headers["x-should-retry"] == "false"
        assert again.headers["idempotent-replayed"] == "true"
    assert count(sandbox) == sent


def test_what_cost_nothing_frees_its_key(stage):
    sandbox, weir, key = stage
    assert keyed(weir, key, "free", "@sandbox{status=503} hello").status == 503
    sent = count(sandbox)
    assert keyed(weir, key, "free", "@sandbox{status=503} hello").status == 503
    assert count(sandbox) == sent + 1
    assert keyed(weir, key, "free", "hello").finish().is_complete


def test_a_stream_too_long_to_keep_is_never_made_twice(stage):
    sandbox, weir, key = stage
    text = "@sandbox{big=2,output_tokens=60}"
    first = keyed(weir, key, "long", text, model="gpt-4o-mini", timeout=30).finish()
    assert first.is_complete and len(first.text) == 2 << 20
    sent = count(sandbox)
    again = keyed(weir, key, "long", text, model="gpt-4o-mini").finish()
    assert (again.status, again.whole.json["error"]) == (409, "conflict")
    assert again.headers["x-should-retry"] == "false" and count(sandbox) == sent


def test_a_feature_that_keeps_answers(stage):
    sandbox, weir, key = stage
    weir.put_tenant(43, budget_usd=10)
    other = weir.make_key((43,))

    def call(who, tenant=42, feature="faq", **more):
        return ask(weir, who, "a frequent question", tenant_id=tenant, feature_slug=feature,
                   **more).finish()

    first, sent = call(key), count(sandbox)
    again = call(key)
    assert again.raw.split(b"event: done")[0] == first.raw.split(b"event: done")[0]
    assert again.done == first.done | {"cost_usd": 0, "request_id": again.request_id}
    assert first.done["cost_usd"] > 0 and first.done["request_id"] == first.request_id
    assert again.headers["x-weir-cache"] == "hit"
    assert count(sandbox) == sent and "x-weir-cache" not in first.headers
    [row] = rows_of(weir, again.request_id)
    assert (row["kind"], row["cost_nanos"], row["state"]) == ("cache", 0, "settled")
    for miss in [lambda: call(other, 43), lambda: call(key, feature="sales"),
                 lambda: call(key, max_tokens=65), lambda: call(key, stream=False),
                 lambda: call(key, model="gpt-4o-mini")]:
        before, stream = count(sandbox), miss()
        assert stream.status == 200 and "x-weir-cache" not in stream.headers
        assert count(sandbox) == before + 1
    cut = ask(weir, key, "@sandbox{no_end} x", feature_slug="faq").finish()
    assert cut.error
    assert ask(weir, key, "@sandbox{no_end} x", feature_slug="faq").finish().error, "it was kept"


def test_a_cached_answer_is_this_calls_own(stage):
    """Its body says this call's request and that it cost nothing; a replay's stays as it was."""
    sandbox, weir, key = stage
    text = 'Zürich 日本 🦆 "cost_usd": 1, \\ \u2028 event: done\ndata: {"request_id": "x"}'

    def call(name):
        return ask(weir, key, text, feature_slug="faq", stream=False, max_tokens=200,
                   headers={"idempotency-key": name}).whole

    first, cached, replayed = call("cache-1"), call("cache-2"), call("cache-1")
    assert first.json["content"] == "Echo: " + text and first.json["cost_usd"] > 0
    assert cached.headers["x-weir-cache"] == "hit" and cached.headers["x-weir-cost-usd"] == "0"
    own = {"cost_usd": 0, "request_id": cached.headers["x-request-id"]}
    assert cached.json == first.json | own and own["request_id"] != first.json["request_id"]
    assert replayed.headers["idempotent-replayed"] == "true" and replayed.body == first.body
    assert [rows_of(weir, reply.headers["x-request-id"])[0]["kind"]
            for reply in (first, cached, replayed)] == ["call", "cache", "replay"]
    whole = ask(weir, key, text, feature_slug="faq", max_tokens=200).finish()
    again = ask(weir, key, text, feature_slug="faq", max_tokens=200).finish()
    assert again.text == whole.text == "Echo: " + text
    assert again.done == whole.done | {"cost_usd": 0, "request_id": again.request_id}
