"""Other providers take over where one fails, each attempt with its own row."""
import contextlib
import json
import sqlite3
import time

import pytest

from streamlab import (PROVIDERS, ask, check_at_rest, check_truth, held, rows_of, start)

# haiku is dear, the others are cheap; every name has its own breakers by provider and model.
SETTINGS = """
models:
  duo: { provider: openai, model: gpt-4o-mini, fallbacks: [deepseek-chat, gemini-2.5-flash] }
  dear: { provider: openai, model: gpt-4o-mini, fallbacks: [claude-haiku-4-5] }
  spread:
    targets:
      - { provider: openai, model: gpt-4o-mini, weight: 3 }
      - { provider: deepseek, model: deepseek-chat, weight: 1 }
routing:
  { attempts: 3, retries: 1, retry_base: 10ms, retry_cap: 1s, breaker: { failures: 4,
    minimum_calls: 100000, cool_down: 1500ms, longest_cool_down: 1500ms, slow_start: 0s } }
streams: { first_token: 2s, between_tokens: 2s, total: 10s, drain: 1s }
limits: { call_timeout: 2s }
"""
# Until an open breaker lets a probe go, in seconds: a little more than it is configured to be.
COOL_DOWN = 1.6


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    sandbox, weir, key = start(tmp_path_factory.mktemp("failover"), SETTINGS)
    yield sandbox, weir, key
    check_at_rest(weir)
    check_truth(weir, sandbox)
    weir.stop()
    sandbox.stop()


@pytest.fixture(autouse=True)
def calm(request):
    """Well-behaved providers and closed breakers before each test."""
    if "stage" in request.fixturenames:
        sandbox, weir, key = request.getfixturevalue("stage")
        sandbox.request("DELETE", "/_sandbox/behaviour")
        for provider, model in PROVIDERS.items():
            if breaker(weir, provider, model)["breaker"] != "closed":
                time.sleep(COOL_DOWN)
            assert weir.complete(key, "calm?", model=model).status == 200


def misbehave(sandbox, provider, behaviour, count=None):
    reply = sandbox.request("PUT", "/_sandbox/behaviour", {
        "provider": provider, "count": count, "behaviour": behaviour})
    assert reply.status == 200, reply


def call(stage, model="duo", stream=True, **more):
    sandbox, weir, key = stage
    return ask(weir, key, "a question", model, stream=stream, **more).finish()


def attempts(weir, stream):
    """The rows of one call, whose numbers are dense from 1."""
    rows = rows_of(weir, stream.request_id)
    assert [row["attempt_no"] for row in rows] == list(range(1, len(rows) + 1))
    return rows


def events(weir, kind):
    with contextlib.closing(sqlite3.connect(f"file:{weir.database}?mode=ro", uri=True)) as base:
        return [json.loads(payload) for payload, in base.execute(
            "SELECT payload FROM events WHERE type = ? ORDER BY seq", (kind,))]


def breaker(weir, provider, model):
    for entry in weir.api("GET", "/admin/providers").json["providers"]:
        for found in entry["traffic"]["models"]:
            if (entry["provider"], found["model"]) == (provider, model):
                return found
    return {"breaker": "closed", "failures_in_row": 0}


BOTH = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
# What is not repeated on its own route, and what the failed attempt costs.
ELSEWHERE = [("status=401", "none"), ("status=502", "worst_case"), ("reset", "worst_case"),
             ("hang", "worst_case"), ("garbage=html", "worst_case"), ("status=403", "none"),
             ("status=429,retry_after=60", "none"),
             ("status=503,retry_after=60,retry_after_date", "none")]


