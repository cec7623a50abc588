"""What happens reaches whoever listens: nothing lost, nothing doubled, nobody else's."""
import contextlib
import http.client
import json
import socket
import sqlite3
import threading
import time

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from eventlab import SSE, Socket, Talker, cap_users, happen, outbox
from weirlab import ADMIN

KINDS = [SSE, Socket, Talker]


@pytest.mark.parametrize("kind", KINDS, ids=["sse", "websocket", "websocket by message"])
def test_a_client_that_loses_its_connection_loses_no_event(running, kind):
    _, weir, key = running
    cap_users(weir, key)
    before = len(outbox(weir))
    clients = [kind(weir, key, "tenant_id=42", seed) for seed in range(4)]
    for client in clients:
        client.start()
    for client in clients:
        assert client.ready.wait(60) and client.error is None, client.error
    for user in range(1, 41):
        assert happen(weir, key, user).status == 502
    truth = outbox(weir)[before:]
    assert len(truth) == 80 and {name for _, name in truth} == {"BudgetThreshold"}
    for client in clients:
        assert client.wait_for(truth[-1][0]) == truth
        assert client.lives > 10 and client.resets == 0
        first = client.seen[0][2]
        assert first["at"].endswith("Z") and first["tenant_id"] == 42 and first["percent"] == 80


def test_streams_go_on_where_a_killed_server_comes_back(lab):
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox)
    weir.put_tenant(42)
    key = weir.make_key()
    cap_users(weir, key)
    before = len(outbox(weir))
    clients = [SSE(weir, key, "tenant_id=42", 1), Socket(weir, key, "tenant_id=42", 2)]
    for client in clients:
        client.start()
        assert client.ready.wait(60)
    for life in range(4):
        for user in range(10 * life, 10 * life + 10):
            happen(weir, key, user + 1)
        weir.kill()
        weir.start()
    truth = outbox(weir)[before:]
    assert len(truth) == 80
    for client in clients:
        assert client.wait_for(truth[-1][0]) == truth


def test_a_subscriber_hears_its_own_tenants_and_its_users_alone(running):
    _, weir, key = running
    weir.put_tenant(43)
    other = weir.make_key([43], "tenant")
    cap_users(weir, key)
    cap_users(weir, other, 43)
    listeners = {name: SSE(weir, token, query, 1, losses=False) for name, token, query in [
        ("42", key, "tenant_id=42"), ("42/7", key, "tenant_id=42&user_id=7"),
        ("43", other, ""), ("all", ADMIN, "")]}
    for listener in listeners.values():
        listener.start()
        assert listener.ready.wait(60)
    start = max((number for number, _ in outbox(weir)), default=0)
    for user in (6, 7):
        happen(weir, key, user)
        happen(weir, other, user, tenant=43)
    happen(weir, key, 7_777)
    for name, where in {"42": "tenant_id = 42", "42/7": "tenant_id = 42 AND user_id = 7",
                        "43": "tenant_id = 43", "all": "1"}.items():
        truth = outbox(weir, f"({where}) AND seq > {start}")
        assert truth and listeners[name].wait_for(truth[-1][0]) == truth, name
    for path in ("/ai/events", "/ai/events/ws"):
        for token, query, status in [(other, "tenant_id=42", 403), (key, "tenant_id=43", 403),
                                     ("wk_none", "tenant_id=42", 401)]:
            if path.endswith("ws"):
                with pytest.raises(InvalidStatus) as refused:
                    connect(f"ws://127.0.0.1:{weir.port}{path}?{query}",
                            additional_headers={"authorization": f"Bearer {token}"})
                got = refused.value.response
                assert got.status_code == status and json.loads(got.body)["error"], got
            else:
                got = weir.api("GET", f"{path}?{query}", key=token)
                assert got.status == status, got
        both = weir.api("GET", f"{path}?tenant_id=42&last_event_id=x", key=key)
        assert both.status == 400, both


