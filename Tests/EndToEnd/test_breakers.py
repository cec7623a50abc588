"""Breakers keep calls away from who fails; and what a crash between two attempts leaves."""
import contextlib
import http.client
import threading
import time

from streamlab import ask, check_truth, first_token, rows_of, wait_until
from test_failover import BOTH, COOL_DOWN, SETTINGS, breaker, call, calm, events, misbehave, stage

__all__ = ["calm", "stage"]


def test_a_breaker_opens_half_opens_and_closes(stage):
    sandbox, weir, key = stage
    opened, closed = len(events(weir, "BreakerOpened")), len(events(weir, "BreakerClosed"))
    misbehave(sandbox, "openai", "status=502")
    for _ in range(4):
        assert call(stage, "gpt-4o-mini").status == 502
    assert breaker(weir, "openai", "gpt-4o-mini")["breaker"] == "open"
    assert len(events(weir, "BreakerOpened")) == opened + 1
    refused = call(stage, "gpt-4o-mini")
    assert (refused.status, refused.whole.json["error"]) == (503, "provider_unavailable")
    assert "retry-after" in refused.headers and rows_of(weir, refused.request_id) == []
    # Meanwhile others are asked at once, and the first attempt is theirs.
    reply = call(stage)
    assert reply.headers["x-weir-provider"] == "deepseek"
    assert reply.headers["x-weir-attempts"] == "1"
    time.sleep(COOL_DOWN)
    # The probe fails, and it is open again.
    assert call(stage, "gpt-4o-mini").status == 502
    assert breaker(weir, "openai", "gpt-4o-mini")["breaker"] == "open"
    assert call(stage, "gpt-4o-mini").status == 503
    sandbox.request("DELETE", "/_sandbox/behaviour")
    time.sleep(COOL_DOWN)
    assert breaker(weir, "openai", "gpt-4o-mini")["breaker"] in ("open", "half_open")
    assert call(stage, "gpt-4o-mini").is_complete
    wait_until(lambda: call(stage, "gpt-4o-mini").is_complete
               and breaker(weir, "openai", "gpt-4o-mini")["breaker"] == "closed")
    assert len(events(weir, "BreakerClosed")) == closed + 1
    audit = [entry["action"] for entry in weir.api("GET", "/admin/audit?limit=100").json["entries"]]
    assert "breaker.open" in audit and "breaker.closed" in audit
    assert weir.api("GET", "/admin/audit/verify").json["sound"]


