"""The life of a job, from the order to the result, against the real binary."""
import datetime
import json
import subprocess
import time

import pytest

from weirlab import ADMIN, BINARY, Sandbox, Weir

ENDED = ("complete", "failed", "cancelled")
QUEUES = """
queues:
  default: { concurrency: 4, retry_base: 50ms, retry_cap: 200ms }
  narrow: { concurrency: 1, retry_base: 50ms, retry_cap: 200ms }
  brief: { retention: 1s }
  small: { concurrency: 1, most_waiting: 2 }
"""


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """Tenant 42 with a key, and the same of 43."""
    folder = tmp_path_factory.mktemp("jobs")
    sandbox = Sandbox(folder).start()
    weir = Weir(folder, sandbox, QUEUES)
    weir.start()
    for tenant in (42, 43):
        weir.put_tenant(tenant)
    yield sandbox, weir, weir.make_key([42]), weir.make_key([43])
    assert weir.stop() == 0, weir.log()
    sandbox.stop()


def order(weir, key, text, tenant=42, idempotency=None, **fields):
    headers = {"idempotency_key": idempotency} if idempotency else {}
    body = {"tenant_id": tenant, "model": "gpt-4o-mini", "user_message": text, **fields}
    return weir.api("POST", "/ai/jobs", body, key, **headers)


def accept(weir, key, text, **fields):
    reply = order(weir, key, text, **fields)
    assert reply.status == 202, reply
    job = reply.json["job_id"]
    assert reply.headers["location"] == f"/ai/jobs/{job}"
    return job


def look(weir, key, job):
    reply = weir.api("GET", f"/ai/jobs/{job}", key=key)
    assert reply.status == 200, reply
    return reply.json