def test_who_was_away_too_long_is_told(lab):
    weir = lab.weir(lab.sandbox())
    weir.put_tenant(42)
    key = weir.make_key()
    cap_users(weir, key)
    happen(weir, key, 1)
    happen(weir, key, 2)
    weir.stop()
    with contextlib.closing(sqlite3.connect(weir.database)) as base, base:
        base.execute("UPDATE events SET at = 0 WHERE seq <= 2")
    weir.start()
    deadline = time.monotonic() + 20
    while outbox(weir)[0][0] != 3:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    truth = outbox(weir)
    for kind in KINDS:
        client = kind(weir, key, "tenant_id=42", 1, losses=False)
        client.last = 1
        client.start()
        assert client.wait_for(truth[-1][0]) == truth
        assert client.resets == 1


def test_a_slow_subscriber_is_cut_and_nobody_waits_for_it(lab):
    weir = lab.weir(lab.sandbox(), extra="events: { stall: 1s, keep_alive: 1s }")
    weir.put_tenant(42)
    key = weir.make_key()
    cap_users(weir, key)
    # Enough that no buffer on the way holds it.
    weir.stop()
    with contextlib.closing(sqlite3.connect(weir.database)) as base, base:
        base.executemany(
            "INSERT INTO events (at, tenant_id, type, payload) VALUES (?, 42, 'Big', ?)",
            [(int(time.time() * 1000), json.dumps({"x": "y" * 60_000}))] * 1_000)
    weir.start()
    slow = socket.create_connection(("127.0.0.1", weir.port))
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.sendall(f"GET /ai/events?tenant_id=42&last_event_id=0 HTTP/1.1\r\nhost: weir\r\n"
                 f"authorization: Bearer {key}\r\n\r\n".encode())
    quick = SSE(weir, key, "tenant_id=42", 1, losses=False)
    quick.start()
    assert quick.ready.wait(60)
    with connect(f"ws://127.0.0.1:{weir.port}/ai/events/ws?tenant_id=42&last_event_id=0",
                 additional_headers={"authorization": f"Bearer {key}"},
                 max_queue=1, close_timeout=1) as sluggish:
        happen(weir, key, 1)
        truth = outbox(weir, "type <> 'Big'")[-2:]
        assert quick.wait_for(truth[-1][0]) == truth
        time.sleep(4)
        # Empty lines, which a server that has closed answers with a reset.
        with pytest.raises(ConnectionError):
            for _ in range(100):
                slow.sendall(b"\r\n")
                time.sleep(0.1)
        with pytest.raises(ConnectionClosed):
            for _ in range(1_000):
                sluggish.recv(timeout=20)


def test_a_revoked_key_ends_its_streams_within_five_seconds(running):
    _, weir, _ = running
    made = weir.api("POST", "/admin/keys", {"name": "x", "role": "service", "tenants": [42]}).json
    key = made["key"]
    stream = weir_stream(weir, key)
    with connect(f"ws://127.0.0.1:{weir.port}/ai/events/ws?tenant_id=42&last_event_id=0",
                 additional_headers={"authorization": f"Bearer {key}"}) as socket_:
        assert json.loads(socket_.recv(timeout=60))["event"] == "open"
        began = time.monotonic()
        assert weir.api("DELETE", f"/admin/keys/{made['key_id']}").status in (200, 204)
        while stream.readline():
            pass
        with pytest.raises(ConnectionClosed) as closed:
            socket_.recv(timeout=60)
        assert closed.value.rcvd.code == 1008
        assert time.monotonic() - began < 5


def weir_stream(weir, key):
    connection = http.client.HTTPConnection("127.0.0.1", weir.port, timeout=30)
    connection.request("GET", "/ai/events?tenant_id=42",
                       headers={"authorization": f"Bearer {key}"})
    reply = connection.getresponse()
    assert reply.status == 200
    return reply


