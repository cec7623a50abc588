"""A job's end reaches its webhook: signed, at least once, and nobody whom it may not reach."""
import contextlib
import json
import sqlite3
import subprocess
import time

import pytest

from eventlab import Receiver, is_signed
from weirlab import ADMIN, BINARY

SECRET = "a_secret_of_the_webhooks_own_long_enough"
OWN = "the_secret_of_tenant_43_alone_long_enough"


def settings(port, more=""):
    return f"""
webhooks:
  hosts: [localhost, 127.0.0.1]
  secret: {SECRET}
  tenants: {{ 43: {OWN} }}
  allow_http: true
  allow_private: true
  ports: [{port}]
  retry_base: 50ms
  retry_cap: 200ms
  timeout: 2s
  {more}
"""


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.stop()


def plant(weir, url, number=1, tenant=42):
    """A delivery as a job's end leaves it, behind the server's back."""
    with contextlib.closing(sqlite3.connect(weir.database)) as base, base:
        body = json.dumps({"id": f"job_x-{number}", "event": "JobCompleted", "data": {}})
        base.execute(
            "INSERT INTO webhook_deliveries (delivery_id, tenant_id, url, body, created_at, state,"
            " moment, attempts) VALUES (?, ?, ?, ?, 0, 'waiting', 0, 0)",
            (f"job_x-{number}", tenant, url, body))


def deliveries(weir):
    with contextlib.closing(sqlite3.connect(f"file:{weir.database}?mode=ro", uri=True)) as base:
        return list(base.execute(
            "SELECT delivery_id, state, attempts, outcome FROM webhook_deliveries ORDER BY seq"))


def wait_for_state(weir, state, seconds=60):
    deadline = time.monotonic() + seconds
    while {row[1] for row in deliveries(weir)} != {state}:
        assert time.monotonic() < deadline, deliveries(weir)
        time.sleep(0.05)
    return deliveries(weir)


def test_what_is_told_is_signed_by_the_tenants_secret(lab, receiver):
    weir = lab.weir(lab.sandbox(), extra=settings(receiver.port))
    plant(weir, f"http://localhost:{receiver.port}/a?b=c", 1, 42)
    plant(weir, f"http://127.0.0.1:{receiver.port}/d", 2, 43)
    heard = sorted(receiver.wait(2))
    assert [path for path, _, _ in heard] == ["/a?b=c", "/d"]
    for (_, headers, body), secret, other in zip(heard, (SECRET, OWN), (OWN, SECRET)):
        headers = {name.lower(): value for name, value in headers.items()}
        assert is_signed(headers, body, secret) and not is_signed(headers, body, other)
        assert headers["weir-webhook-id"] == json.loads(body)["id"]
        assert headers["content-type"] == "application/json"
    assert [row[1:3] for row in wait_for_state(weir, "delivered")] == [("delivered", 1)] * 2


def test_what_isnt_taken_comes_again_under_the_same_id(lab, receiver):
    receiver.answers = [500, (429, {"retry-after": "1"}), (302, {"location": "http://127.0.0.1/"}),
                        200]
    weir = lab.weir(lab.sandbox(), extra=settings(receiver.port))
    plant(weir, f"http://localhost:{receiver.port}/")
    heard = receiver.wait(4)
    assert len({headers["weir-webhook-id"] for _, headers, _ in heard}) == 1
    assert len({body for _, _, body in heard}) == 1
    assert wait_for_state(weir, "delivered")[0][2] == 4


@pytest.mark.parametrize("answers, tries", [([410], 1), ([500] * 9, 3)])
def test_who_wont_hear_is_given_up(lab, receiver, answers, tries):
    receiver.answers = list(answers)
    weir = lab.weir(lab.sandbox(), extra=settings(receiver.port, "attempts: 3"))
    plant(weir, f"http://localhost:{receiver.port}/")
    assert wait_for_state(weir, "given_up")[0][2] == tries
    assert len(receiver.heard) == tries
    assert "job_x-1" in weir.log() and f"localhost:{receiver.port}" not in weir.log()


