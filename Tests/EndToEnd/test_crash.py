"""kill -9 at random moments under load, on a real file; then the ledger against the truth.

The sandbox keeps its own log of what a provider would have billed. After every restart, and over
everything at the end, the invariants of the money protocol (I1 to I14) are checked against it.
`WEIR_KILLS` and `WEIR_SEED` make a longer or another run.
"""
import http.client
import os
import random
import sqlite3
import threading
import time

from weirlab import true_cost

KILLS = int(os.environ.get("WEIR_KILLS", "200"))
SEED = int(os.environ.get("WEIR_SEED", "20261122"))
CLIENTS = 12
MODELS = ["gpt-4o-mini", "claude-haiku-4-5", "deepseek-chat", "gemini-2.5-flash"]
# What a provider may do to us meanwhile; most of the time it behaves.
MISCHIEF = ["", "", "", "", "latency_ms=5", "latency_ms=30", "status=500", "status=429",
            "reset", "usage=absent", "garbage", "status=504"]


class Load:
    """Clients that call, retry with their idempotency keys, and remember what they were told."""

    def __init__(self, weir, key, seed):
        self.weir, self.key, self.random = weir, key, random.Random(seed)
        self.lock = threading.Lock()
        self.answers = []          # (request_id, body) of every 200 that arrived whole
        self.keyed = {}            # idempotency key -> set of bodies of its 200s
        self.running = True
        self.threads = [threading.Thread(target=self.run, args=(n,)) for n in range(CLIENTS)]

    def start(self):
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.running = False
        for thread in self.threads:
            thread.join()

    def run(self, number):
        dice = random.Random(self.random.random() + number)
        serial = 0
        while self.running:
            serial += 1
            mischief = dice.choice(MISCHIEF)
            directive = f" @sandbox{{{mischief}}}" if mischief else ""
            text = f"client {number} call {serial}{directive} " + "word " * dice.randrange(40)
            headers, tries = {}, 1
            if dice.random() < 0.4:
                headers = {"idempotency-key": f"crash-{number}-{serial}"}
                tries = 6
            model = dice.choice(MODELS)
            cap = dice.choice([8, 64, 400])
            user = dice.randrange(1, 5)
            for _ in range(tries):
                if not self.running or self.ask(text, model, cap, user, headers):
                    break
                time.sleep(0.03)

    def ask(self, text, model, cap, user, headers):
        """Whether the call is over, one way or another."""
        try:
            reply = self.weir.complete(self.key, text, model=model, max_tokens=cap, user_id=user,
                                       feature_slug=f"f{user}", headers=headers, timeout=10)
        except (OSError, http.client.HTTPException):
            return False
        assert reply.status in (200, 400, 402, 409, 502, 503, 504), reply
        if reply.status == 200:
            body = reply.json
            with self.lock:
                self.answers.append((body["request_id"], body,
                                     reply.headers.get("idempotent-replayed")))
                if headers:
                    self.keyed.setdefault(headers["idempotency-key"], set()).add(reply.body)
        return reply.status not in (409, 503)


def test_no_row_is_lost_or_doubled_by_kill_9(lab):
    dice = random.Random(SEED)
    print(f"seed {SEED}, {KILLS} kills")
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox)
    weir.put_tenant(42, budget_usd=1000, budgets={"users": {"*": 400}, "features": {"f1": 300}})
    key = weir.make_key()
    load = Load(weir, key, SEED)
    load.start()
    try:
        for kill in range(KILLS):
            time.sleep(dice.choice([0.0, 0.01, 0.03, 0.08, 0.15, 0.3]))
            weir.kill()
            weir.start()
            if kill % 20 == 0:
                check_running(weir)
    finally:
        load.stop()
    settle_down(weir)
    check_running(weir)
    assert weir.stop() == 0, weir.log()
    check_ledger(weir, sandbox.truth(), load)


