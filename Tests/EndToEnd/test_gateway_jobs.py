"""Jobs in front of the instances: at a gateway that keeps them, and at a worker behind one."""
import datetime

import pytest

from gatewaylab import JOB, until

QUEUES = "queues: { default: { attempts: 3, retry_base: 50ms, retry_cap: 100ms } }"


class Keeping:
    """Whoever keeps the jobs, and the gateway at which they are handed in."""

    def __init__(self, house, kind, services, extra):
        self.kind, self.house, self.services = kind, house, services
        if kind == "gateway":
            self.keeper = self.door = house.gateway(services, extra, more="  keeps_jobs: true")
        else:
            self.keeper = house.worker(services, extra)
            self.door = house.gateway([], pools=f"""
  pools:
    main: {{ instances: ["http://127.0.0.1:{services[0].port}"] }}
    workers: {{ instances: ["http://127.0.0.1:{self.keeper.port}"] }}
  default_pool: main
  jobs_pool: workers""")
        self.key = self.door.make_key()

    def configure(self, extra):
        self.keeper.configure(self.services, extra,
                              more="  keeps_jobs: true" if self.kind == "gateway" else "")

    def accept(self, **fields):
        """The path of a job that was accepted, once there is somebody to accept it."""
        replies = []

        def accepted():
            replies.append(self.door.api("POST", "/ai/jobs", {**JOB, **fields}, self.key))
            return replies[-1].status != 503

        until(accepted)
        assert replies[-1].status == 202, replies[-1]
        return replies[-1].headers["location"]

    def look(self, path):
        reply = self.door.api("GET", path, key=self.key)
        return reply.json if reply.status == 200 else {"status": reply.status, "waits_for": None}

    def ended(self, path):
        until(lambda: self.look(path)["status"] in ("complete", "failed"))
        return self.look(path)

    def parked(self, service):
        """A job that waits for the budget of tenant 42, which is spent."""
        service.put_tenant(42, budget_usd=0)
        path = self.accept(wait_for_budget=True)
        until(lambda: self.look(path)["waits_for"] == "budget")
        return path

    def queue(self, name="default"):
        queues = self.keeper.api("GET", "/admin/jobs/queues").json["queues"]
        return next(queue for queue in queues if queue["queue"] == name)


@pytest.fixture(params=["gateway", "worker"])
def keeping(request, house):
    return lambda services, extra=QUEUES: Keeping(house, request.param, services, extra)


def moment(seconds):
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return now.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def test_jobs_are_accepted_before_their_instances_and_run_there(house, keeping):
    service = house.service()
    assert service.stop() == 0
    stage = keeping([service])
    waiting = [stage.accept() for _ in range(5)]
    service.start()
    for path in waiting:
        assert stage.ended(path)["status"] == "complete"
    result = stage.door.api("GET", waiting[0] + "/result", key=stage.key)
    assert (result.status, result.json["output_tokens"] > 0) == (200, True)
    rows = service.rows()
    assert len(rows) == 5 and {row["tenant_id"] for row in rows} == {42}


def test_nobody_comes_to_a_worker_but_through_a_gateway(house, keeping):
    service = house.service()
    stage = keeping([service])
    path = stage.accept()
    assert stage.ended(path)["status"] == "complete"
    other = stage.door.make_key([43], "tenant")
    assert stage.door.api("GET", path, key=other).status == 404
    assert stage.keeper.api("GET", "/admin/jobs/dead").json["jobs"] == []
    if stage.kind == "worker":
        assert stage.keeper.api("POST", "/ai/jobs", JOB, stage.key).status == 401
        assert stage.keeper.api("POST", "/ai/complete", JOB).status == 404
    assert len(service.rows()) == 1
    assert stage.keeper.stop() == 0


def test_a_queue_that_is_no_longer_configured_runs_what_it_holds(house, keeping):
    service = house.service()
    assert service.stop() == 0
    stage = keeping([service], "queues: { old: { concurrency: 1 } }")
    paths = [stage.accept(queue="old") for _ in range(3)]
    assert stage.keeper.stop() == 0
    stage.configure(QUEUES)
    stage.keeper.start()
    service.start()
    for path in paths:
        assert stage.ended(path)["status"] == "complete"
    refused = stage.door.api("POST", "/ai/jobs", {**JOB, "queue": "old"}, stage.key)
    assert (refused.status, refused.json["param"]) == (400, "queue"), refused


def test_a_parked_job_asks_again_within_the_hour_and_when_it_is_told_to(house, keeping):
    service = house.service()
    stage = keeping([service])
    path = stage.parked(service)
    parked = stage.look(path)
    refused = stage.door.complete(stage.key, "Hello")
    assert (refused.status, refused.json["error"]) == (402, "ai_budget_exceeded")
    reset = refused.headers["x-weir-budget-resets-at"]
    budget = stage.door.api("GET", "/ai/budget?tenant_id=42", key=stage.key)
    assert reset == budget.json["resets_at"], budget
    assert moment(0) < parked["run_at"] <= moment(3600) and parked["attempts"] == 0
    service.put_tenant(42, budget_usd=5)
    # An instance doesn't tell; whoever raised it there may say so here.
    stage.keeper.put_tenant(42, budget_usd=5)
    assert stage.ended(path)["status"] == "complete"
    assert len(service.rows()) == 1


def test_the_limits_of_whoever_keeps_jobs_hold_for_their_calls(house, keeping):
    service = house.service()
    stage = keeping([service], QUEUES + "\nlimits: { ai: { per_minute: 1, burst: 0 } }")
    first = stage.accept()
    assert stage.ended(first)["status"] == "complete"
    second = stage.accept()
    until(lambda: stage.queue()["held_back"] > 0)
    if stage.kind == "gateway":
        assert stage.door.complete(stage.key, "Hello").status == 429
    assert len(service.rows()) == 1
    stage.configure(QUEUES + "\nlimits: { ai: { per_minute: 0 } }")
    reply = stage.keeper.api("POST", "/admin/reload", {})
    assert reply.status == 200 and reply.json["needs_restart"] == [], reply
    done = stage.ended(second)
    assert (done["status"], done["attempts"]) == ("complete", 1), done
    assert len(service.rows()) == 2


SWITCH = {"target": "tenant:42", "engaged": True}


@pytest.mark.parametrize("stopped, code", [
    (lambda stage, service: service.put_tenant(42, is_active=False), "ai_module_inactive"),
    (lambda stage, service: service.api("PUT", "/admin/kill-switches", SWITCH), "ai_kill_switch"),
    (lambda stage, service: stage.keeper.api("PUT", "/admin/kill-switches", SWITCH),
     "ai_kill_switch"),
], ids=["module", "switch at the instance", "switch at the keeper"])
def test_what_is_stopped_after_a_job_was_accepted_fails_it(house, keeping, stopped, code):
    service = house.service()
    stage = keeping([service])
    path = stage.parked(service)
    service.put_tenant(42, budget_usd=5)
    stopped(stage, service)
    stage.keeper.put_tenant(42, budget_usd=5)
    failed = stage.ended(path)
    assert (failed["status"], failed["error"]) == ("failed", code), failed
    assert house.box.truth() == [] and service.rows() == []