def wait(weir, key, job, until=lambda job: job["status"] in ENDED, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look(weir, key, job)
        if until(found):
            return found
        time.sleep(0.02)
    raise AssertionError(f"{found}\n{weir.log()}")


def result(weir, key, job):
    return weir.api("GET", f"/ai/jobs/{job}/result", key=key)


def moment(seconds):
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return now.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def test_a_job_runs_and_leaves_what_a_call_would_have_answered(stage):
    sandbox, weir, key, _ = stage
    before = len(weir.rows())
    job = accept(weir, key, "@sandbox{input_tokens=100,output_tokens=50} of the job",
                 user_id=7, feature_slug="sales")
    done = wait(weir, key, job)
    assert done["status"] == "complete" and done["attempts"] == 1, done
    assert done["progress"] == {"done": 1, "total": 1} and done["error"] is None
    reply = result(weir, key, job)
    assert reply.status == 200
    assert set(reply.json) == {"content", "input_tokens", "output_tokens", "cost_usd", "request_id"}
    assert (reply.json["input_tokens"], reply.json["output_tokens"]) == (100, 50)
    [row] = weir.rows()[before:]
    assert (row["tenant_id"], row["user_id"], row["feature"]) == (42, 7, "sales")
    assert row["request_id"] == reply.json["request_id"]
    assert row["cost_nanos"] == 100 * 150 + 50 * 600


def test_a_key_stands_for_one_job(stage):
    _, weir, key, _ = stage
    before = len(weir.rows())
    first = order(weir, key, "once", idempotency="k-1")
    again = order(weir, key, "once", idempotency="k-1")
    assert first.status == again.status == 202
    assert first.json["job_id"] == again.json["job_id"]
    assert again.headers["idempotent-replayed"] == "true"
    wait(weir, key, first.json["job_id"])
    late = order(weir, key, "once", idempotency="k-1")
    assert late.json == {"job_id": first.json["job_id"], "status": "complete"}
    other = order(weir, key, "twice", idempotency="k-1")
    assert (other.status, other.json["error"]) == (422, "idempotency_mismatch")
    assert len(weir.rows()) == before + 1


def test_a_malformed_job_is_refused_at_once(stage):
    _, weir, key, _ = stage
    for fields, param in [({"stream": True}, "stream"), ({"mode": "fast"}, "mode"),
                          ({"model": "no-such-model"}, "model"), ({"queue": "nowhere"}, "queue"),
                          ({"max_tokens": 0}, "max_tokens"), ({"colour": 1}, "colour"),
                          ({"deadline": moment(-1)}, "deadline")]:
        reply = order(weir, key, "x", **fields)
        assert (reply.status, reply.json["param"]) == (400, param), reply


def test_a_module_that_is_off_takes_no_jobs(stage):
    _, weir, _, _ = stage
    weir.put_tenant(44, is_active=False)
    reply = order(weir, weir.make_key([44]), "x", tenant=44)
    assert (reply.status, reply.json["error"]) == (403, "ai_module_inactive")


def test_a_refused_budget_fails_the_job_at_once(stage):
    _, weir, _, _ = stage
    weir.put_tenant(45, budget_usd=0)
    key = weir.make_key([45])
    job = accept(weir, key, "too dear", tenant=45)
    failed = wait(weir, key, job)
    assert (failed["status"], failed["error"]) == ("failed", "ai_budget_exceeded"), failed
    reply = result(weir, key, job)
    assert (reply.status, reply.json["error"], reply.json["status"]) == (409, "conflict", "failed")
    assert reply.json["failure"]["error"] == "ai_budget_exceeded"
    assert not weir.rows("tenant_id = 45")


def test_a_job_waits_for_its_budget_and_runs_once_there_is_one(stage):
    _, weir, _, _ = stage
    weir.put_tenant(46, budget_usd=0)
    key = weir.make_key([46])
    jobs = [accept(weir, key, f"later {n}", tenant=46, wait_for_budget=True) for n in range(3)]
    for job in jobs:
        parked = wait(weir, key, job, lambda job: job["waits_for"] == "budget")
        assert parked["status"] == "queued" and parked["attempts"] == 0
        assert parked["run_at"] > moment(0)
    weir.put_tenant(46, budget_usd=5)
    for job in jobs:
        assert wait(weir, key, job)["status"] == "complete"
    assert len(weir.rows("tenant_id = 46")) == 3


@pytest.mark.parametrize("tenant, stopped, code", [
    (47, {"is_active": False}, "ai_module_inactive"),
    (48, {"features": {"default": False}}, "ai_feature_disabled"),
    (49, "tenant:49", "ai_kill_switch"),
], ids=["module", "feature", "kill switch"])
def test_what_is_stopped_after_a_job_was_accepted_fails_it(stage, tenant, stopped, code):
    _, weir, _, _ = stage
    weir.put_tenant(tenant, budget_usd=0)
    key = weir.make_key([tenant])
    job = accept(weir, key, "stopped", tenant=tenant, wait_for_budget=True)
    wait(weir, key, job, lambda job: job["waits_for"] == "budget", seconds=60)
    if isinstance(stopped, str):
        switch = {"target": stopped, "engaged": True}
        assert weir.api("PUT", "/admin/kill-switches", switch).status == 200
        stopped = {}
    weir.put_tenant(tenant, budget_usd=5, **stopped)
    failed = wait(weir, key, job, seconds=60)
    assert (failed["status"], failed["error"]) == ("failed", code), failed
    assert not weir.rows(f"tenant_id = {tenant}")


def test_a_queue_that_is_no_longer_configured_runs_what_is_replayed(lab):
    weir = lab.weir(lab.sandbox(), "queues: { old: { concurrency: 1 } }")
    weir.put_tenant(42, budget_usd=0)
    key = weir.make_key()
    job = accept(weir, key, "again", queue="old")
    assert wait(weir, key, job, seconds=60)["status"] == "failed"
    assert weir.stop() == 0
    weir.config.write_text(weir.config.read_text().replace("old:", "new:"))
    weir.start()
    weir.put_tenant(42, budget_usd=5)
    assert weir.api("POST", f"/admin/jobs/dead/{job}/replay").status == 202
    assert wait(weir, key, job, seconds=60)["status"] == "complete"


def test_a_job_is_put_off(stage):
    _, weir, key, _ = stage
    due = moment(4)
    job = accept(weir, key, "not yet", run_at=due)
    waiting = look(weir, key, job)
    assert (waiting["status"], waiting["run_at"]) == ("queued", due)
    done = wait(weir, key, job)
    assert done["status"] == "complete" and done["started_at"] >= due
    delayed = accept(weir, key, "nor this", delay_s=600)
    assert look(weir, key, delayed)["run_at"] > moment(590)
    weir.api("DELETE", f"/ai/jobs/{delayed}", key=key)


def test_a_deadline_ends_what_has_not_begun(stage):
    _, weir, key, _ = stage
    blocking = accept(weir, key, "@sandbox{latency_ms=6000} first", queue="narrow")
    wait(weir, key, blocking, lambda job: job["status"] == "processing")
    job = accept(weir, key, "too late", queue="narrow", deadline=moment(3))
    failed = wait(weir, key, job)
    assert (failed["status"], failed["attempts"]) == ("failed", 0), failed
    assert wait(weir, key, blocking)["status"] == "complete"


def test_a_waiting_job_is_called_off(stage):
    sandbox, weir, key, _ = stage
    job = accept(weir, key, "never mind", delay_s=3)
    calls = len(sandbox.truth())
    for _ in range(2):
        reply = weir.api("DELETE", f"/ai/jobs/{job}", key=key)
        assert (reply.status, reply.json["status"]) == (200, "cancelled")
    time.sleep(3.5)
    assert look(weir, key, job)["status"] == "cancelled"
    assert len(sandbox.truth()) == calls
    assert result(weir, key, job).json["status"] == "cancelled"


def test_a_running_job_is_called_off_and_billed(stage):
    _, weir, key, _ = stage
    before = len(weir.rows())
    job = accept(weir, key, "@sandbox{latency_ms=3000} long", queue="narrow")
    wait(weir, key, job, lambda job: job["status"] == "processing")
    assert weir.api("DELETE", f"/ai/jobs/{job}", key=key).json["status"] == "cancelled"
    after = accept(weir, key, "the queue goes on", queue="narrow")
    assert wait(weir, key, after)["status"] == "complete"
    deadline = time.monotonic() + 60
    while len(weir.rows("state = 'settled'")) < before + 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(weir.rows()) == before + 2
    assert look(weir, key, job)["status"] == "cancelled"
    assert result(weir, key, job).status == 409
    assert weir.api("DELETE", f"/ai/jobs/{after}", key=key).status == 409


def test_the_higher_priority_runs_first(stage):
    _, weir, key, _ = stage
    blocking = accept(weir, key, "@sandbox{latency_ms=4000} first", queue="narrow")
    wait(weir, key, blocking, lambda job: job["status"] == "processing")
    jobs = {p: accept(weir, key, f"priority {p}", queue="narrow", priority=p)
            for p in (0, -10, 10, 5)}
    began = {p: wait(weir, key, job)["started_at"] for p, job in jobs.items()}
    assert sorted(began, key=began.get) == [10, 5, 0, -10]


def test_a_tenants_full_queue_refuses_one_more(stage):
    _, weir, key, other = stage
    jobs = [accept(weir, key, "waits", queue="small", delay_s=600) for _ in range(2)]
    full = order(weir, key, "one more", queue="small")
    assert (full.status, full.json["error"]) == (429, "rate_limited")
    assert int(full.headers["retry-after"]) > 0
    jobs_of_other = accept(weir, other, "another's", tenant=43, queue="small")
    assert wait(weir, other, jobs_of_other)["status"] == "complete"
    weir.api("DELETE", f"/ai/jobs/{jobs[0]}", key=key)
    assert order(weir, key, "one more", queue="small").status == 202
    weir.api("DELETE", f"/ai/jobs/{jobs[1]}", key=key)


def test_a_result_is_gone_when_its_time_is_over(lab):
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox, QUEUES)
    weir.put_tenant(42)
    key = weir.make_key()
    kept = accept(weir, key, "kept")
    first = order(weir, key, "brief", queue="brief", idempotency="brief-1")
    job = first.json["job_id"]
    for ended in (kept, job):
        assert wait(weir, key, ended)["status"] == "complete"
    assert result(weir, key, job).status == 200
    time.sleep(1)
    # What is over is deleted at a start, and once a minute.
    assert weir.stop() == 0
    weir.start()
    deadline = time.monotonic() + 60
    while result(weir, key, job).status == 200 and time.monotonic() < deadline:
        time.sleep(0.1)
    gone, absent = result(weir, key, job), result(weir, key, "job_absent")
    assert gone.status == absent.status == 404 and gone.json["message"] == absent.json["message"]
    assert weir.api("GET", f"/ai/jobs/{job}", key=key).status == 404
    assert result(weir, key, kept).status == 200
    again = order(weir, key, "brief", queue="brief", idempotency="brief-1")
    assert again.json["job_id"] != job and "idempotent-replayed" not in again.headers


