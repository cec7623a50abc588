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
    weir.start()
    command("audit", "verify", "--checkpoint", note, code=1)


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
    assert "canary-77" not in "".join(lines)
