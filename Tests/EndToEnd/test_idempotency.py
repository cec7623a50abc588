"""One key, one execution, one charge."""
import concurrent.futures
import http.client
import json
import time

from streamlab import in_flight, wait_until


def keyed(weir, key, text, name, **more):
    return weir.complete(key, text, headers={"idempotency-key": name}, **more)


def test_a_retry_gets_the_same_answer_at_no_cost(running):
    sandbox, weir, key = running
    first = keyed(weir, key, "hello", "k1")
    again = keyed(weir, key, "hello", "k1")
    assert first.status == again.status == 200 and first.body == again.body
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    rows = weir.rows()
    assert [row["kind"] for row in rows] == ["call", "replay"] and rows[1]["cost_nanos"] == 0
    assert len(sandbox.truth()) == 1


def test_the_answer_survives_a_crash(running):
    sandbox, weir, key = running
    first = keyed(weir, key, "hello", "k1")
    weir.kill()
    weir.start()
    assert keyed(weir, key, "hello", "k1").body == first.body
    assert len(sandbox.truth()) == 1


def test_another_body_under_the_same_key_is_refused(running):
    sandbox, weir, key = running
    keyed(weir, key, "hello", "k1")
    reply = keyed(weir, key, "hello!", "k1")
    assert (reply.status, reply.json["error"]) == (422, "idempotency_mismatch")
    # Members in another order are the same request.
    body = {"user_message": "hello", "model": "gpt-4o-mini", "tenant_id": 42}
    assert weir.api("POST", "/ai/complete", body, key, idempotency_key="k1").status == 200


def test_keys_of_tenants_are_apart(lab):
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox)
    weir.put_tenant(42)
    weir.put_tenant(43)
    key = weir.make_key([42, 43])
    one = keyed(weir, key, "hello", "k1", tenant=42)
    two = keyed(weir, key, "hello", "k1", tenant=43)
    assert one.json["request_id"] != two.json["request_id"] and len(sandbox.truth()) == 2


def test_many_at_once_are_executed_once(running):
    sandbox, weir, key = running
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        replies = list(pool.map(
            lambda _: keyed(weir, key, "@sandbox{latency_ms=300} hello", "k1"), range(32)))
    assert len(sandbox.truth()) == 1
    assert {reply.status for reply in replies} <= {200, 409}
    for reply in replies:
        if reply.status == 409:
            assert reply.json["error"] == "idempotency_in_progress"
            assert "retry-after" in reply.headers
    assert sum(row["kind"] == "call" for row in weir.rows()) == 1
    assert weir.budget()["scopes"][0]["held_usd"] == 0


def test_what_was_not_executed_frees_its_key(running):
    sandbox, weir, key = running
    sandbox.request("PUT", "/_sandbox/behaviour",
                    {"provider": "openai", "count": 1, "behaviour": {"status": 503}})
    assert keyed(weir, key, "hello", "k1").status == 503
    assert keyed(weir, key, "hello", "k1").status == 200
    weir.put_tenant(42, budget_usd=0)
    assert keyed(weir, key, "hello", "k2").status == 402
    weir.put_tenant(42, budget_usd=10)
    assert keyed(weir, key, "hello", "k2").status == 200


def test_an_unknown_outcome_keeps_its_error_and_is_never_sent_again(running):
    sandbox, weir, key = running
    first = keyed(weir, key, "@sandbox{reset} hello", "k1")
    again = keyed(weir, key, "@sandbox{reset} hello", "k1")
    assert first.status == again.status == 502 and first.body == again.body
    assert len(sandbox.truth()) == 1


def test_bad_keys_are_refused(running):
    sandbox, weir, key = running
    for name in ["", " ", "a b", "x" * 256, "caf\xe9"]:
        reply = keyed(weir, key, "hello", name)
        assert reply.status == 400 and reply.json["param"] == "Idempotency-Key", (name, reply)
    assert keyed(weir, key, "hello", "x" * 255).status == 200


def test_a_client_that_leaves_finds_its_answer_later(running):
    sandbox, weir, key = running
    body = {"tenant_id": 42, "model": "gpt-4o-mini",
            "user_message": "@sandbox{latency_ms=2000} hello"}
    connection = http.client.HTTPConnection("127.0.0.1", weir.port)
    connection.request("POST", "/ai/complete", json.dumps(body), {
        "authorization": f"Bearer {key}", "content-type": "application/json",
        "idempotency-key": "left"})
    wait_until(lambda: in_flight(weir) == 1)
    connection.close()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        reply = weir.api("POST", "/ai/complete", body, key, idempotency_key="left")
        if reply.status != 409:
            break
        time.sleep(0.05)
    assert reply.status == 200 and reply.headers["idempotent-replayed"] == "true"
    assert len(sandbox.truth()) == 1
    assert [row["basis"] for row in weir.rows() if row["kind"] == "call"] == ["reported"]
