"""SIGTERM behind a balancer: not ready first, closed only after the notice."""
import concurrent.futures
import contextlib
import signal
import socket
import sqlite3

import pytest


def test_calls_are_served_while_the_balancer_finds_out(lab):
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox, start=False)
    weir.start({"WEIR_SERVER_DRAIN_NOTICE": "3s"})
    weir.put_tenant(42)
    key = weir.make_key()
    before = weir.complete(key, "Hello")
    assert (before.status, before.headers.get("connection")) == (200, None)
    weir.signal(signal.SIGTERM)
    while weir.request("GET", "/health/ready").status == 200:
        pass
    ready = weir.request("GET", "/health/ready")
    assert (ready.status, ready.headers["connection"]) == (503, "close")
    assert weir.request("GET", "/health/live").status == 200
    during = weir.complete(key, "Hello again")
    assert (during.status, during.headers["connection"]) == (200, "close")
    assert weir.process.wait(timeout=60) == 0
    assert [row["state"] for row in weir.rows()] == ["settled", "settled"]
    with pytest.raises(OSError), socket.create_connection(("127.0.0.1", weir.port), timeout=2):
        pass


def test_without_a_notice_it_ends_at_once(lab):
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox)
    assert weir.stop() == 0


def test_calls_and_jobs_in_flight_end_before_the_process_does(lab):
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox)
    weir.put_tenant(42)
    key = weir.make_key()
    body = {"tenant_id": 42, "model": "gpt-4o-mini",
            "user_message": "@sandbox{latency_ms=2000} in flight"}
    job = weir.api("POST", "/ai/jobs", body, key).json["job_id"]
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        call = pool.submit(weir.api, "POST", "/ai/complete", body, key)
        with contextlib.closing(sqlite3.connect(f"file:{weir.database}?mode=ro", uri=True)) as base:
            while base.execute("SELECT COUNT(*) FROM open_attempts").fetchone() != (2,):
                pass
        weir.signal(signal.SIGTERM)
        assert call.result().status == 200
    assert weir.process.wait(timeout=60) == 0, weir.log()
    assert [row["state"] for row in weir.rows()] == ["settled", "settled"]
    weir.start()
    found = weir.api("GET", f"/ai/jobs/{job}", key=key).json
    assert (found["status"], found["attempts"]) == ("complete", 1), found
