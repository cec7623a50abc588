"""The `weir` command against a running server, and what it says of tampering."""
import json
import re
import sqlite3
import subprocess
import time

import pytest

from weirlab import ADMIN, BINARY, ROOT


def weir_command(*arguments, **environment):
    return subprocess.run([str(BINARY), *map(str, arguments)], capture_output=True, text=True,
                          timeout=60, env={"PATH": "/usr/bin:/bin", **environment})


@pytest.fixture
def command(running):
    _, weir, _ = running

    def run(*arguments, code=0):
        done = weir_command(*arguments, "--url", f"http://127.0.0.1:{weir.port}", "--key", ADMIN)
        assert done.returncode == code, (arguments, done.stdout, done.stderr)
        return done.stdout + done.stderr
    return run


def test_the_tour_of_administration(running, command):
    sandbox, weir, key = running
    command("tenants", "put", 43, "--name", "Acme", "--tier", "growth", "--active", "--budget", "5",
            "--user-budget", "7=0.0000001")
    assert "Acme" in command("tenants", "list") and "Acme" in command("tenants", "show", 43)
    made = json.loads(command("keys", "create", "cli", "--role", "service", "--tenant",
                              "43", "--json"))
    assert weir.complete(made["key"], "hi", tenant=43).status == 200
    assert weir.complete(made["key"], "hi", tenant=43, user_id=7).status == 402
    rotated = json.loads(command("keys", "rotate", made["key_id"], "--overlap", "2s", "--json"))
    assert weir.complete(made["key"], "hi", tenant=43).status == 200
    assert weir.complete(rotated["key"], "hi", tenant=43).status == 200
    time.sleep(2.2)
    assert weir.complete(made["key"], "hi", tenant=43).status == 401
    assert weir.complete(rotated["key"], "hi", tenant=43).status == 200
    command("keys", "revoke", rotated["key_id"])
    assert weir.complete(rotated["key"], "hi", tenant=43).status == 401
    listing = command("keys", "list")
    assert made["key_id"] in listing and made["key"] not in listing
    command("switches", "engage", "tenant:42")
    assert weir.complete(key, "hi").status == 403
    assert "tenant:42" in command("switches", "list")
    command("switches", "release", "tenant:42")
    assert weir.complete(key, "hi").status == 200
    assert "tenant" in command("budget", "show", 43)
    assert "gpt-4o-mini" in command("usage", "log", 43)
    assert json.loads(command("usage", "show", 43, "--json"))["calls"] == 4
    assert "key.rotate" in command("audit", "list")
    assert "claude-haiku-4-5" in command("prices", "list")


def test_exit_codes_mean_something(command):
    command("tenants", "show", 999, code=1)
    assert weir_command("tenants", "show", "x").returncode == 2
    assert weir_command("no-such-command").returncode == 2
    unreachable = weir_command("tenants", "list", "--url", "http://127.0.0.1:1", "--key", ADMIN)
    assert unreachable.returncode == 3


def test_all_mistakes_are_told_at_once(tmp_path):
    config = tmp_path / "weir.yaml"
    config.write_text("server: { port: 99999, hots: x }\nproviders: { openai: { base_url: 'ftp://x' } }\n"
                      "limits: { call_timeout: soon }\ncolour: red\n")
    done = weir_command("check-config", "--config", config)
    assert done.returncode == 1
    for path in ["server.port", "server.hots", "providers.openai.base_url", "limits.call_timeout",
                 "colour"]:
        assert path in done.stdout + done.stderr, (path, done)
    good = weir_command("check-config", "--config", ROOT / "weir.example.yaml",
                        WEIR_ADMIN_KEY="x" * 32, ANTHROPIC_API_KEY="a", OPENAI_API_KEY="b",
                        DEEPSEEK_API_KEY="c", GEMINI_API_KEY="d")
    assert good.returncode == 0, good.stdout + good.stderr


def test_doctor_says_what_is_in_use(running):
    _, weir, _ = running
    done = weir_command("doctor", "--offline", "--config", weir.config)
    assert str(weir.process.pid) in done.stdout + done.stderr, done
    assert weir.stop() == 0
    done = weir_command("doctor", "--offline", "--config", weir.config)
    assert "database" in done.stdout and done.returncode == 0, done.stdout + done.stderr


TAMPERING = {
    "a row's cost": ["DROP TRIGGER ai_usage_log_is_final",
                     "UPDATE ai_usage_log SET cost_nanos = 1 WHERE attempt_id = "
                     "(SELECT MIN(attempt_id) FROM ai_usage_log)"],
    "a row": ["DROP TRIGGER ai_usage_log_keeps",
              "DELETE FROM ai_usage_log WHERE attempt_id = (SELECT MIN(attempt_id) FROM ai_usage_log)"],
    "an entry's actor": ["UPDATE audit_log SET actor = 'nobody' WHERE seq = 2"],
    "an entry": ["DELETE FROM audit_log WHERE seq = 2"],
    "the tail": ["DELETE FROM audit_log WHERE seq = (SELECT MAX(seq) FROM audit_log)"],
}


