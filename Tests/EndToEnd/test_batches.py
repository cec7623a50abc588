"""Jobs that go through the providers' batch interfaces: held, found again, billed once, at half.

`WEIR_BATCH_KILLS` and `WEIR_SEED` make a longer or another run of the last test.
"""
import json
import os
import random
import time

import pytest

from weirlab import BATCH_NANOS

KILLS = int(os.environ.get("WEIR_BATCH_KILLS", "12"))
SEED = int(os.environ.get("WEIR_SEED", "20261129"))
MODELS = ["gpt-4o-mini", "claude-haiku-4-5"]
FAST = """
batches: { window: 200ms, poll: 200ms, search: 3s }
queues: { batch: { retry_base: 100ms, retry_cap: 1s } }
"""


def half_cost(entry):
    price_in, price_out = BATCH_NANOS[entry["model"]]
    return entry["input_tokens"] * price_in + entry["output_tokens"] * price_out


def order(weir, key, text, model, tenant=42, **more):
    body = {"tenant_id": tenant, "model": model, "user_message": text, "mode": "batch",
            "max_tokens": 200, **more}
    reply = weir.api("POST", "/ai/jobs", body, key)
    assert reply.status == 202, reply
    return reply.json["job_id"]


def wait_for(weir, key, jobs, seconds=60):
    """Every job's last status, once all of them have ended."""
    deadline = time.monotonic() + seconds
    left, ended = list(jobs), {}
    while left:
        assert time.monotonic() < deadline, f"{len(left)} jobs go on: {weir.log()}"
        for job in list(left):
            status = weir.api("GET", f"/ai/jobs/{job}", key=key).json
            if status["status"] in ("complete", "failed", "cancelled"):
                ended[job] = status
                left.remove(job)
        time.sleep(0.1)
    return ended


def settle_down(weir, tenants=(42,), seconds=30):
    deadline = time.monotonic() + seconds
    while any(scope["held_usd"] for tenant in tenants
              for scope in weir.budget(tenant)["scopes"]):
        assert time.monotonic() < deadline, f"money is still held: {weir.log()}"
        time.sleep(0.1)


def check_ledger(weir, sandbox):
    """Every billed call has one row, at half price; in doubt never below the bill."""
    rows = {row["attempt_id"]: row for row in weir.rows("kind = 'call'")}
    billed = {}
    for entry in sandbox.truth():
        if not entry["billed"]:
            continue
        assert entry["batch"], entry
        attempt = int(entry["client_request_id"].rsplit("-", 1)[1])
        assert attempt not in billed, entry
        billed[attempt] = entry
    for attempt, entry in billed.items():
        row = rows[attempt]
        if row["basis"] == "reported":
            assert row["cost_nanos"] == half_cost(entry), (row, entry)
        else:
            assert row["basis"] in ("worst_case", "estimated"), row
            assert row["cost_nanos"] >= half_cost(entry), row
    for attempt, row in rows.items():
        assert row["service_tier"] == "batch", row
        if attempt not in billed:
            assert row["cost_nanos"] == 0 or row["in_doubt"], row
    return rows, billed


@pytest.fixture
def stage(lab):
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox, FAST)
    weir.put_tenant(42)
    return sandbox, weir, weir.make_key()


@pytest.mark.parametrize("model", MODELS)
def test_batch_jobs_cost_half_and_end_each_by_itself(stage, model):
    sandbox, weir, key = stage
    jobs = [order(weir, key, f"summary {number}", model) for number in range(6)]
    wrong = order(weir, key, "bad @sandbox{status=400}", model)
    late = order(weir, key, "late @sandbox{batch=expired}", model)
    gone = order(weir, key, "gone @sandbox{batch=missing}", model)
    ended = wait_for(weir, key, [*jobs, wrong, late, gone])
    for number, job in enumerate(jobs):
        assert ended[job]["status"] == "complete", ended[job]
        result = weir.api("GET", f"/ai/jobs/{job}/result", key=key).json
        assert result["content"] == f"Echo: summary {number}"
    # A call that is at fault fails at once; one that wasn't run, or has no result, is run again.
    assert (ended[wrong]["status"], ended[wrong]["attempts"]) == ("failed", 1)
    assert (ended[late]["status"], ended[late]["attempts"]) == ("failed", 3)
    assert ended[gone]["status"] == "failed"
    settle_down(weir)
    assert weir.stop() == 0, weir.log()
    rows, billed = check_ledger(weir, sandbox)
    assert len(rows) >= 11 and len(billed) >= 6
    assert sum(row["basis"] == "reported" for row in rows.values()) == 6


