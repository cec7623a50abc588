"""The configuration, read again while calls run: what changes, what doesn't, and that no call fails."""
import concurrent.futures
import http.client
import json
import signal
import subprocess
import threading
import time

import pytest

from weirlab import ADMIN, BINARY

LIMITS = "limits: { ai: { per_minute: 1, burst: 3 } }"


def rewrite(weir, old, new):
    text = weir.config.read_text()
    assert old in text
    weir.config.write_text(text.replace(old, new))


def reload(weir):
    return weir.api("POST", "/admin/reload", {})


def reports(weir):
    entries = weir.api("GET", "/admin/audit?limit=500").json["entries"]
    return [entry for entry in entries if entry["action"] == "config.reload"]


@pytest.fixture
def limited(lab):
    weir = lab.weir(lab.sandbox(), LIMITS)
    weir.put_tenant(42)
    return weir, weir.make_key()


def test_limits_change_at_once_and_what_was_asked_for_counts_on(limited):
    weir, key = limited
    assert [weir.complete(key, "one").status for _ in range(5)] == [200] * 4 + [429]
    rewrite(weir, "burst: 3", "burst: 5")
    reply = reload(weir)
    assert (reply.status, reply.json["needs_restart"]) == (200, [])
    assert "limits.ai.burst" in reply.json["applied"]
    assert [weir.complete(key, "one").status for _ in range(3)] == [200, 200, 429]
    rewrite(weir, "burst: 5", "burst: 2")
    assert reload(weir).status == 200
    assert weir.complete(key, "one").status == 429
    rewrite(weir, "per_minute: 1,", "per_minute: 0,")
    assert reload(weir).status == 200
    assert [weir.complete(key, "one").status for _ in range(10)] == [200] * 10
    [last, *_] = reports(weir)
    assert last["actor"] == "key_bootstrap"
    assert "limits.ai.per_minute" in last["details"]["applied"]


def test_a_configuration_with_mistakes_changes_nothing_and_is_told_whole(limited):
    weir, key = limited
    sound = weir.config.read_text()
    weir.config.write_text(sound.replace("burst: 3", "burst: many") + "\nunknown: 1\n")
    reply = reload(weir)
    assert (reply.status, reply.json["error"]) == (400, "invalid_request")
    assert "limits.ai.burst: must be a whole number" in reply.json["message"]
    assert "unknown: is no key of this version" in reply.json["message"]
    weir.signal(signal.SIGHUP)
    deadline = time.monotonic() + 60
    while "was not reloaded" not in weir.log() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert "limits.ai.burst" in weir.log() and reports(weir) == []
    assert [weir.complete(key, "one").status for _ in range(5)] == [200] * 4 + [429]
    weir.config.unlink()
    assert "there is no such file" in reload(weir).json["message"]


def test_what_only_a_start_can_change_is_named_and_stays(limited):
    weir, key = limited
    rewrite(weir, "openai:    { api_key: sk-test", "openai:    { api_key: sk-other")
    rewrite(weir, f"port: {weir.port} }}", "port: 1, drain_timeout: 1s }")
    reply = reload(weir)
    assert reply.json["applied"] == []
    assert set(reply.json["needs_restart"]) == {
        "server.port", "server.drain_timeout", "providers.openai.api_key"}
    assert reload(weir).json == reply.json
    assert weir.complete(key, "one").status == 200
    assert "sk-other" not in weir.log() and "sk-other" not in json.dumps(reports(weir))


def test_only_an_administrator_reloads(limited):
    weir, key = limited
    assert weir.api("POST", "/admin/reload", {}, key).status == 403
    assert weir.api("POST", "/admin/reload", {}, None).status == 401
    assert reports(weir) == []


def test_a_signal_and_the_command_line_do_the_same(limited):
    weir, _ = limited
    weir.api("GET", "/admin/tenants")
    assert '"request"' not in weir.log() and " debug " not in weir.log()
    rewrite(weir, "level: warning", "level: debug")
    weir.signal(signal.SIGHUP)
    deadline = time.monotonic() + 60
    while not reports(weir) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert reports(weir)[0]["actor"] == "operator"
    assert reports(weir)[0]["details"]["applied"] == ["logging.level"]
    weir.api("GET", "/admin/tenants")
    assert " debug " in weir.log()
    rewrite(weir, "burst: 3", "burst: 4")
    rewrite(weir, f"admin_key: {ADMIN}", f"admin_key: {ADMIN}2")
    ended = subprocess.run(
        [BINARY, "reload", "--url", f"http://127.0.0.1:{weir.port}", "--key", ADMIN],
        capture_output=True, text=True, timeout=30, cwd=weir.folder)
    assert ended.returncode == 0, ended
    assert "applied        limits.ai.burst\n" in ended.stdout
    assert "needs restart  admin_key" in ended.stdout
    rewrite(weir, "burst: 4", "burst: x")
    ended = subprocess.run(
        [BINARY, "reload", "--url", f"http://127.0.0.1:{weir.port}", "--key", ADMIN],
        capture_output=True, text=True, timeout=30, cwd=weir.folder)
    assert ended.returncode == 1 and "limits.ai.burst" in ended.stderr


