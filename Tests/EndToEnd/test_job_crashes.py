"""Jobs and kill -9: each ends once, and the ledger has what was billed.

`WEIR_JOB_KILLS` and `WEIR_JOBS` make a longer run, `WEIR_SEED` another one.
"""
import contextlib
import http.client
import os
import random
import sqlite3
import threading
import time

from weirlab import true_cost

KILLS = int(os.environ.get("WEIR_JOB_KILLS", "8"))
JOBS = int(os.environ.get("WEIR_JOBS", "1000" if KILLS >= 50 else "200"))
SEED = int(os.environ.get("WEIR_SEED", "20261129"))
MODELS = ["gpt-4o-mini", "claude-haiku-4-5", "deepseek-chat", "gemini-2.5-flash"]
MISCHIEF = ["", "", "", "", "latency_ms=20", "latency_ms=150", "status=500", "reset", "garbage",
            "status=400"]
# A worker that was killed is given up soon, and what failed is tried again soon.
QUEUES = ("queues: { default: { concurrency: 16, lease: 1s, retry_base: 200ms, retry_cap: 1s } }")


def create(weir, key, tenant=42, timeout=10, headers=None, **fields):
    body = {"tenant_id": tenant, "model": "gpt-4o-mini", "max_tokens": 16, **fields}
    return weir.api("POST", "/ai/jobs", body, key, timeout, **(headers or {}))


def database(weir):
    return contextlib.closing(sqlite3.connect(f"file:{weir.database}?mode=ro", uri=True))


def jobs(weir):
    """Every job's state, behind the server's back."""
    with database(weir) as base:
        base.row_factory = sqlite3.Row
        return {row["job_id"]: dict(row) for row in base.execute(
            "SELECT *, (SELECT count(*) FROM job_results r WHERE r.seq = j.seq) AS results,"
            " (SELECT count(*) FROM events e WHERE e.type IN ('JobCompleted', 'JobFailed')"
            "  AND json_extract(e.payload, '$.job_id') = j.job_id) AS events FROM jobs j")}


def unfinished(weir):
    with database(weir) as base:
        return base.execute(
            "SELECT count(*) FROM jobs WHERE status IN ('queued', 'processing')").fetchone()[0]


def wait_until(what, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if what():
            return
        time.sleep(0.05)
    raise AssertionError("it took too long")


class Clients:
    """They put jobs in, each with its idempotency key, until it is accepted."""

    def __init__(self, weir, key, seed, count):
        self.weir, self.key, self.accepted, self.lock = weir, key, {}, threading.Lock()
        self.numbers, self.dice = iter(range(count)), random.Random(seed)
        self.threads = [threading.Thread(target=self.run) for _ in range(6)]

    def start(self):
        for thread in self.threads:
            thread.start()

    def join(self):
        for thread in self.threads:
            thread.join()

    def run(self):
        while True:
            with self.lock:
                number = next(self.numbers, None)
                mischief, model = self.dice.choice(MISCHIEF), self.dice.choice(MODELS)
                pause = self.dice.random() * 0.1
            if number is None:
                return
            directive = f" @sandbox{{{mischief}}}" if mischief else ""
            while not self.put(number, f"job {number}{directive}", model):
                time.sleep(0.05)
            time.sleep(pause)

    def put(self, number, text, model):
        try:
            reply = create(self.weir, self.key, user_message=text, model=model,
                           headers={"idempotency-key": f"job-{number}"})
        except (OSError, http.client.HTTPException):
            return False
        if reply.status == 503:
            return False
        assert reply.status == 202, reply
        with self.lock:
            assert self.accepted.setdefault(number, reply.json["job_id"]) == reply.json["job_id"]
        return True


def test_each_job_ends_once_whatever_is_killed(lab):
    print(f"seed {SEED}, {KILLS} kills, {JOBS} jobs")
    dice = random.Random(SEED)
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox, QUEUES)
    weir.put_tenant(42, budget_usd=1000)
    clients = Clients(weir, weir.make_key(), SEED, JOBS)
    clients.start()
    for _ in range(KILLS):
        time.sleep(dice.choice([0.05, 0.1, 0.3, 0.6, 1.0, 1.5]))
        weir.kill()
        weir.start()
    clients.join()
    wait_until(lambda: unfinished(weir) == 0, 120)
    assert weir.stop() == 0, weir.log()
    check_jobs(weir, clients.accepted)
    check_ledger(weir, sandbox.truth())


def check_jobs(weir, accepted):
    found = jobs(weir)
    assert set(found) == set(accepted.values()) and len(found) == JOBS
    for job in found.values():
        assert job["status"] in ("complete", "failed"), job
        assert job["attempts"] <= 3, job
        assert job["results"] == (job["status"] == "complete"), job
        assert job["events"] == 1, job
    complete = sum(job["status"] == "complete" for job in found.values())
    again = sum(job["epoch"] > 1 for job in found.values())
    print(f"{complete} complete, {JOBS - complete} failed, {again} were claimed again")
    assert complete > JOBS / 3, "the load was too rough to show a thing"