def test_a_drain_ends_streams_with_a_hint(running):
    _, weir, key = running
    stream = weir_stream(weir, key)
    with connect(f"ws://127.0.0.1:{weir.port}/ai/events/ws?tenant_id=42&last_event_id=0",
                 additional_headers={"authorization": f"Bearer {key}"}) as socket_:
        assert json.loads(socket_.recv(timeout=60))["event"] == "open"
        began = time.monotonic()
        ending = threading.Thread(target=weir.stop)
        ending.start()
        text = stream.read().decode()
        assert text.count("retry: ") == 2, text
        with pytest.raises(ConnectionClosed) as closed:
            socket_.recv(timeout=60)
        assert closed.value.rcvd.code == 1001
        ending.join()
        assert time.monotonic() - began < 10 and weir.process.returncode == 0


@pytest.mark.parametrize("say, code", [
    ("hello", 1008), ('{"last_event_id": -1}', 1008), ('{"last_event_id": 0, "x": 1}', 1008),
    (b"binary", 1003), ("x" * 2_000, 1009)])
def test_a_socket_hears_one_thing_alone(running, say, code):
    _, weir, key = running
    with connect(f"ws://127.0.0.1:{weir.port}/ai/events/ws?tenant_id=42",
                 additional_headers={"authorization": f"Bearer {key}"}) as socket_:
        socket_.send(say)
        with pytest.raises(ConnectionClosed) as closed:
            socket_.recv(timeout=60)
        assert closed.value.rcvd.code == code


def test_a_socket_answers_pings_and_refuses_what_rfc_6455_refuses(running):
    _, weir, key = running
    url = f"ws://127.0.0.1:{weir.port}/ai/events/ws?tenant_id=42&last_event_id=0"
    with connect(url, additional_headers={"authorization": f"Bearer {key}"}) as socket_:
        assert socket_.ping(b"abc").wait(60)
        socket_.send(["frag", "ments"])
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                socket_.recv(timeout=60)
        assert closed.value.rcvd.code == 1008
    good = {"host": "weir", "authorization": f"Bearer {key}", "upgrade": "websocket",
            "connection": "Upgrade", "sec-websocket-version": "13",
            "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ=="}
    for name, value, status in [(None, None, 101), ("sec-websocket-version", "8", 400),
                                ("sec-websocket-key", "short", 400), ("connection", "close", 400),
                                ("upgrade", "h2c", 400), ("authorization", "Bearer wk_x", 401),
                                ("sec-websocket-protocol", "other", 400)]:
        head = good if name is None else {**good, name: value}
        lines = "".join(f"{key_}: {text}\r\n" for key_, text in head.items())
        with socket.create_connection(("127.0.0.1", weir.port), timeout=10) as raw:
            raw.sendall(f"GET /ai/events/ws?tenant_id=42&last_event_id=0 HTTP/1.1\r\n{lines}\r\n"
                        .encode())
            answer = raw.recv(65536)
            assert answer.startswith(f"HTTP/1.1 {status} ".encode()), (name, answer)
            if status == 101:
                assert b"sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in answer.lower() \
                    or b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in answer
                # A frame without a mask is no client's.
                raw.sendall(b"\x81\x02hi")
                rest = answer[answer.index(b"\r\n\r\n") + 4:]
                with contextlib.suppress(ConnectionError):
                    while data := raw.recv(65536):
                        rest += data
                assert b"\x88\x02\x03\xea" in rest, rest


def test_too_many_streams_are_refused(lab):
    weir = lab.weir(lab.sandbox(), extra="events: { streams_per_tenant: 2, streams_in_all: 3 }")
    for tenant in (42, 43, 44):
        weir.put_tenant(tenant)
    key = weir.make_key([42, 43, 44])
    held = [weir_stream(weir, key), weir_stream(weir, key)]
    refused = weir.api("GET", "/ai/events?tenant_id=42", key=key)
    assert (refused.status, refused.json["error"]) == (429, "rate_limited")
    assert int(refused.headers["retry-after"]) > 0
    assert weir.beginning("GET", "/ai/events?tenant_id=43", key=key).status == 200
    assert held
