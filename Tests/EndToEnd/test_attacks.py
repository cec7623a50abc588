"""Attacks on the running server: what holds its connections is dropped, what is ambiguous refused,
and who calls beside it notices nothing."""
import contextlib
import http.client
import json
import os
import resource
import socket
import threading
import time

import pytest

from test_wire import (BODY, CHUNKED, CHUNKS, LENGTH, check_nothing_but_a_refusal, exchange,
                       footprint, request, stage)  # noqa: F401
from gatewaylab import patient
from weirlab import ADMIN


class SteadyClient:
    """Calls one after the other until it is told to stop; keeps what went wrong."""

    def __init__(self, weir, key):
        self.done, self.failures, self.stop = 0, [], threading.Event()
        self.weir, self.key = weir, key
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        while not self.stop.wait(0.02):
            try:
                reply = self.weir.complete(self.key, "steady", timeout=150)
                if reply.status == 200:
                    self.done += 1
                else:
                    self.failures.append(reply)
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(error)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *failure):
        self.stop.set()
        self.thread.join(180)
        if failure == (None, None, None):
            assert self.done > 0 and not self.failures, self.failures[:3]


@pytest.fixture(params=["all", "gateway"])
def front(lab, request):
    """Makes the one at the door, a whole service or a gateway before one, and a key for it."""
    behind = []

    def make(extra="", prefix=()):
        sandbox = lab.sandbox()
        if request.param == "gateway":
            weir, *servers = patient(lab.folder, sandbox, extra, prefix)
            behind.extend([weir, *servers])
        else:
            weir = lab.weir(sandbox, extra, prefix=prefix)
            weir.put_tenant(42, budget_usd=1000)
        return weir, weir.make_key()

    yield make
    for server in behind:
        server.stop()


def is_ended_by_server(connection, seconds=120):
    """Waits until the other side hangs up."""
    connection.settimeout(seconds)
    with contextlib.suppress(ConnectionResetError, BrokenPipeError):
        while connection.recv(65536):
            pass
    return True


def test_slow_clients_are_dropped(front):
    """Heads that trickle in, bodies that stall, and clients that take nothing of their answers."""
    weir, key = front("streams: { between_tokens: 3s }")
    head = request(key, b"content-length: 999\r\n", b"")
    large = json.dumps({"tenant_id": 42, "model": "gpt-4o-mini", "user_message": "@sandbox{big=4}",
                        "stream": True}).encode()
    reading = request(key, b"content-length: %d\r\n" % len(large), large)
    kinds = [head[:40]] * 100 + [head] * 50 + [head + b"{"] * 50 + [reading] * 3
    connections = []
    with SteadyClient(weir, key):
        for data in kinds:
            connection = socket.socket()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", weir.port))
            connection.sendall(data)
            connections.append(connection)
        # One byte at a time neither ends a head nor gives it more time.
        trickling = list(connections[:100])
        for _ in range(600):
            if not trickling:
                break
            time.sleep(0.1)
            for connection in list(trickling):
                try:
                    connection.sendall(b"x")
                except OSError:
                    trickling.remove(connection)
        assert not trickling
        assert all(map(is_ended_by_server, connections))
    for connection in connections:
        connection.close()
    assert weir.stop() == 0


def is_over(connection):
    """Whether the server has ended a connection, without waiting for it."""
    connection.settimeout(0)
    try:
        return connection.recv(1, socket.MSG_PEEK) is not None
    except BlockingIOError:
        return False
    except OSError:
        return True


def test_ten_thousand_idle_connections_are_in_nobodys_way(front):
    weir, key = front()
    count = 10_000
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < count + 500:
        pytest.skip(f"fewer than {count + 500} open files are allowed here")
    with contextlib.ExitStack() as stack, SteadyClient(weir, key):
        idle = [stack.enter_context(socket.create_connection(("127.0.0.1", weir.port), 120))
                for _ in range(count)]
        # The last one of them is served as any other.
        idle[-1].sendall(b"GET /health/live HTTP/1.1\r\nhost: weir\r\n\r\n")
        assert idle[-1].recv(65536).startswith(b"HTTP/1.1 200 ")
        # Where all this takes longer than a connection may say nothing, the first ones are gone.
        descriptors = len(os.listdir(f"/proc/{weir.process.pid}/fd"))
        held = sum(not is_over(connection) for connection in idle)
        assert count / 4 < held < descriptors
    # Their ends are many at once, too.
    assert weir.complete(key, "after", timeout=150).status == 200
    assert weir.stop(90) == 0


def test_more_connections_than_files_neither_spin_nor_starve_it(front):
    """It stops accepting in time: at a full table each attempt would fail, and be made again."""
    weir, key = front(prefix=["bash", "-c", 'ulimit -n 256; exec "$@"', "limited"])
    kept = http.client.HTTPConnection("127.0.0.1", weir.port, timeout=60)

    def call():
        kept.request("POST", "/ai/complete", BODY, {
            "authorization": f"Bearer {key}", "content-type": "application/json"})
        reply = kept.getresponse()
        return reply.status, reply.read()

    assert call()[0] == 200
    with contextlib.ExitStack() as stack:
        for _ in range(500):
            stack.enter_context(socket.create_connection(("127.0.0.1", weir.port), 60))
        for _ in range(40):
            # Who was connected goes on, and a connection to a provider can still be had.
            assert call()[0] == 200
            assert len(os.listdir(f"/proc/{weir.process.pid}/fd")) < 200
            time.sleep(0.02)
    assert weir.complete(key, "after", timeout=60).status == 200
    kept.close()
    assert weir.stop() == 0 and len(weir.rows()) == 42


