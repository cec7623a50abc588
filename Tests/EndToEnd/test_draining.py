"""SIGTERM behind a balancer: not ready first, closed only after the notice."""
import signal
import socket

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