def test_a_server_that_is_killed_before_it_tells_tells_afterwards(lab, receiver):
    weir = lab.weir(lab.sandbox(), extra=settings(receiver.port))
    weir.kill()
    plant(weir, f"http://localhost:{receiver.port}/", 1)
    weir.start()
    receiver.wait(1)
    wait_for_state(weir, "delivered")
    assert [json.loads(body)["id"] for _, _, body in receiver.heard] == ["job_x-1"]


def test_a_secret_is_replaced_while_calls_run(lab, receiver):
    weir = lab.weir(lab.sandbox(), extra=settings(receiver.port))
    weir.put_tenant(42)
    key = weir.make_key()
    new, text = "another_secret_of_the_webhooks_own_long_enough", weir.config.read_text()

    def signed_by():
        receiver.heard.clear()
        assert job(weir, key, f"http://localhost:{receiver.port}/").status == 202
        [(_, headers, body)] = receiver.wait(1)
        headers = {name.lower(): value for name, value in headers.items()}
        return [is_signed(headers, body, secret) for secret in (SECRET, new)]
    assert signed_by() == [True, False]
    both = text.replace(f"secret: {SECRET}", f"secret: {new}\n  previous_secret: {SECRET}")
    for config, expected, applied in [
            (both, [True, True], ["webhooks.previous_secret", "webhooks.secret"]),
            (both.replace(f"  previous_secret: {SECRET}\n", ""), [False, True],
             ["webhooks.previous_secret"])]:
        weir.config.write_text(config)
        reply = weir.api("POST", "/admin/reload", {})
        assert reply.json == {"applied": applied, "needs_restart": []}, reply
        assert signed_by() == expected


def test_what_was_given_up_is_shown_and_sent_anew(lab, receiver):
    receiver.answers = [410, (500, {"retry-after": "3600"})]
    weir = lab.weir(lab.sandbox(), extra=settings(receiver.port).replace(
        "retry_cap: 200ms", "retry_cap: 1h"))
    plant(weir, f"http://localhost:{receiver.port}/token/abc", 1, 42)
    wait_for_state(weir, "given_up")
    plant(weir, f"http://127.0.0.1:{receiver.port}/token/abc", 2, 43)
    receiver.wait(2)
    until = time.monotonic() + 20
    while deliveries(weir)[1][2] == 0:
        assert time.monotonic() < until
        time.sleep(0.05)
    waiting, given_up = weir.api("GET", "/admin/webhooks").json["deliveries"]
    assert (given_up["id"], given_up["job_id"], given_up["tenant_id"]) == ("job_x-1", "job_x", 42)
    assert given_up["host"] == f"localhost:{receiver.port}" and given_up["attempts"] == 1
    assert given_up["last_outcome"].startswith("410") and given_up["next_attempt_at"] is None
    assert waiting["state"] == "waiting" and waiting["last_outcome"] == "500"
    assert waiting["next_attempt_at"] > waiting["created_at"] and waiting["given_up_at"] is None
    for query, ids in [("state=given_up", ["job_x-1"]), ("tenant_id=43", ["job_x-2"]),
                       ("tenant_id=44", []), ("limit=1", ["job_x-2"])]:
        page = weir.api("GET", f"/admin/webhooks?{query}").json
        assert [delivery["id"] for delivery in page["deliveries"]] == ids, query
        assert "token" not in json.dumps(page)
    assert weir.api("GET", "/admin/webhooks", key=weir.make_key([42], "tenant")).status == 403
    assert weir.api("POST", "/admin/webhooks/job_x-2/retry").status == 409
    assert weir.api("POST", "/admin/webhooks/job_x-9/retry").status == 404

    def command(*arguments):
        return subprocess.check_output(
            [BINARY, "webhooks", *arguments, "--url", f"http://127.0.0.1:{weir.port}", "--key",
             ADMIN], text=True, timeout=60)
    assert "job_x-1" in command("list", "--state", "given_up")
    assert "job_x-1 is waiting" in command("retry", "job_x-1")
    receiver.wait(3)
    until = time.monotonic() + 20
    while deliveries(weir)[0][1] != "delivered":
        assert time.monotonic() < until
        time.sleep(0.05)
    entry = next(entry for entry in weir.api("GET", "/admin/audit").json["entries"]
                 if entry["action"] == "webhook.retry")
    assert (entry["subject"], entry["tenant_id"]) == ("job_x-1", 42)
    assert len(weir.api("GET", "/admin/webhooks").json["deliveries"]) == 1