def test_only_one_probe_goes_out(stage):
    """While it is on its way the others are kept away."""
    sandbox, weir, key = stage
    misbehave(sandbox, "openai", "status=502", count=4)
    for _ in range(4):
        call(stage, "gpt-4o-mini")
    time.sleep(COOL_DOWN)
    misbehave(sandbox, "openai", "latency_ms=1500", count=1)
    sent, replies = len(sandbox.truth()), []
    threads = [threading.Thread(target=lambda: replies.append(call(stage, "gpt-4o-mini")))
               for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(reply.status for reply in replies) == [200] + [503] * 7
    assert len(sandbox.truth()) == sent + 1


def test_streams_that_break_open_the_breaker_too(stage):
    """What counts is how a stream ends, not that it began."""
    sandbox, weir, key = stage
    misbehave(sandbox, "openai", "no_end")
    for number in range(4):
        assert breaker(weir, "openai", "gpt-4o-mini")["failures_in_row"] == number
        assert call(stage, "gpt-4o-mini").error
    assert breaker(weir, "openai", "gpt-4o-mini")["breaker"] == "open"
    assert call(stage).headers["x-weir-provider"] == "deepseek"


def test_a_streamed_probe_closes_the_breaker_with_its_first_token(stage):
    sandbox, weir, key = stage
    misbehave(sandbox, "openai", "status=502", count=4)
    for _ in range(4):
        call(stage, "gpt-4o-mini")
    time.sleep(COOL_DOWN)
    misbehave(sandbox, "openai", "drip_ms=100", count=1)
    probe = ask(weir, key, "one two three four five six", "gpt-4o-mini")
    first_token(probe)
    assert breaker(weir, "openai", "gpt-4o-mini")["breaker"] == "closed"
    assert call(stage, "gpt-4o-mini").is_complete and not probe.is_complete
    assert probe.finish().is_complete


def test_the_callers_mistakes_open_none(stage):
    sandbox, weir, key = stage
    misbehave(sandbox, "openai", "status=400")
    for _ in range(8):
        assert call(stage, "gpt-4o-mini").status == 400
    assert breaker(weir, "openai", "gpt-4o-mini")["breaker"] == "closed"


@BOTH
def test_a_key_whose_first_attempt_was_paid_is_not_executed_again(lab, stream):
    """kill -9 while the second attempt is on its way."""
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox, SETTINGS)
    weir.put_tenant(42)
    key = weir.make_key()
    misbehave(sandbox, "openai", "status=502")
    misbehave(sandbox, "deepseek", "latency_ms=900")

    def go(seconds=60):
        with contextlib.suppress(OSError, http.client.HTTPException):
            return ask(weir, key, "once", "duo", stream=stream, timeout=seconds,
                       headers={"idempotency-key": "once"}).finish()

    thread = threading.Thread(target=go)
    thread.start()
    wait_until(lambda: weir.rows())
    time.sleep(0.1)
    weir.kill()
    thread.join()
    weir.start()
    rows = weir.rows()
    assert [(row["attempt_no"], row["basis"]) for row in rows] == [
        (1, "worst_case"), (2, "worst_case")]
    assert len({row["request_id"] for row in rows}) == 1
    sandbox.request("DELETE", "/_sandbox/behaviour")
    again = go()
    assert again.status >= 500 and again.headers["idempotent-replayed"] == "true", again.whole
    assert again.headers["x-should-retry"] == "false"
    assert [row["kind"] for row in weir.rows()] == ["call", "call", "replay"]
    check_truth(weir, sandbox)


def test_a_key_whose_attempts_cost_nothing_is_free_after_a_crash(lab):
    """kill -9 in the wait before the second attempt: nothing is open, and nothing was paid."""
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox, SETTINGS.replace("retry_base: 10ms", "retry_base: 1s"))
    weir.put_tenant(42)
    key = weir.make_key()
    misbehave(sandbox, "openai", "status=429,retry_after=1", count=1)

    def go():
        with contextlib.suppress(OSError, http.client.HTTPException):
            return ask(weir, key, "once", "gpt-4o-mini",
                       headers={"idempotency-key": "free"}).finish()

    thread = threading.Thread(target=go)
    thread.start()
    wait_until(lambda: weir.rows())
    weir.kill()
    thread.join()
    assert [row["basis"] for row in weir.rows()] == ["none"]
    weir.start()
    again = go()
    assert again.status == 200 and again.is_complete, again.whole
    assert [row["basis"] for row in weir.rows()] == ["none", "reported"]
    check_truth(weir, sandbox)


def test_a_key_is_held_over_all_attempts(lab):
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox, SETTINGS)
    weir.put_tenant(42)
    key = weir.make_key()
    misbehave(sandbox, "openai", "status=502")
    misbehave(sandbox, "deepseek", "drip_ms=60")
    head = {"idempotency-key": "one"}
    first = ask(weir, key, "one two three four", "duo", headers=head)
    first_token(first)
    second = ask(weir, key, "one two three four", "duo", headers=head)
    assert (second.status, second.whole.json["error"]) == (409, "idempotency_in_progress")
    assert first.finish().is_complete
    third = ask(weir, key, "one two three four", "duo", headers=head).finish()
    assert third.raw == first.raw and third.headers["idempotent-replayed"] == "true"
    assert [row["kind"] for row in weir.rows()] == ["call", "call", "replay"]
