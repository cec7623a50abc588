"""Limits of every scope, and the wait for a scarce place: who is refused, at what cost."""
import concurrent.futures
import threading

import pytest

from streamlab import ask, check_at_rest, check_truth

SCOPES = {
    "users": {"user_id": 7}, "features": {"feature_slug": "summary"}, "keys": {},
}


def launch(lab, extra, *tenants, **sandbox):
    box = lab.sandbox(**sandbox)
    weir = lab.weir(box, extra)
    for tenant in tenants or (42,):
        weir.put_tenant(tenant)
    return box, weir, weir.make_key(tenants or (42,))


def requests(reply):
    return [reply.headers.get(f"x-ratelimit-{name}-requests") for name in ("limit", "remaining")]


def tokens(reply):
    return [reply.headers.get(f"x-ratelimit-{name}-tokens") for name in ("limit", "remaining")]


@pytest.mark.parametrize("scope", SCOPES)
def test_a_refusal_of_one_scope_costs_no_other_anything(lab, scope):
    own = f"{scope}: {{ per_minute: 1, burst: 1 }}"
    box, weir, key = launch(lab, f"limits: {{ ai: {{ per_minute: 1, burst: 9, {own} }} }}")
    narrow = SCOPES[scope]
    for left in "10":
        reply = weir.complete(key, "one", **narrow)
        assert reply.status == 200 and requests(reply) == ["2", left], reply
    budget = weir.budget()
    for _ in range(20):
        reply = weir.complete(key, "one", **narrow)
        assert reply.status == 429 and reply.json["error"] == "rate_limited", reply
        assert scope[:-1] in reply.json["message"] and requests(reply) == ["2", "0"]
    assert weir.budget() == budget and len(weir.rows()) == len(box.truth()) == 2
    other = weir.make_key() if scope == "keys" else key
    wide = {"user_id": 8, "feature_slug": "other"}
    statuses = [weir.complete(other, "one", **wide).status for _ in range(3)]
    assert statuses == [200, 200, 429]
    check_at_rest(weir)


def test_a_tier_has_its_own_figures(lab):
    _, weir, key = launch(
        lab, "limits: { ai: { per_minute: 1, burst: 0, tiers: { enterprise: { burst: 4 } } } }",
        42, 43)
    weir.put_tenant(43, tier="enterprise")
    assert [weir.complete(key, "one").status for _ in range(2)] == [200, 429]
    assert [weir.complete(key, "one", tenant=43).status for _ in range(6)] == [200] * 5 + [429]


def test_tokens_are_corrected_to_what_was_used(lab):
    _, weir, key = launch(lab, "limits: { ai: { per_minute: 0, tokens_per_minute: 3000 } }")
    left = 3000
    for _ in range(5):
        reply = weir.complete(key, "one two three", max_tokens=2000)
        assert reply.status == 200, reply
        limit, remaining = tokens(reply)
        assert limit == "3000" and 0 <= int(remaining) <= left - 2000
        assert requests(reply) == [None, None]
        # Told before the answer is known; what wasn't used is given back for the next call.
        left = 3000
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(weir.complete, key, "@sandbox{latency_ms=500} one", max_tokens=2000)
                 for _ in range(2)]
        assert sorted(call.result().status for call in calls) in ([200, 429], [200, 200])
    check_at_rest(weir)


def test_what_may_use_more_than_a_minutes_tokens_goes_when_nothing_else_has(lab):
    _, weir, key = launch(lab, "limits: { ai: { per_minute: 0, tokens_per_minute: 1000 } }")
    assert weir.complete(key, "one", max_tokens=5000).status == 200


def test_the_default_is_in_force_where_nothing_is_said(lab):
    _, weir, key = launch(lab, "# limits.ai: as it comes")
    reply = weir.complete(key, "one")
    assert requests(reply) == ["21", "20"], reply.headers


def test_a_stream_holds_its_place_in_flight_to_its_end(lab):
    _, weir, key = launch(lab, "limits: { ai: { per_minute: 0, concurrent: 1 } }")
    stream = ask(weir, key, "@sandbox{drip_ms=300} one two three four five six", "gpt-4o-mini",
                 "ai", stream=True)
    next(iter(stream))
    for _ in range(3):
        reply = weir.complete(key, "one")
        assert (reply.status, reply.headers["retry-after"]) == (429, "1"), reply
    stream.finish()
    assert weir.complete(key, "one").status == 200
    check_at_rest(weir)


@pytest.mark.parametrize("scarce", ["process", "provider"])
def test_calls_wait_for_a_scarce_place_and_a_noisy_tenant_delays_only_itself(lab, scarce):
    extra = "limits: { concurrent_calls: 2, queue: { wait: 30s, per_tenant: 40 } }"
    box, weir, key = launch(lab, extra if scarce == "process" else extra.replace("2,", "64,"),
                            42, 43)
    if scarce == "provider":
        weir.stop()
        text = weir.config.read_text()
        weir.config.write_text(text.replace("{ api_key:", "{ concurrency: 2, api_key:"))
        weir.start()
    order, lock = [], threading.Lock()

    def call(tenant):
        status = weir.complete(key, "@sandbox{latency_ms=250} one", tenant=tenant).status
        with lock:
            order.append((tenant, status))

    noisy = [threading.Thread(target=call, args=(42,)) for _ in range(30)]
    for thread in noisy:
        thread.start()
    while len(order) < 2:
        threading.Event().wait(0.01)
    quiet = threading.Thread(target=call, args=(43,))
    quiet.start()
    quiet.join()
    place = [tenant for tenant, _ in order].index(43)
    for thread in noisy:
        thread.join()
    # All were served; the quiet one went before most of those that had come before it.
    assert [status for _, status in order] == [200] * 31
    assert place < 20, order
    check_truth(weir, box)
    check_at_rest(weir)


def test_a_full_queue_refuses_at_no_cost(lab):
    box, weir, key = launch(
        lab, "limits: { concurrent_calls: 1, queue: { wait: 30s, per_tenant: 3 } }")
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        calls = [pool.submit(weir.complete, key, "@sandbox{latency_ms=500} one")
                 for _ in range(12)]
        replies = [call.result() for call in calls]
    refused = [reply for reply in replies if reply.status != 200]
    assert len(refused) >= 1 and all(
        (reply.status, reply.json["error"]) == (503, "overloaded")
        and 1 <= int(reply.headers["retry-after"]) <= 30 for reply in refused), replies
    assert len(weir.rows()) == len(box.truth()) == 12 - len(refused)
    check_truth(weir, box)
    check_at_rest(weir)