def test_a_dead_letter_is_replayed(stage):
    sandbox, weir, key, _ = stage
    job = accept(weir, key, "@sandbox{status=500} poison", queue="narrow")
    failed = wait(weir, key, job)
    assert (failed["status"], failed["attempts"]) == ("failed", 3), failed
    listed = weir.api("GET", "/admin/jobs/dead?tenant_id=42&queue=narrow").json["jobs"]
    assert job in [letter["job_id"] for letter in listed]
    letter = weir.api("GET", f"/admin/jobs/dead/{job}")
    assert [claim["attempt"] for claim in letter.json["history"]] == [1, 2, 3]
    assert {claim["error"] for claim in letter.json["history"]} == {failed["error"]}
    assert letter.json["request"]["models"] == ["gpt-4o-mini"]
    assert b"poison" not in letter.body
    replay = weir.api("POST", f"/admin/jobs/dead/{job}/replay")
    assert (replay.status, replay.json["status"], replay.json["attempts"]) == (202, "queued", 0)
    again = wait(weir, key, job)
    assert (again["status"], again["attempts"]) == ("failed", 3)
    assert weir.api("DELETE", f"/admin/jobs/dead/{job}").status == 204
    assert weir.api("GET", f"/ai/jobs/{job}", key=key).status == 404
    actions = [entry["action"] for entry in weir.api("GET", "/admin/audit").json["entries"]
               if entry["subject"] == job]
    assert actions == ["job.purge", "job.replay"]