@BOTH
@pytest.mark.parametrize("behaviour, basis", ELSEWHERE, ids=[row[0] for row in ELSEWHERE])
def test_the_next_provider_answers(stage, behaviour, basis, stream):
    sandbox, weir, key = stage
    misbehave(sandbox, "openai", behaviour)
    reply = call(stage, stream=stream)
    assert reply.status == 200 and reply.error is None
    rows = attempts(weir, reply)
    assert [row["provider"] for row in rows] == ["openai", "deepseek"]
    assert [row["basis"] for row in rows] == [basis, "reported"]
    assert [row["model"] for row in rows] == ["duo", "duo"]
    assert [row["upstream_model"] for row in rows] == ["gpt-4o-mini", "deepseek-chat"]
    assert reply.headers["x-weir-attempts"] == "2"
    assert reply.headers["x-weir-provider"] == "deepseek"
    assert reply.headers["x-weir-model"] == "deepseek-chat"
    envelope = reply.done if stream else reply.whole.json
    assert abs(envelope["cost_usd"] - rows[1]["cost_nanos"] / 1e9) < 1e-6
    if behaviour == "reset":
        switch = events(weir, "ProviderSwitched")[-1]
        assert (switch["from_provider"], switch["to_provider"]) == ("openai", "deepseek"), switch
        audit = weir.api("GET", "/admin/audit?limit=50").json["entries"]
        [entry] = [entry for entry in audit if entry["action"] == "provider.switch"
                   and entry["subject"] == reply.request_id]
        assert entry["details"]["from_provider"] == "openai"
        assert entry["details"]["to_provider"] == "deepseek"


@BOTH
def test_one_more_try_on_the_same_route(stage, stream):
    sandbox, weir, key = stage
    for behaviour in ["status=500", "status=503", "status=529", "status=429"]:
        misbehave(sandbox, "openai", behaviour, count=1)
        reply = call(stage, stream=stream)
        rows = attempts(weir, reply)
        assert [(row["provider"], row["basis"]) for row in rows] == [
            ("openai", "none"), ("openai", "reported")], behaviour
        assert reply.headers["x-weir-attempts"] == "2"


def test_retry_after_is_waited_for_where_it_is_short(stage):
    sandbox, weir, key = stage
    misbehave(sandbox, "anthropic", "status=429,retry_after=1", count=1)
    start = time.monotonic()
    reply = call(stage, model="claude-haiku-4-5")
    assert reply.status == 200 and time.monotonic() - start >= 1
    assert [row["basis"] for row in attempts(weir, reply)] == ["none", "reported"]
    misbehave(sandbox, "anthropic", "status=429,retry_after=2", count=1)
    reply = call(stage, model="claude-haiku-4-5")
    assert (reply.status, reply.headers["retry-after"]) == (503, "2"), "longer than retry_cap"
    assert len(attempts(weir, reply)) == 1


@BOTH
@pytest.mark.parametrize("model", PROVIDERS.values())
def test_a_date_to_come_back_on_is_waited_for_where_it_is_near(stage, model, stream):
    """A date has whole seconds: what is left of the last one may be gone when it is read."""
    sandbox, weir, _ = stage
    [provider] = [name for name, own in PROVIDERS.items() if own == model]
    misbehave(sandbox, provider, "status=429,retry_after=0,retry_after_date", count=1)
    near = call(stage, model=model, stream=stream)
    assert near.status == 200
    assert [row["basis"] for row in attempts(weir, near)] == ["none", "reported"]
    misbehave(sandbox, provider, "status=429,retry_after=30,retry_after_date", count=1)
    far = call(stage, model=model, stream=stream)
    assert far.status == 503 and far.headers["retry-after"] in ("29", "30")
    assert len(attempts(weir, far)) == 1, "longer than retry_cap"


def test_all_fail_and_the_last_one_is_heard_of(stage):
    sandbox, weir, key = stage
    for provider in ["openai", "deepseek", "gemini"]:
        misbehave(sandbox, provider, "status=502")
    reply = call(stage)
    assert (reply.status, reply.whole.json["error"]) == (502, "provider_error")
    rows = attempts(weir, reply)
    assert [row["provider"] for row in rows] == ["openai", "deepseek", "gemini"]
    assert all(row["cost_nanos"] == row["held_nanos"] > 0 for row in rows), "each its own W"


@BOTH
def test_the_callers_mistake_is_tried_once(stage, stream):
    sandbox, weir, key = stage
    for status in (400, 404, 413, 422):
        misbehave(sandbox, "openai", f"status={status}")
        reply = call(stage, stream=stream)
        assert (reply.status, reply.whole.json["error"]) == (400, "invalid_request")
        assert len(attempts(weir, reply)) == 1
        sandbox.request("DELETE", "/_sandbox/behaviour")