SECRETIVE = ["http://127.0.0.1:{port}/", "http://localhost:{port}/", "http://2130706433:{port}/",
             "http://0x7f000001:{port}/", "http://127.1:{port}/", "http://0177.0.0.1:{port}/",
             "http://[::1]:{port}/", "http://[::ffff:127.0.0.1]:{port}/",
             "http://[::ffff:169.254.169.254]:{port}/", "http://[64:ff9b::7f00:1]:{port}/",
             "http://user@127.0.0.1:{port}/", "http://127.0.0.1:{port}#@hooks.example/"]


def test_no_address_that_isnt_public_is_ever_dialled(lab, receiver):
    """Each one stands in the list of hosts, as far as it can: the address alone decides."""
    extra = settings(receiver.port, "attempts: 1").replace("allow_private: true", "") \
        .replace("[localhost, 127.0.0.1]",
                 '[localhost, 127.0.0.1, "::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", '
                 '"64:ff9b::7f00:1"]')
    weir = lab.weir(lab.sandbox(), extra=extra)
    for number, url in enumerate(SECRETIVE):
        plant(weir, url.format(port=receiver.port), number)
    rows = wait_for_state(weir, "given_up")
    assert len(rows) == len(SECRETIVE) and receiver.heard == []


def job(weir, key, url, text="hi", **more):
    return weir.api("POST", "/ai/jobs", {
        "tenant_id": 42, "model": "gpt-4o-mini", "user_message": text, "webhook_url": url, **more},
        key)


def test_an_address_that_may_not_be_told_is_refused_with_its_job(lab, receiver):
    weir = lab.weir(lab.sandbox(), extra=settings(receiver.port))
    weir.put_tenant(42)
    key = weir.make_key()
    for url in ["http://evil.example/", "http://localhost:1/", "ftp://localhost/", "x",
                f"http://localhost.evil.example:{receiver.port}/", f"http://[::1]:{receiver.port}/"]:
        reply = job(weir, key, url)
        assert (reply.status, reply.json["param"]) == (400, "webhook_url"), (url, reply)
    assert job(weir, key, f"http://localhost:{receiver.port}/x").status == 202


def test_without_a_list_nobody_is_told(running):
    _, weir, key = running
    reply = job(weir, key, "https://hooks.example.com/")
    assert (reply.status, reply.json["param"]) == (400, "webhook_url"), reply


def test_a_jobs_end_is_told_also_by_the_next_process(lab, receiver):
    """The receiver takes nothing until the server was killed: what comes then is the same."""
    receiver.answers = [503] * 10_000
    weir = lab.weir(lab.sandbox(), extra=settings(receiver.port, "attempts: 100"))
    weir.put_tenant(42)
    key = weir.make_key()
    made = [job(weir, key, f"http://localhost:{receiver.port}/{number}", f"hi {number}").json
            for number in range(3)]
    receiver.wait(3)
    weir.kill()
    receiver.answers.clear()
    receiver.heard.clear()
    weir.start()
    wait_for_state(weir, "delivered")
    bodies = {path: json.loads(body) for path, _, body in receiver.heard}
    for number, accepted in enumerate(made):
        body = bodies[f"/{number}"]
        assert body["event"] == "JobCompleted" and body["data"]["job_id"] == accepted["job_id"]
        assert body["id"].startswith(accepted["job_id"]) and body["at"].endswith("Z")
    assert len({body["id"] for body in bodies.values()}) == 3


def test_a_failed_job_is_told_as_such(lab, receiver):
    weir = lab.weir(lab.sandbox(), extra=settings(receiver.port))
    weir.put_tenant(42, budget_usd=0)
    key = weir.make_key()
    assert job(weir, key, f"http://localhost:{receiver.port}/").status == 202
    [(_, headers, body)] = receiver.wait(1)
    told = json.loads(body)
    assert told["event"] == "JobFailed" and told["data"]["error"] == "ai_budget_exceeded"
    assert is_signed({name.lower(): value for name, value in headers.items()}, body, SECRET)