def batches_created(sandbox):
    """The bodies of all requests that made batches, or their files."""
    requests = sandbox.request("GET", "/_sandbox/requests?last=200").json
    return [request["body"] for request in requests
            if request["method"] == "POST" and request["path"].endswith(("/batches", "/files"))]


@pytest.mark.parametrize("model", MODELS)
def test_a_report_of_many_inputs_is_one_batch(lab, model):
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox, FAST + f"templates: {{ model: {model} }}\n")
    weir.put_tenant(42)
    key = weir.make_key()
    inputs = [f"input {number}" for number in range(40)]
    inputs[7] += " @sandbox{status=400}"
    body = {"tenant_id": 42, "feature_slug": "batch-analysis", "mode": "batch",
            "params": {"instruction": "Say it.", "inputs": inputs}}
    reply = weir.api("POST", "/reports/generate", body, key)
    assert reply.status == 202, reply
    job = reply.json["job_id"]
    assert wait_for(weir, key, [job])[job]["status"] == "complete"
    status = weir.api("GET", f"/reports/{job}/status", key=key).json
    assert status["progress"] == {"done": 40, "total": 40}
    whole = weir.api("GET", status["download_url"], key=key).json
    assert [answer.get("content") for answer in whole["results"]] == [
        None if "@sandbox" in text else f"Echo: Say it.\n\n{text}" for text in inputs]
    assert whole["failed"] == 1 and "error" in whole["results"][7]
    assert sum(body.count("Say it.") > 0 for body in batches_created(sandbox)) == 1
    settle_down(weir)
    assert weir.stop() == 0, weir.log()
    rows, billed = check_ledger(weir, sandbox)
    assert len(rows) == 40 and len(billed) == 39
    assert sum(row["basis"] == "reported" for row in rows.values()) == 39


def test_no_batch_mixes_tenants(stage):
    sandbox, weir, key = stage
    weir.put_tenant(43)
    other = weir.make_key((43,))
    jobs = [order(weir, key, f"north {number}", "claude-haiku-4-5") for number in range(5)]
    more = [order(weir, other, f"south {number}", "claude-haiku-4-5", 43) for number in range(5)]
    wait_for(weir, key, jobs)
    wait_for(weir, other, more)
    requests = sandbox.request("GET", "/_sandbox/requests?last=200").json
    creations = [request["body"] for request in requests
                 if request["method"] == "POST" and request["path"].endswith("/batches")]
    assert creations and not any("north" in body and "south" in body for body in creations)
    assert weir.api("GET", f"/ai/jobs/{jobs[0]}", key=other).status == 404


def test_what_has_no_batch_price_is_refused(stage):
    _, weir, key = stage
    body = {"tenant_id": 42, "model": "deepseek-chat", "user_message": "hi", "mode": "batch"}
    reply = weir.api("POST", "/ai/jobs", body, key)
    assert (reply.status, reply.json["error"]) == (400, "unpriced_model"), reply
    reply = weir.api("POST", "/ai/jobs", {**body, "model": "gpt-4o-mini", "mode": "soon"}, key)
    assert (reply.status, reply.json["param"]) == (400, "mode"), reply
    for queue in ({"mode": "batch", "queue": "default"}, {"queue": "batch"}):
        body = {"tenant_id": 42, "model": "gpt-4o-mini", "user_message": "hi", **queue}
        reply = weir.api("POST", "/ai/jobs", body, key)
        assert (reply.status, reply.json["param"]) == (400, "queue"), reply


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("trouble", ["reset", "status=500,billed=true", "garbage=html"])
def test_a_creation_whose_reply_is_lost_is_found_again(stage, model, trouble):
    sandbox, weir, key = stage
    provider = "openai" if model.startswith("gpt") else "anthropic"
    rule = {"provider": provider, "endpoint": "batches", "count": 1, "behaviour": trouble}
    assert sandbox.request("PUT", "/_sandbox/behaviour", rule).status == 200
    job = order(weir, key, "mine", model)
    assert wait_for(weir, key, [job])[job]["status"] == "complete"
    settle_down(weir)
    rows, billed = check_ledger(weir, sandbox)
    assert len(rows) == len(billed) == 1
    assert sum(row["cost_nanos"] for row in rows.values()) == sum(map(half_cost, billed.values()))