def settle_down(weir, seconds=30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if all(scope["held_usd"] == 0 for scope in weir.budget()["scopes"]):
            return
        time.sleep(0.05)
    raise AssertionError(f"money is still held (I6): {weir.budget()}")


def check_running(weir):
    for scope in weir.budget()["scopes"]:
        if scope["limit_usd"] is not None:
            assert scope["settled_usd"] + scope["held_usd"] <= scope["limit_usd"], scope  # I1
    verdict = weir.api("GET", "/admin/audit/verify")
    assert verdict.status == 200 and verdict.json["sound"], verdict


def check_ledger(weir, truth, load):
    rows = weir.rows()
    calls = [row for row in rows if row["kind"] == "call"]
    by_id = {}
    for row in calls:
        identity = f"{row['request_id']}.{row['attempt_no']}"
        assert identity not in by_id, f"two rows for one attempt (I2): {identity}"
        by_id[identity] = row
    with sqlite3.connect(f"file:{weir.database}?mode=ro", uri=True) as base:
        [(open_attempts,)] = base.execute("SELECT COUNT(*) FROM open_attempts")
    assert open_attempts == 0, "left open after a clean stop (I2)"
    charged = [row["prompt_digest"] for row in calls if row["cost_nanos"] > 0]
    assert len(charged) == len(set(charged)), "a prompt was charged twice (I4)"
    for row in rows:
        assert row["attempt_no"] == 1                                               # I10
        assert row["cost_nanos"] >= 0 and row["input_tokens"] >= 0                   # I7
        assert row["output_tokens"] >= row["reasoning_tokens"] >= 0
        assert row["cache_read_tokens"] <= row["input_tokens"]

    seen = set()
    doubts = 0
    for entry in truth:
        identity = entry["client_request_id"]
        assert identity in by_id, f"sent without an INTENT (I3): {entry}"
        assert identity not in seen, f"sent twice: {entry}"
        seen.add(identity)
        row = by_id[identity]
        assert row["state"] == "settled", f"sent but void: {entry} {row}"
        cost = true_cost(entry) if entry["billed"] else 0
        assert row["cost_nanos"] >= cost, f"below the truth: {entry} {row}"
        if row["basis"] == "reported":
            assert row["cost_nanos"] == cost, f"reported, yet not the truth: {entry} {row}"
            assert (row["input_tokens"], row["output_tokens"]) == (
                entry["input_tokens"], entry["output_tokens"])
        doubts += row["in_doubt"]
    print(f"{len(rows)} rows, {len(truth)} requests at the provider, {doubts} of them in doubt, "
          f"{len(load.answers)} answers at the clients")
    assert len(truth) > KILLS and len(load.answers) > KILLS, "the load was too thin to show a thing"

    for request, body, replayed in load.answers:                                    # I3
        row = by_id.get(f"{request}.1")
        assert row and row["state"] == "settled" and row["status"] == "ok", (request, row)
        assert row["output_tokens"] == body["output_tokens"]
        assert abs(row["cost_nanos"] / 1e9 - body["cost_usd"]) <= 0.5000001e-6, (row, body)
    for key, bodies in load.keyed.items():                                          # I4
        assert len(bodies) == 1, f"{key} was answered differently: {bodies}"
    replays = [row for row in rows if row["kind"] == "replay"]
    assert all(row["cost_nanos"] == 0 for row in replays)
    check_executions_per_key(weir, by_id)
    check_sums(weir, rows)


def check_executions_per_key(weir, by_id):
    """A kept claim belongs to exactly one attempt; nobody else was executed under its key."""
    with sqlite3.connect(f"file:{weir.database}?mode=ro", uri=True) as base:
        kept = base.execute("SELECT key, request_id, status FROM idempotency").fetchall()
    for key, request, status in kept:
        assert status is not None, f"claim {key} is still in flight after a clean stop"
        assert f"{request}.1" in by_id, (key, request)


def check_sums(weir, rows):
    """I14: roll-ups are the sums of the rows, in every dimension."""
    expected = {}
    for row in rows:
        if row["state"] != "settled":
            continue
        names = {"total": "", "user": str(row["user_id"]), "feature": row["feature"],
                 "model": row["model"], "provider": row["provider"], "key": row["key_id"]}
        for dimension, value in names.items():
            sums = expected.setdefault((row["tenant_id"], dimension, value), [0, 0, 0, 0])
            sums[0] += row["kind"] != "adjustment"
            sums[1] += row["input_tokens"]
            sums[2] += row["output_tokens"]
            sums[3] += row["cost_nanos"]
    with sqlite3.connect(f"file:{weir.database}?mode=ro", uri=True) as base:
        found = {}
        for tenant, dimension, value, *sums in base.execute(
                "SELECT tenant_id, dimension, value, calls, input_tokens, output_tokens, "
                "cost_nanos FROM usage_rollup WHERE dimension <> 'day'"):
            held = found.setdefault((tenant, dimension, value), [0, 0, 0, 0])
            for index, amount in enumerate(sums):
                held[index] += amount
        days = base.execute("SELECT SUM(cost_nanos) FROM usage_rollup WHERE dimension = 'day'")
        assert days.fetchone()[0] == sum(row["cost_nanos"] for row in rows)
    assert found == expected