def chunks(first, trailers=b""):
    return first + b"\r\n" + BODY + b"\r\n0\r\n" + trailers + b"\r\n"


SIZE = b"%x" % len(BODY)
FRAMING = {
    "a signed chunk size": chunks(b"+" + SIZE),
    "a chunk size with 0x": chunks(b"0x" + SIZE),
    "a chunk size behind a blank": chunks(b" " + SIZE),
    "a chunk size with an underscore": chunks(SIZE[:1] + b"_" + SIZE[1:]),
    "no chunk size": chunks(b""),
    "a NUL in a chunk size": chunks(SIZE + b"\x00"),
    "an extension with a bare LF": chunks(SIZE + b";a\nb"),
    "an extension that hides a head": chunks(
        SIZE + b";\n\r\nGET /admin/tenants HTTP/1.1\r\nhost: weir\r\n"),
    "an end with a bare LF": chunks(SIZE).replace(b"\r\n0\r\n\r\n", b"\n0\r\n\r\n"),
    "trailers of 1 MB": chunks(SIZE, b"".join(
        b"x-%d: %s\r\n" % (number, b"a" * 1000) for number in range(1000))),
    "a trailer with a bare CR": chunks(SIZE, b"x-a: 1\r2\r\n"),
    "a trailer without a colon": chunks(SIZE, b"x-a\r\n"),
}


@pytest.mark.parametrize("name", FRAMING)
def test_bad_chunks_are_refused(stage, name):  # noqa: F811
    check_nothing_but_a_refusal(stage, request(stage[2], CHUNKED, FRAMING[name]))
    sandbox, weir, key = stage
    before = footprint(sandbox, weir)
    opening = request(key, CHUNKED, FRAMING[name]).replace(b"connection: close\r\n", b"")
    hidden = request(key, b"", b"", b"GET /ai/budget?tenant_id=42 HTTP/1.1\r\n")
    answer = exchange(weir, opening + hidden)
    assert answer.count(b"HTTP/1.1 ") <= 1 and b"limit_usd" not in answer, answer
    assert footprint(sandbox, weir) == before


TRAILERS = {
    "a length": b"content-length: 1\r\n", "a coding": b"transfer-encoding: chunked\r\n",
    "a host": b"host: other\r\n", "a key": b"authorization: Bearer %s\r\n" % ADMIN.encode(),
    "an idempotency key": b"idempotency-key: k\r\n",
}


@pytest.mark.parametrize("name", TRAILERS)
def test_a_trailer_says_nothing(stage, name):  # noqa: F811
    """Whether it is refused or dropped: it is no field, and ends no request elsewhere."""
    _, weir, key = stage
    trailed = chunks(SIZE, TRAILERS[name])
    answer = exchange(weir, request(key, CHUNKED, trailed))
    assert answer.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 4")), answer
    assert answer.count(b"HTTP/1.1 ") == 1
    # A trailer's credential is none.
    answer = exchange(weir, request(key, CHUNKED, trailed, b"PUT /admin/tenants/43 HTTP/1.1\r\n"))
    assert answer.startswith(b"HTTP/1.1 4") and b"budget_usd" not in answer, answer
    if name == "an idempotency key":
        first, second = (exchange(weir, request(key, CHUNKED, trailed)) for _ in range(2))
        assert b"idempotent-replay" not in (first + second).lower()


DISGUISES = {
    "another path": b"x-original-url: /health\r\nx-rewrite-url: /health\r\n",
    "another method": b"x-http-method-override: GET\r\nx-method-override: GET\r\n",
    "an inner address": b"x-forwarded-for: 127.0.0.1\r\nx-real-ip: 127.0.0.1\r\n",
    "an inner host": b"x-forwarded-host: localhost\r\nforwarded: for=127.0.0.1;host=admin\r\n",
    "a user": b"x-forwarded-user: admin\r\nx-user: admin\r\nx-tenant-id: 43\r\n",
}
HOSTS = [b"localhost", b"127.0.0.1", b"weir/admin", b"weir@admin", b"weir:99999", b"[::1]",
         b"admin.internal", b""]


def test_no_disguise_opens_the_administration(stage):  # noqa: F811
    _, weir, key = stage
    line = b"GET /admin/tenants HTTP/1.1\r\n"
    for fields in DISGUISES.values():
        answer = exchange(weir, request(key, fields, b"", line))
        assert answer.startswith(b"HTTP/1.1 403 "), answer
        answer = exchange(weir, request("wk_" + "a" * 43, fields, b"", line))
        assert answer.startswith(b"HTTP/1.1 401 "), answer
    for host in HOSTS:
        answer = exchange(weir, request(key, b"", b"", line, b"host: %s\r\n" % host))
        assert answer.startswith((b"HTTP/1.1 403 ", b"HTTP/1.1 400 ")), (host, answer)
        assert answer.count(b"HTTP/1.1 ") == 1 and b"budget_usd" not in answer


def test_nothing_follows_a_refusal_of_the_framing(stage):  # noqa: F811
    """However often the same is tried on one connection."""
    sandbox, weir, key = stage
    before = footprint(sandbox, weir)
    bad = request(key, LENGTH + CHUNKED, CHUNKS).replace(b"connection: close\r\n", b"")
    answer = exchange(weir, bad * 5 + request(key))
    assert answer.count(b"HTTP/1.1 ") == 1 and answer.startswith(b"HTTP/1.1 4"), answer
    assert footprint(sandbox, weir) == before
