"""What one tenant's key tells of another tenant's jobs: nothing, not even whether they are there."""
import re

import pytest

from test_jobs import QUEUES, accept, look, wait
from weirlab import Sandbox, Weir

ROLES = ["service", "tenant"]
CANARIES = [b"777001", b"canary-feature", b"canary-queue"]


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """A job of tenant 43 in each state; keys of 42."""
    folder = tmp_path_factory.mktemp("job-isolation")
    sandbox = Sandbox(folder).start()
    weir = Weir(folder, sandbox, QUEUES + "  canary-queue: { concurrency: 1 }\n")
    weir.start()
    weir.put_tenant(42)
    weir.put_tenant(43)
    other = weir.make_key([43])
    canary = {"tenant": 43, "user_id": 777001, "feature_slug": "canary-feature",
              "queue": "canary-queue"}
    jobs = {"complete": accept(weir, other, "secret words", **canary)}
    wait(weir, other, jobs["complete"])
    jobs["failed"] = accept(weir, other, "@sandbox{status=400} secret words", **canary)
    wait(weir, other, jobs["failed"])
    jobs["queued"] = accept(weir, other, "secret words", delay_s=600, **canary)
    jobs["cancelled"] = accept(weir, other, "secret words", delay_s=600, **canary)
    assert weir.api("DELETE", f"/ai/jobs/{jobs['cancelled']}", key=other).status == 200
    jobs["processing"] = accept(weir, other, "@sandbox{latency_ms=20000} secret words", **canary)
    wait(weir, other, jobs["processing"], lambda job: job["status"] == "processing")
    keys = {role: weir.make_key([42], role) for role in ROLES}
    mine = accept(weir, keys["service"], "mine")
    wait(weir, keys["service"], mine)
    yield weir, keys, other, jobs, mine
    weir.kill()
    sandbox.stop()


def telling(reply):
    body = re.sub(rb"req_[0-9a-z]+", b"req", reply.body)
    return reply.status, body, sorted(set(reply.headers) - {"date"})


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("state", ["complete", "failed", "queued", "cancelled", "processing"])
@pytest.mark.parametrize("method, path, status", [
    ("GET", "/ai/jobs/{id}", 404), ("DELETE", "/ai/jobs/{id}", 404),
    ("GET", "/ai/jobs/{id}/result", 404), ("GET", "/admin/jobs/dead/{id}", 403),
    ("DELETE", "/admin/jobs/dead/{id}", 403), ("POST", "/admin/jobs/dead/{id}/replay", 403)])
def test_another_tenants_job_looks_like_none(stage, method, path, status, state, role):
    weir, keys, other, jobs, _ = stage
    there = weir.api(method, path.replace("{id}", jobs[state]), key=keys[role])
    absent = weir.api(method, path.replace("{id}", "job_" + "0" * 26), key=keys[role])
    assert there.status == status, there
    assert telling(there) == telling(absent)
    assert look(weir, other, jobs[state])["status"] == state


@pytest.mark.parametrize("role", ROLES)
def test_no_list_has_another_tenants_jobs(stage, role):
    weir, keys, other, jobs, mine = stage
    filters = ["", *(f"status={state}" for state in jobs), "queue=canary-queue", "queue=default",
               "cursor=1", "cursor=3", f"cursor={2**63 - 1}", "limit=500"]
    canaries = CANARIES + [job.encode() for job in jobs.values()]
    for scope in ("", "tenant_id=42"):
        for query in filters:
            path = "/ai/jobs?" + "&".join(filter(None, (scope, query)))
            reply = weir.api("GET", path, key=keys[role])
            assert reply.status == 200, (path, reply)
            assert {job["job_id"] for job in reply.json["jobs"]} <= {mine}, path
            for canary in canaries:
                assert canary not in reply.body, (path, canary)
    # The same look does find them with the other's key.
    seen = weir.api("GET", "/ai/jobs", key=other).body
    assert all(canary in seen for canary in canaries)


@pytest.mark.parametrize("role", ROLES)
def test_another_tenants_list_looks_like_nobodys(stage, role):
    weir, keys, _, _, _ = stage
    for query in ("", "&status=queued", "&queue=canary-queue", "&cursor=2"):
        there = weir.api("GET", f"/ai/jobs?tenant_id=43{query}", key=keys[role])
        absent = weir.api("GET", f"/ai/jobs?tenant_id=99{query}", key=keys[role])
        assert there.status == 403
        assert there.body.replace(b"43", b"N").split(b'"request_id"')[0] == \
            absent.body.replace(b"99", b"N").split(b'"request_id"')[0]


@pytest.mark.parametrize("role", ROLES)
def test_another_tenants_idempotency_key_is_ones_own_to_use(stage, role):
    weir, keys, other, _, _ = stage
    theirs = weir.api("POST", "/ai/jobs", {"tenant_id": 43, "model": "gpt-4o-mini",
                                           "user_message": "x", "delay_s": 600}, other,
                      idempotency_key=f"shared-{role}")
    mine = weir.api("POST", "/ai/jobs", {"tenant_id": 42, "model": "gpt-4o-mini",
                                         "user_message": "y", "delay_s": 600}, keys[role],
                    idempotency_key=f"shared-{role}")
    assert theirs.status == mine.status == 202
    assert theirs.json["job_id"] != mine.json["job_id"]
    reply = weir.api("POST", "/ai/jobs", {"tenant_id": 43, "model": "gpt-4o-mini",
                                          "user_message": "x"}, keys[role])
    assert (reply.status, reply.json["error"]) == (403, "forbidden")