def test_templates_are_for_reports_that_are_asked_for_afterwards(lab, tmp_path):
    prompt = tmp_path / "weekly.mustache"
    prompt.write_text("First {{a}}")
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox, f"""
templates: {{ model: gpt-4o-mini, features: {{ weekly: {{ user_file: {prompt} }} }} }}""")
    weir.put_tenant(42)
    key = weir.make_key()

    def ask(feature="weekly", **more):
        body = {"tenant_id": 42, "feature_slug": feature, "params": {"a": 1}, **more}
        return weir.api("POST", "/reports/generate", body, key)

    def content(job):
        deadline = time.monotonic() + 60
        while True:
            reply = weir.api("GET", f"/reports/{job}/download", key=key)
            if reply.status == 200:
                return reply.json["content"]
            assert time.monotonic() < deadline, reply
            time.sleep(0.05)

    early = ask(delay_s=2).json["job_id"]
    prompt.write_text("Second {{a")
    reply = reload(weir)
    assert reply.status == 400 and "templates.features.weekly.user_file" in reply.json["message"]
    assert content(ask().json["job_id"]) == "Echo: First 1"
    prompt.write_text("Second {{a}}")
    rewrite(weir, "features: {", 'features: { monthly: { user: "Month {{a}}" },')
    assert ask("monthly").json["param"] == "feature_slug"
    reply = reload(weir)
    assert (reply.status, reply.json["needs_restart"]) == (200, []), reply
    assert set(reply.json["applied"]) == {
        "templates.features.weekly.user", "templates.features.monthly"}
    assert content(ask().json["job_id"]) == "Echo: Second 1"
    assert content(ask("monthly").json["job_id"]) == "Echo: Month 1"
    assert content(early) == "Echo: First 1"


def test_no_call_fails_while_the_configuration_is_reloaded(lab):
    weir = lab.weir(lab.sandbox(), "limits: { ai: { per_minute: 0, concurrent: 100 } }")
    weir.put_tenant(42, budget_usd=1000)
    key = weir.make_key()
    ending = threading.Event()

    def call():
        statuses = []
        while not ending.is_set() or len(statuses) < 10:
            statuses.append(weir.complete(key, "one").status)
        return statuses

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        callers = [pool.submit(call) for _ in range(8)]
        for turn in range(20):
            rewrite(weir, f"concurrent: {100 + turn}", f"concurrent: {101 + turn}")
            reply = reload(weir)
            assert reply.status == 200 and "limits.ai.concurrent" in reply.json["applied"], reply
        ending.set()
        statuses = [status for caller in callers for status in caller.result()]
    assert set(statuses) == {200}
    assert len(reports(weir)) == 20
    assert weir.api("GET", "/admin/audit/verify").json["sound"]


def test_reloads_at_once_come_one_after_another(limited):
    weir, _ = limited
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        rewrite(weir, "burst: 3", "burst: 8")
        replies = [reply.result() for reply in [pool.submit(reload, weir) for _ in range(8)]]
    assert [reply.status for reply in replies] == [200] * 8
    assert sum("limits.ai.burst" in reply.json["applied"] for reply in replies) == 1


def test_an_address_has_as_many_connections_as_it_may(lab):
    weir = lab.weir(lab.sandbox(), start=False)
    weir.start({"WEIR_SERVER_MAX_CONNECTIONS_PER_ADDRESS": "4"})
    held = []
    for _ in range(4):
        connection = http.client.HTTPConnection("127.0.0.1", weir.port, timeout=10)
        held.append(connection)
        deadline = time.monotonic() + 60
        while True:
            # The connections of the start may not have ended yet.
            try:
                connection.request("GET", "/health/live")
                assert connection.getresponse().read()
                break
            except (OSError, http.client.HTTPException):
                connection.close()
                assert time.monotonic() < deadline
    with pytest.raises((OSError, http.client.HTTPException)):
        weir.request("GET", "/health/live")
    held.pop().close()
    deadline = time.monotonic() + 60
    while True:
        try:
            assert weir.request("GET", "/health/live").status == 200
            break
        except (OSError, http.client.HTTPException):
            assert time.monotonic() < deadline
    for connection in held:
        connection.request("GET", "/health/live")
        assert connection.getresponse().status == 200
        connection.close()
