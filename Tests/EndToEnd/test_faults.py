"""What happens when the disk fails, fills up, or the process is told to end."""
import concurrent.futures
import contextlib
import http.client
import os
import shutil
import signal
import sqlite3
import subprocess
import threading
import time

import pytest

from streamlab import in_flight, wait_until
from test_crash import check_sums
from weirlab import Weir, true_cost


def check_against_truth(weir, truth, answers):
    """Every request that reached the provider has its row, at or above what it costs; every answer
    that a client got is settled as it was told."""
    rows = {f"{row['request_id']}.{row['attempt_no']}": row for row in weir.rows("kind = 'call'")}
    for entry in truth:
        row = rows[entry["client_request_id"]]
        assert row["cost_nanos"] >= (true_cost(entry) if entry["billed"] else 0), (entry, row)
    for body in answers:
        row = rows[body["request_id"] + ".1"]
        assert row["status"] == "ok" and abs(row["cost_nanos"] / 1e9 - body["cost_usd"]) < 1e-6
    with contextlib.closing(sqlite3.connect(f"file:{weir.database}?mode=ro", uri=True)) as base:
        assert base.execute("SELECT COUNT(*) FROM open_attempts").fetchone() == (0,)
    check_sums(weir, weir.rows())


def call_until_refused(weir, key, most=20_000):
    """Calls until the ledger can't be written; the bodies of the answers before."""
    answers = []
    for number in range(most):
        reply = weir.complete(key, f"fill {number} " + "x" * 200, max_tokens=10)
        if reply.status != 200:
            assert (reply.status, reply.json["error"]) == (503, "ai_service_unavailable"), reply
            assert "retry-after" in reply.headers
            return answers
        answers.append(reply.json)
    raise AssertionError("the disk never failed")


def check_fail_closed(weir, key, sandbox):
    sent = len(sandbox.truth())
    for _ in range(5):
        assert weir.complete(key, "again").status == 503
    assert len(sandbox.truth()) == sent, "sent although nothing can be made durable"
    health = weir.request("GET", "/health")
    assert health.status == 503 and health.json["status"] == "unhealthy"
    assert health.json["checks"]["database"] != "ok"


def test_a_full_disk_fails_closed_and_recovers(lab, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", disk],
                      capture_output=True).returncode:
        pytest.skip("no tmpfs can be mounted here (that takes root)")
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox, start=False)
    try:
        text = weir.config.read_text().replace(str(weir.database), str(disk / "weir.db"))
        weir.config.write_text(text)
        weir.database = disk / "weir.db"
        weir.start()
        weir.put_tenant(42, budget_usd=1000)
        key = weir.make_key()
        answers = call_until_refused(weir, key)
        check_fail_closed(weir, key, sandbox)
        weir.stop()
        subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
        weir.start()
        reply = weir.complete(key, "there again")
        assert reply.status == 200, reply
        answers.append(reply.json)
        assert weir.stop() == 0
        check_against_truth(weir, sandbox.truth(), answers)
        print(f"{len(answers)} answers before the disk was full")
    finally:
        if weir.process and weir.process.poll() is None:
            weir.kill()
        subprocess.run(["umount", "--lazy", disk], check=True)


@pytest.mark.parametrize("after", [12, 25, 40])
def test_a_failing_fsync_is_never_retried(lab, after):
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox)
    weir.put_tenant(42, budget_usd=1000)
    key = weir.make_key()
    assert weir.stop() == 0
    weir.start(prefix=["strace", "-f", "-o", "/dev/null", "-e", "trace=fdatasync,fsync", "-e",
                       f"inject=fdatasync,fsync:error=EIO:when={after}+"])
    answers = call_until_refused(weir, key, most=200)
    check_fail_closed(weir, key, sandbox)
    weir.kill()
    weir.start()
    reply = weir.complete(key, "there again")
    assert reply.status == 200, reply
    answers.append(reply.json)
    assert weir.stop() == 0
    check_against_truth(weir, sandbox.truth(), answers)


def test_a_second_process_on_the_same_file_is_refused(running):
    _, weir, key = running
    other = Weir.__new__(Weir)
    other.__dict__.update(weir.__dict__, name="second")
    other.config = weir.folder / "second.yaml"
    other.config.write_text(weir.config.read_text().replace(f"port: {weir.port}", "port: 0"))
    other.launch("serve", "--config", other.config, wait=False)
    assert other.process.wait(timeout=60) == 1
    assert str(weir.process.pid) in other.log(), other.log()
    assert weir.complete(key, "undisturbed").status == 200


def test_sigterm_lets_calls_end_and_settle(running):
    sandbox, weir, key = running
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(weir.complete, key, "@sandbox{latency_ms=4000} hi")
                 for _ in range(8)]
        wait_until(lambda: in_flight(weir) == 8)
        weir.signal(signal.SIGTERM)
        with pytest.raises(OSError):
            while True:
                weir.request("GET", "/health/live")
        assert not any(call.done() for call in calls), "closed to others before they end"
        assert [call.result().status for call in calls] == [200] * 8
    assert weir.process.wait(timeout=60) == 0
    assert [row["basis"] for row in weir.rows()] == ["reported"] * 8


def test_what_hangs_longer_than_the_drain_is_charged_at_its_worst_case(lab):
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox, start=False)
    text = weir.config.read_text().replace("server: {", "server: { drain_timeout: 1s,")
    weir.config.write_text(text)
    weir.start()
    weir.put_tenant(42)
    key = weir.make_key()

    def hang():
        with contextlib.suppress(OSError, http.client.HTTPException):
            weir.complete(key, "@sandbox{hang} hi")

    thread = threading.Thread(target=hang)
    thread.start()
    wait_until(lambda: in_flight(weir) == 1)
    weir.signal(signal.SIGTERM)
    assert weir.process.wait(timeout=60) == 0
    thread.join()
    [row] = weir.rows()
    assert row["basis"] == "worst_case" and row["in_doubt"] == 1
    assert row["cost_nanos"] == row["held_nanos"] > 0


@pytest.mark.parametrize("damage", ["header", "folder"])
def test_a_file_that_is_no_ledger_is_refused(lab, damage):
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox, start=False)
    if damage == "header":
        weir.database.write_bytes(os.urandom(8192))
    else:
        weir.config.write_text(weir.config.read_text().replace(
            str(weir.database), str(weir.folder / "missing" / "weir.db")))
    before = weir.database.read_bytes() if damage == "header" else b""
    weir.launch("serve", "--config", weir.config, wait=False)
    assert weir.process.wait(timeout=60) == 1
    assert "weir can't start" in weir.log(), weir.log()
    if damage == "header":
        assert weir.database.read_bytes() == before


def test_health_says_which_provider_is_gone_and_waits_for_none(lab):
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox)
    assert wait_for_health(weir, "healthy")["providers"]["gemini"] == "ok"
    sandbox.request("PUT", "/_sandbox/behaviour", {
        "provider": "gemini", "endpoint": "models", "count": None, "behaviour": {"status": 503}})
    checks = wait_for_health(weir, "degraded")
    assert checks["providers"]["gemini"] != "ok" and checks["providers"]["openai"] == "ok"
    sandbox.kill()
    wait_for_health(weir, "unhealthy")
    assert weir.request("GET", "/health/ready").status == 503
    assert weir.request("GET", "/health/live").status == 200


def wait_for_health(weir, status, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        body = weir.request("GET", "/health").json
        if body["status"] == status:
            return body["checks"]
        time.sleep(0.1)
    raise AssertionError(f"health is {body}, not {status}")
