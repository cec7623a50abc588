"""A ledger changed behind Weir's back while it is stopped: `weir audit verify` finds it."""
import json
import shutil
import sqlite3
import subprocess

import pytest

from weirlab import BINARY, Sandbox, Weir

FIRST = "(SELECT MIN(attempt_id) FROM ai_usage_log)"
COLUMNS = {
    "tenant_id": "43", "user_id": "9", "feature": "'other'", "key_id": "'key_other'",
    "provider": "'gemini'", "model": "'other'", "upstream_model": "'other'", "period": "202001",
    "day": "20200101", "held_nanos": "1", "price_version": "'x'", "created_at": "created_at + 1",
    "prompt_digest": "x'00'", "kind": "'cache'", "status": "'provider_rejected'",
    "basis": "'estimated'", "cost_nanos": "cost_nanos - 1", "input_tokens": "input_tokens + 1",
    "output_tokens": "output_tokens + 1", "in_doubt": "1", "usage_suspect": "1",
    "settled_at": "settled_at + 1", "answer_digest": "x'00'", "request_id": "'req_other'",
    "reasoning_tokens": "1", "cache_read_tokens": "1", "service_tier": "'batch'",
}
# A call of tenant 42 with a chosen cost; what an insider would like to have.
FORGED = """
    CREATE TABLE copy AS
        SELECT * FROM ai_usage_log WHERE kind = 'call' ORDER BY attempt_id DESC LIMIT 1;
    UPDATE copy SET attempt_id = attempt_id + 1, request_id = 'req_forged';
    INSERT INTO ai_usage_log SELECT * FROM copy;
    DROP TABLE copy"""
OTHERS = {
    "a row less": f"DELETE FROM ai_usage_log WHERE attempt_id = {FIRST}",
    "the last row less":
        "DELETE FROM ai_usage_log WHERE attempt_id = (SELECT MAX(attempt_id) FROM ai_usage_log)",
    "a row more": FORGED,
    "an adjustment's amount": "UPDATE ai_usage_log SET cost_nanos = 1 WHERE kind = 'adjustment'",
    "an adjustment's row": f"UPDATE ai_usage_log SET adjusts = {FIRST} WHERE kind = 'adjustment'",
    "an adjustment less": "DELETE FROM ai_usage_log WHERE kind = 'adjustment'",
    "an entry's time": "UPDATE audit_log SET at = at + 1 WHERE seq = 1",
    "an entry's actor": "UPDATE audit_log SET actor = 'nobody' WHERE seq = 2",
    "an entry's action": "UPDATE audit_log SET action = 'key.create' WHERE seq = 1",
    "an entry's subject": "UPDATE audit_log SET subject = 'x' WHERE seq = 1",
    "an entry's tenant": "UPDATE audit_log SET tenant_id = 7 WHERE seq = 1",
    "an entry's details": "UPDATE audit_log SET details = '{}' WHERE action = 'adjustment.book'",
    "an entry's hash": "UPDATE audit_log SET hash = zeroblob(32) WHERE seq = 3",
    "what an entry vouches for": "UPDATE audit_log SET members = x'' WHERE action = 'ledger.batch'",
    "the first entry": "DELETE FROM audit_log WHERE seq = 1",
    "an entry in between": "DELETE FROM audit_log WHERE seq = 3",
    "the order of entries":
        "UPDATE audit_log SET seq = -seq WHERE seq IN (2, 3);"
        "UPDATE audit_log SET seq = 5 + seq WHERE seq < 0",
    "all entries": "DELETE FROM audit_log",
}
CASES = OTHERS | {f"a row's {name}": f"UPDATE ai_usage_log SET {name} = {value} "
                  f"WHERE attempt_id = {FIRST}" for name, value in COLUMNS.items()}
LAST = "(SELECT MAX(seq) FROM audit_log)"


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    """A stopped Weir's database with every kind of row, and a checkpoint of its chain."""
    folder = tmp_path_factory.mktemp("tampering")
    sandbox = Sandbox(folder).start()
    weir = Weir(folder, sandbox)
    weir.start()
    weir.put_tenant(42)
    key = weir.make_key()
    for number in range(6):
        named = {"idempotency-key": f"k{number % 2}"} if number > 3 else {}
        weir.complete(key, f"@sandbox{{output_tokens=20}} call {number % 2 if named else number}",
                      max_tokens=50, headers=named)
    weir.complete(key, "@sandbox{reset} in doubt")
    weir.complete(key, "@sandbox{status=500} refused")
    body = {"tenant_id": 42, "attempt_id": str(weir.rows()[1]["attempt_id"]),
            "amount_usd": "0.5", "reason": "x"}
    assert weir.api("POST", "/admin/adjustments", body).status == 201
    verdict = weir.api("GET", "/admin/audit/verify").json
    assert verdict["sound"]
    note = folder / "checkpoint.json"
    note.write_text(json.dumps(verdict["head"]))
    assert weir.stop() == 0
    sandbox.stop()
    return weir.database, note


def verify(database, note=None):
    """The verdict on a file, offline: its exit code and its JSON."""
    more = ["--checkpoint", str(note)] if note else []
    done = subprocess.run([str(BINARY), "audit", "verify", "--json", "--database", str(database),
                           *more], capture_output=True, text=True, timeout=60)
    return done.returncode, json.loads(done.stdout or "null"), done.stderr