@pytest.mark.parametrize("what", TAMPERING)
def test_tampering_is_found(running, command, what, tmp_path):
    sandbox, weir, key = running
    for number in range(3):
        assert weir.complete(key, f"call {number}").status == 200
    checkpoint = json.loads(command("audit", "checkpoint", "--json"))
    note = tmp_path / "checkpoint.json"
    note.write_text(json.dumps(checkpoint))
    command("audit", "verify", "--checkpoint", note)
    assert weir.stop() == 0
    base = sqlite3.connect(weir.database)
    triggers = base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' "
                            "AND tbl_name = 'audit_log'").fetchall()
    for (name,) in triggers:
        base.execute(f"DROP TRIGGER {name}")
    for statement in TAMPERING[what]:
        base.execute(statement)
    base.commit()
    base.close()
    if what.startswith("a row"):        # its sums are another's then: that is no start
        weir.launch("serve", "--config", weir.config, wait=False)
        assert weir.process.wait(timeout=30) == 1 and "tenant 42" in weir.log()
        done = weir_command("audit", "verify", "--database", weir.database, "--checkpoint", note)
        assert done.returncode == 1 and "BROKEN" in done.stdout + done.stderr, done
        return
    weir.start()
    assert "BROKEN" in command("audit", "verify", "--checkpoint", note, code=1)


def test_a_database_that_nobody_touched_is_sound(running, command, tmp_path):
    sandbox, weir, key = running
    assert weir.complete(key, "hi").status == 200
    note = tmp_path / "checkpoint.json"
    note.write_text(command("audit", "checkpoint"))
    assert weir.stop() == 0
    verify = ["audit", "verify", "--checkpoint", note, "--database", weir.database]
    done = weir_command(*verify)
    assert done.returncode == 0 and "sound" in done.stdout, done
    assert json.loads(weir_command(*verify, "--json").stdout)["sound"] is True
    base = sqlite3.connect(weir.database)
    base.execute("DROP TRIGGER audit_log_keeps")
    base.execute("DELETE FROM audit_log WHERE seq = 1")
    base.commit()
    base.close()
    done = weir_command(*verify, "--json")
    assert done.returncode == 1 and json.loads(done.stdout)["sound"] is False, done
    assert weir_command("audit", "verify", "--database", tmp_path / "none.db").returncode == 2


def test_every_answer_can_be_json(running, command):
    sandbox, weir, key = running
    assert weir.complete(key, "hi").status == 200
    for words in ["tenants list", "tenants show 42", "keys list", "switches list", "budget show 42",
                  "usage show 42", "usage log 42", "usage tenants", "prices list", "audit list",
                  "audit verify"]:
        assert json.loads(command(*words.split(), "--json")), words
    doctor = weir_command("doctor", "--offline", "--json", "--config", weir.config)
    assert all(check["outcome"] in ("ok", "warn", "fail")
               for check in json.loads(doctor.stdout)["checks"])
    # Address and key out of the configuration.
    usage = weir_command("usage", "show", 42, "--json", "--config", weir.config)
    assert json.loads(usage.stdout)["calls"] == 1


def test_a_cost_is_adjusted(running, command):
    sandbox, weir, key = running
    assert weir.complete(key, "@sandbox{input_tokens=1000,output_tokens=100} hi").status == 200
    [row] = weir.rows()
    attempt = row["attempt_id"]
    command("adjust", 42, attempt, "--credit", "0.00001", "--reason", "note 7")
    command("adjust", 42, attempt, "--charge", "0.000002", "--reason", "note 8")
    assert [r["cost_nanos"] for r in weir.rows()] == [210_000, -10_000, 2_000]
    assert abs(json.loads(command("usage", "show", 42, "--json"))["cost_usd"] - 0.000202) < 1e-9
    command("adjust", 42, attempt, "--credit", "1", "--reason", "too much", code=1)
    command("adjust", 42, attempt, "--reason", "neither", code=2)
    assert "note 7" in command("audit", "list")


def test_price_documents_are_checked_and_put(running, command, tmp_path):
    sandbox, weir, key = running
    document = tmp_path / "own.yaml"
    document.write_text('version: "mine.1"\nprices:\n'
                        '  - { provider: openai, model: gpt-4o-mini, input: "1", output: "2" }\n')
    done = weir_command("prices", "check", document)
    assert done.returncode == 0 and "mine.1" in done.stdout, done
    command("prices", "put", document)
    assert weir.complete(key, "@sandbox{input_tokens=10,output_tokens=3} hi").status == 200
    [row] = weir.rows()
    assert (row["cost_nanos"], row["price_version"]) == (16_000, "mine.1")
    document.write_text('version: "mine.2"\nprices:\n'
                        '  - { provider: openai, model: x, input: 1 }\n')
    assert weir_command("prices", "check", document).returncode == 1
    command("prices", "put", document, code=1)


def test_the_demo_shows_a_call_and_a_refusal(tmp_path):
    done = weir_command("demo", "--once", "--port", "0", TMPDIR=str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    for mark in ["POST /ai/complete", "cost_usd", "state: settled", "remaining", "ai_budget_exceeded",
                 "curl"]:
        assert mark in done.stdout, done.stdout
    assert re.search(r'"cost_usd":0\.0000\d+', done.stdout)


def test_logs_can_be_json(lab):
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox, start=False)
    weir.config.write_text(weir.config.read_text().replace(
        "logging: { level: warning }", "logging: { level: info, format: json }"))
    weir.start()
    weir.put_tenant(42)
    weir.complete(weir.make_key(), "canary-77 @sandbox{status=500}")
    assert weir.stop() == 0
    lines = (weir.folder / "weir.log").read_text().splitlines()
    entries = [json.loads(line) for line in lines]
    assert any(entry["message"] == "provider refused" for entry in entries)
    assert all({"time", "level", "logger", "message"} <= set(entry) for entry in entries)
    assert "canary-77" not in "".join(lines)