def test_behind_the_first_byte_nobody_takes_over(stage):
    sandbox, weir, key = stage
    for behaviour in ["break_after=4", "error_event=4", "no_end"]:
        misbehave(sandbox, "openai", behaviour)
        reply = call(stage)
        assert reply.error and reply.text.startswith("Echo:") and not reply.is_complete
        assert [row["status"] for row in attempts(weir, reply)] == ["stream_cut"]
        sandbox.request("DELETE", "/_sandbox/behaviour")


def test_a_stream_that_fails_before_its_first_token_is_taken_over(stage):
    sandbox, weir, key = stage
    for behaviour in ["break_after=1", "error_event=1", "hang_after_headers", "garbage=text"]:
        misbehave(sandbox, "openai", behaviour)
        reply = call(stage)
        assert reply.is_complete and reply.headers["x-weir-provider"] == "deepseek", behaviour
        assert len(attempts(weir, reply)) == 2
        sandbox.request("DELETE", "/_sandbox/behaviour")
        time.sleep(COOL_DOWN)


def test_a_402_is_never_tried_again(stage):
    sandbox, weir, key = stage
    weir.put_tenant(8, budget_usd=0.0001)
    poor, sent = weir.make_key((8,)), len(sandbox.truth())
    for stream in (False, True):
        reply = ask(weir, poor, "hello", "duo", stream=stream, max_tokens=5000, tenant_id=8)
        assert (reply.status, reply.whole.json["error"]) == (402, "ai_budget_exceeded")
        assert reply.headers["x-should-retry"] == "false"
    assert len(sandbox.truth()) == sent and weir.rows("tenant_id = 8") == []


def test_a_dearer_fallback_that_the_budget_cannot_carry_is_left_out(stage):
    sandbox, weir, key = stage
    weir.put_tenant(9, budget_usd=0.0008)
    tight = weir.make_key((9,))
    misbehave(sandbox, "openai", "status=401")
    reply = ask(weir, tight, "hello", "dear", max_tokens=1000, tenant_id=9).finish()
    assert (reply.status, reply.whole.json["error"]) == (502, "provider_error"), "not the budget"
    assert [row["provider"] for row in attempts(weir, reply)] == ["openai"]
    assert held(weir, 9) == 0


def test_calls_are_spread_by_weight(stage):
    sandbox, weir, key = stage
    providers = [call(stage, "spread", stream=False).headers["x-weir-provider"]
                 for _ in range(80)]
    assert 6 <= providers.count("deepseek") <= 36, "a quarter of 80, give or take four deviations"
    assert set(providers) == {"openai", "deepseek"}
    misbehave(sandbox, "openai", "status=401")
    for _ in range(4):
        assert call(stage, "spread").headers["x-weir-provider"] == "deepseek"


def test_what_an_operator_stopped_is_left_out(stage):
    sandbox, weir, key = stage

    def switch(target, engaged):
        assert weir.api("PUT", "/admin/kill-switches",
                        {"target": target, "engaged": engaged}).status == 200

    switch("provider:openai", True)
    try:
        assert call(stage).headers["x-weir-provider"] == "deepseek"
        refused = call(stage, "gpt-4o-mini")
        assert (refused.status, refused.whole.json["error"]) == (403, "ai_kill_switch")
        switch("model:deepseek-chat", True)
        assert call(stage).headers["x-weir-provider"] == "gemini"
    finally:
        switch("provider:openai", False)
        switch("model:deepseek-chat", False)


def test_a_tenant_that_may_not_call_a_model_does_not_get_it_by_fallback(stage):
    """The list names what callers may ask for; an operator's fallbacks are part of that name."""
    sandbox, weir, key = stage
    weir.put_tenant(10, models=["duo"])
    own = weir.make_key((10,))
    assert ask(weir, own, "x", "deepseek-chat", tenant_id=10).status == 403
    misbehave(sandbox, "openai", "status=401")
    assert ask(weir, own, "x", "duo", tenant_id=10).finish().is_complete