def tampered(ledger, tmp_path, statements):
    """A copy of the database with its triggers gone and something changed."""
    copy = tmp_path / "copy.db"
    shutil.copy(ledger[0], copy)
    base = sqlite3.connect(copy, isolation_level=None)
    base.execute("PRAGMA ignore_check_constraints = ON")
    for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        base.execute(f"DROP TRIGGER {name}")
    before = "\n".join(base.iterdump())
    base.executescript(statements)
    assert "\n".join(base.iterdump()) != before, "the statement changed nothing"
    base.close()
    return copy


def test_an_untouched_ledger_is_sound(ledger):
    code, verdict, _ = verify(*ledger)
    assert code == 0 and verdict["sound"] and verdict["entries"] > 5


@pytest.mark.parametrize("what", CASES)
def test_what_was_changed_is_found_without_a_checkpoint(ledger, tmp_path, what):
    code, verdict, errors = verify(tampered(ledger, tmp_path, CASES[what]))
    assert code == 1 and not verdict["sound"], (verdict, errors)
    assert verdict["reason"] and verdict["broken_at"] >= 0


def test_a_cut_tail_takes_a_checkpoint_to_see(ledger, tmp_path):
    """Rows, their entries and their part of the sums gone together leave a chain that is whole,
    only shorter."""
    cut = tampered(ledger, tmp_path, f"""
        UPDATE usage_rollup SET cost_nanos = cost_nanos - 500000000;
        DELETE FROM ai_usage_log WHERE kind = 'adjustment';
        DELETE FROM audit_log WHERE seq = {LAST};
        DELETE FROM audit_log WHERE seq = {LAST}""")
    assert verify(cut)[0] == 0
    code, verdict, _ = verify(cut, ledger[1])
    assert code == 1 and "checkpoint" in verdict["reason"], verdict


SUMS = {
    "no cost": "UPDATE usage_rollup SET cost_nanos = 0",
    "no sums": "DELETE FROM usage_rollup",
    "a call more": "UPDATE usage_rollup SET calls = calls + 1 WHERE dimension = 'user'",
    "a credit for a month to come":
        "INSERT INTO usage_rollup VALUES (42, 209901, 'total', '', 0, 0, 0, -5000000000)",
}


@pytest.mark.parametrize("what", SUMS)
def test_a_changed_sum_is_found(ledger, tmp_path, what):
    code, verdict, _ = verify(tampered(ledger, tmp_path, SUMS[what]))
    assert code == 1 and not verdict["sound"], verdict
    assert "tenant 42" in verdict["reason"] and "the stored sum is" in verdict["reason"], verdict


def command(*arguments, code=0):
    done = subprocess.run([str(BINARY), *map(str, arguments)], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == code, done
    return done.stdout + done.stderr


def change(database, statements):
    base = sqlite3.connect(database, isolation_level=None)
    base.executescript(statements)
    base.close()


def test_a_budget_does_not_start_from_a_changed_sum(lab):
    """Sums set to nothing would give a tenant its whole budget again. The start is refused; with
    the sums rebuilt from their rows, what was spent is spent."""
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox)
    weir.put_tenant(42, budget_usd=0.0005)
    key = weir.make_key()
    while weir.complete(key, "@sandbox{output_tokens=100} hello", max_tokens=120).status == 200:
        pass
    spent = sum(row["cost_nanos"] for row in weir.rows())
    assert 0 < spent <= 500_000 and weir.stop() == 0
    change(weir.database, "UPDATE usage_rollup SET cost_nanos = 0")
    image = weir.database.read_bytes()
    weir.launch("serve", "--config", weir.config, wait=False)
    assert weir.process.wait(timeout=30) == 1
    said = weir.log().strip().splitlines()[-1]
    for part in ["weir can't start", "tenant 42", "weir audit verify", "rebuild-sums"]:
        assert part in said, said
    assert weir.database.read_bytes() == image, "the evidence was changed"
    database = ("--database", weir.database)
    assert "tenant 42" in command("audit", "verify", *database, code=1)
    assert "tenant 42, " in command("audit", "rebuild-sums", *database)
    assert "nothing is changed" in command("audit", "rebuild-sums", *database)
    assert "sound" in command("audit", "verify", *database)
    weir.start()
    assert weir.complete(key, "@sandbox{output_tokens=100} hello", max_tokens=120).status == 402
    assert sum(row["cost_nanos"] for row in weir.rows()) == spent
    entries = weir.api("GET", "/admin/audit").json["entries"]
    entry = next(entry for entry in entries if entry["action"] == "ledger.rebuild_sums")
    assert entry["actor"] == "operator" and entry["details"]["differences"]
    assert weir.api("GET", "/admin/audit/verify").json["sound"]


def test_a_sum_that_is_changed_under_a_running_server_is_found_over_http(running):
    _, weir, key = running
    assert weir.complete(key, "hello").status == 200
    assert weir.api("GET", "/admin/audit/verify").json["sound"]
    change(weir.database, "UPDATE usage_rollup SET cost_nanos = 0 WHERE dimension = 'key'")
    verdict = weir.api("GET", "/admin/audit/verify").json
    assert not verdict["sound"] and "tenant 42" in verdict["reason"], verdict


def test_sums_of_forged_rows_are_not_rebuilt(ledger, tmp_path):
    copy = tampered(ledger, tmp_path, CASES["a row's cost_nanos"])
    said = command("audit", "rebuild-sums", "--database", copy, code=1)
    assert "nothing is changed" in said and "audit chain is broken" in said