def check_ledger(weir, truth):
    rows = {f"{row['request_id']}.{row['attempt_no']}": row for row in weir.rows()}
    assert len(rows) == len(weir.rows())
    with database(weir) as base:
        assert base.execute("SELECT count(*) FROM open_attempts").fetchone() == (0,)
        # Every claim has a call of its own: the provider is never asked twice under one key.
        keys = base.execute("SELECT key FROM idempotency WHERE key LIKE 'job:%'").fetchall()
    assert len(keys) == len(set(keys))
    prompts = {}
    for entry in truth:
        row = rows[entry["client_request_id"]]
        cost = true_cost(entry) if entry["billed"] else 0
        assert row["state"] == "settled" and row["cost_nanos"] >= cost, (entry, row)
        if row["basis"] == "reported":
            assert row["cost_nanos"] == cost, (entry, row)
        prompts[row["prompt_digest"]] = prompts.get(row["prompt_digest"], 0) + 1
    # Each job's text is its own.
    assert max(prompts.values()) <= 3, "a job had more than three attempts"
    doubts = sum(row["in_doubt"] for row in rows.values())
    print(f"{len(rows)} rows, {len(truth)} requests at the provider, {doubts} in doubt")


def test_a_job_that_kills_its_server_each_time_is_a_dead_letter(lab):
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox, QUEUES.replace("lease: 1s", "lease: 4s"))
    weir.put_tenant(42)
    key = weir.make_key()
    poison = create(weir, key, user_message="@sandbox{latency_ms=30000} poison").json["job_id"]
    for attempt in (1, 2, 3):
        wait_until(lambda: seen(weir, poison, attempt))
        weir.kill()
        weir.start()
    wait_until(lambda: jobs(weir)[poison]["status"] == "failed")
    dead = weir.api("GET", f"/admin/jobs/dead/{poison}").json
    assert dead["attempts"] == 3
    assert [one["outcome"] for one in dead["history"]] == ["lost"] * 3
    healthy = create(weir, key, user_message="healthy").json["job_id"]
    wait_until(lambda: jobs(weir)[healthy]["status"] == "complete")
    rows = weir.rows()
    assert len(rows) == 4 and sum(row["in_doubt"] for row in rows) == 3


def seen(weir, job, attempt):
    row = jobs(weir)[job]
    with database(weir) as base:
        [(sent,)] = base.execute("SELECT count(*) FROM open_attempts")
    return row["status"] == "processing" and row["attempts"] == attempt and sent > 0


def test_a_tenants_single_job_doesnt_wait_for_anothers_ten_thousand(lab):
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox, "queues: { default: { concurrency: 2 } }")
    weir.put_tenant(1, unlimited=True)
    weir.put_tenant(2, unlimited=True)
    key = weir.make_key([1, 2])
    fill(weir, 1, 10_000)
    begin = time.monotonic()
    job = create(weir, key, tenant=2, user_message="mine").json["job_id"]
    wait_until(lambda: jobs_of(weir, 2) == [(job, "complete")])
    print(f"the single job was done after {time.monotonic() - begin:.2f} s")
    assert unfinished(weir) > 5_000
    queue = next(queue for queue in weir.api("GET", "/admin/jobs/queues").json["queues"]
                 if queue["queue"] == "default")
    assert queue["waiting"] > 5_000 and queue["lag_ms"] > 0
    samples = dict(line.rsplit(" ", 1) for line in weir.api("GET", "/metrics").body.decode().splitlines()
                   if not line.startswith("#"))
    figures = {name: float(samples[f'weir_jobs_{name}{{queue="default"}}'])
               for name in ("waiting", "lag_seconds", "oldest_age_seconds", "complete_total")}
    assert figures["waiting"] > 5_000 and figures["complete_total"] > 0
    assert 0 < figures["lag_seconds"] <= figures["oldest_age_seconds"]
    assert weir.request("GET", "/health").json["checks"]["queue_lag_ms"] > 0


def jobs_of(weir, tenant):
    with database(weir) as base:
        return base.execute(
            "SELECT job_id, status FROM jobs WHERE tenant_id = ?", (tenant,)).fetchall()


def fill(weir, tenant, count):
    """Copies one waiting job in the file, since ten thousand calls would take their time."""
    key = weir.make_key([tenant])
    create(weir, key, tenant=tenant, user_message="@sandbox{latency_ms=40} many", delay_s=600)
    assert weir.stop() == 0
    with contextlib.closing(sqlite3.connect(weir.database)) as base, base:
        names = [row[1] for row in base.execute("PRAGMA table_info(jobs)")
                 if row[1] not in ("seq", "job_id")]
        columns = ", ".join(names)
        for number in range(1, count):
            base.execute(f"INSERT INTO jobs (job_id, {columns}) "
                         f"SELECT job_id || '{number}', {columns} FROM jobs WHERE seq = 1")
        base.execute("INSERT INTO job_requests SELECT j.seq, r.body FROM jobs j, job_requests r "
                     "WHERE j.seq > 1 AND r.seq = 1")
        base.execute("UPDATE jobs SET moment = accepted_at")
        base.execute("UPDATE job_turns SET unfinished = ?", (count,))
    weir.start()


def test_what_runs_is_finished_when_the_server_is_asked_to_end(lab):
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox, "queues: { default: { concurrency: 1 } }")
    weir.put_tenant(42)
    key = weir.make_key()
    first = create(weir, key, user_message="@sandbox{latency_ms=4000} first").json["job_id"]
    second = create(weir, key, user_message="second").json["job_id"]
    wait_until(lambda: jobs(weir)[first]["status"] == "processing")
    assert weir.stop() == 0, weir.log()
    found = jobs(weir)
    assert found[first]["status"] == "complete" and found[second]["status"] == "queued"
    weir.start()
    wait_until(lambda: jobs(weir)[second]["status"] == "complete")
    assert [row["in_doubt"] for row in weir.rows()] == [0, 0]