def test_jobs_survive_a_restart(lab):
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox, QUEUES)
    weir.put_tenant(42)
    key = weir.make_key()
    jobs = [accept(weir, key, f"job {n}", delay_s=1) for n in range(5)]
    weir.kill()
    weir.start()
    for job in jobs:
        assert wait(weir, key, job)["status"] == "complete"
        assert result(weir, key, job).status == 200


def test_the_command_line_follows_a_job(stage):
    _, weir, key, _ = stage

    def command(*arguments, key=ADMIN, code=0):
        done = subprocess.run(
            [str(BINARY), "jobs", *arguments, "--url", f"http://127.0.0.1:{weir.port}", "--key",
             key], capture_output=True, text=True, timeout=60, env={"PATH": "/usr/bin:/bin"})
        assert done.returncode == code, (arguments, done.stdout, done.stderr)
        return done.stdout + done.stderr

    job = accept(weir, key, "@sandbox{latency_ms=4000} watched")
    watched = command("watch", job, "--every", "100ms", key=key)
    assert "processing" in watched and "complete  1/1" in watched.splitlines()[-1], watched
    assert job in command("list", "--tenant", "42", "--status", "complete")
    assert "complete" in command("show", job)
    assert "content" in json.loads(command("result", job, key=key))
    assert json.loads(command("list", "--queue", "nothing", "--json"))["jobs"] == []
    waiting = accept(weir, key, "x", delay_s=600)
    assert "cancelled" in command("cancel", waiting)
    command("watch", waiting, code=1)
    dead = accept(weir, key, "@sandbox{status=400} refused")
    assert "failed" in command("watch", dead, "--every", "100ms", code=1)
    assert dead in command("dead")
    assert "OUTCOME" in command("dead", dead)
    assert "queued" in command("replay", dead)
    wait(weir, key, dead)
    command("purge", dead)
    command("purge", dead, code=1)
    command("show", "job_absent", code=1)
    command("dead", dead, key=key, code=1)