def test_kill_9_loses_no_row_and_no_job(lab):
    dice = random.Random(SEED)
    print(f"seed {SEED}, {KILLS} kills")
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox, FAST)
    weir.put_tenant(42, budget_usd=1000)
    weir.put_tenant(43, budget_usd=1000)
    keys = {tenant: weir.make_key((tenant,)) for tenant in (42, 43)}
    for provider in ("openai", "anthropic"):
        rule = {"provider": provider, "endpoint": "batches", "behaviour": "batch_ms=400"}
        assert sandbox.request("PUT", "/_sandbox/behaviour", rule).status == 200
    jobs, reports = {}, {}
    for kill in range(KILLS):
        tenant = dice.choice([42, 43])
        inputs = [f"kill {kill} input {number}" for number in range(dice.randrange(2, 12))]
        reply = weir.api("POST", "/reports/generate", {
            "tenant_id": tenant, "feature_slug": "batch-analysis", "mode": "batch",
            "params": {"instruction": "Say it.", "inputs": inputs}}, keys[tenant])
        assert reply.status == 202, reply
        reports[reply.json["job_id"]] = (tenant, inputs)
        for number in range(dice.randrange(3, 9)):
            tenant = dice.choice([42, 43])
            mischief = dice.choice(["", "", "", " @sandbox{status=400}",
                                    " @sandbox{batch=expired}", " @sandbox{usage=absent}"])
            text = f"kill {kill} job {number}{mischief}"
            jobs[order(weir, keys[tenant], text, dice.choice(MODELS), tenant)] = (tenant, text)
        time.sleep(dice.choice([0.05, 0.15, 0.22, 0.3, 0.45, 0.7]))
        weir.kill()
        weir.start()
        for tenant in (42, 43):
            for scope in weir.budget(tenant)["scopes"]:
                if scope["limit_usd"] is not None:
                    assert scope["settled_usd"] + scope["held_usd"] <= scope["limit_usd"]  # I1
    for tenant, key in keys.items():
        own = [job for job, (owner, _) in jobs.items() if owner == tenant]
        for job, status in wait_for(weir, key, own, seconds=120).items():
            text = jobs[job][1]
            assert status["attempts"] <= 3, status
            if status["status"] == "complete":
                result = weir.api("GET", f"/ai/jobs/{job}/result", key=key).json
                assert result["content"] == f"Echo: {text}"
            else:
                assert "@sandbox" in text or status["attempts"] > 1, status
        own = [job for job, (owner, _) in reports.items() if owner == tenant]
        for job, status in wait_for(weir, key, own, seconds=120).items():
            inputs = reports[job][1]
            if status["status"] != "complete":
                assert status["attempts"] > 1, status
                continue
            results = weir.api("GET", f"/ai/jobs/{job}/result", key=key).json["results"]
            assert len(results) == len(inputs)
            for text, answer in zip(inputs, results):
                assert answer.get("content", f"Echo: Say it.\n\n{text}") == (
                    f"Echo: Say it.\n\n{text}"), answer
    settle_down(weir, (42, 43))
    assert weir.api("GET", "/admin/audit/verify").json["sound"]
    assert weir.stop() == 0, weir.log()
    rows, billed = check_ledger(weir, sandbox)
    print(f"{len(jobs)} jobs, {len(rows)} rows, {len(billed)} billed, "
          f"{sum(row['in_doubt'] for row in rows.values())} in doubt")
