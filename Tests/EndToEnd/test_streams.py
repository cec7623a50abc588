"""Streamed answers: they come as they are made, and no whole one is there before its row."""
import contextlib
import http.client
import json
import random
import signal
import socket
import threading

import pytest

from streamlab import (CALM, PROVIDERS, ask, audited, check_at_rest, check_truth, first_token, held,
                       rows_of, start, together, wait_until)
from test_crash import check_sums

SETTINGS = CALM + """
streams: { first_token: 30s, between_tokens: 20s, total: 60s, drain: 1s }
screening: { default: { output: { max_size: 64MiB } } }
"""


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    with audited(tmp_path_factory.mktemp("streams"), SETTINGS) as parts:
        yield parts


def test_tokens_come_as_they_are_made(stage):
    _, weir, key = stage

    def call(model):
        return ask(weir, key, "@sandbox{drip_ms=200} one two three four five six", model).finish()

    for stream in together(call, PROVIDERS.values()):
        times = [event.at - stream.sent_at for event in stream.events]
        assert times[0] < times[-1] - 0.4, times
        assert len({round(at, 1) for at in times}) >= 4, times
        assert stream.text == "Echo: @sandbox{drip_ms=200} one two three four five six"
        assert stream.headers["cache-control"] == "no-store"
        assert stream.headers["x-accel-buffering"] == "no"
        assert stream.headers["x-weir-attempts"] == "1" and "x-weir-cost-usd" not in stream.headers


def test_characters_survive_however_they_are_cut(stage):
    _, weir, key = stage
    text = "@sandbox{drip_bytes=1,drip_ms=0} Zürich 日本 🦆 \" \\ \u2028 end"

    for stream in together(lambda model: ask(weir, key, text, model).finish(),
                           PROVIDERS.values()):
        assert stream.text == "Echo: " + text and stream.is_complete, stream.events


def test_the_row_is_there_when_the_answer_is(stage):
    """Asked for at the very event that completes the answer."""
    _, weir, key = stage
    for number in range(12):
        model = list(PROVIDERS.values())[number % 4]
        stream = ask(weir, key, f"call {number} @sandbox{{drip_ms=2}}", model)
        for event in stream:
            if event.name != "done":
                continue
            usage = weir.api("GET", "/ai/usage?tenant_id=42", key=key).json
            rows = weir.rows()
            [row] = [row for row in rows if row["request_id"] == stream.request_id]
            done = event.json
            assert done["request_id"] == stream.request_id
            assert (done["input_tokens"], done["output_tokens"]) == (
                row["input_tokens"], row["output_tokens"])
            assert abs(done["cost_usd"] - row["cost_nanos"] / 1e9) <= 0.5000001e-6
            assert usage["calls"] == len(rows)
            assert abs(usage["cost_usd"] - sum(r["cost_nanos"] for r in rows) / 1e9) <= 1e-6
            assert usage["tokens"] == sum(r["input_tokens"] + r["output_tokens"] for r in rows)
        assert stream.is_complete


def test_kill_9_in_mid_stream(lab):
    """No client has a whole answer that the ledger doesn't know; what was in flight costs W."""
    sandbox, weir, key = start(lab.folder, SETTINGS)
    dice = random.Random(9)

    def call(words):
        with contextlib.suppress(OSError, http.client.HTTPException):
            stream = ask(weir, key, f"@sandbox{{drip_ms=20}} {'word ' * words}",
                         dice.choice(list(PROVIDERS.values())))
            streams.append(stream)
            stream.finish()

    try:
        for _ in range(4):
            streams = []
            threads = [threading.Thread(target=call, args=(words,))
                       for words in [1, 2, 3, 5, 8, 12, 16, 20, 30, 40, 50, 60]]
            for thread in threads:
                thread.start()
            some = dice.randrange(1, 6)
            wait_until(lambda: some <= sum(stream.is_complete for stream in streams)
                       <= len(streams) - 3)
            weir.kill()
            for thread in threads:
                thread.join()
            weir.start()
            complete = [stream for stream in streams if stream.is_complete]
            assert complete and len(complete) < len(streams), "the moment shows nothing"
            for stream in streams:
                [row] = rows_of(weir, stream.request_id)
                if stream.is_complete:
                    assert (row["status"], row["basis"], row["in_doubt"]) == ("ok", "reported", 0)
                elif row["in_doubt"]:
                    assert row["basis"] == "worst_case"
                    assert row["cost_nanos"] == row["held_nanos"] > 0
        check_at_rest(weir)
        check_truth(weir, sandbox)
        check_sums(weir, weir.rows())
    finally:
        weir.kill()
        sandbox.kill()


def test_sigterm_lets_streams_end(lab):
    sandbox, weir, key = start(lab.folder, SETTINGS)
    try:
        streams = [ask(weir, key, "@sandbox{drip_ms=60} one two three four five", model)
                   for model in PROVIDERS.values()]
        for stream in streams:
            first_token(stream)
        weir.signal(signal.SIGTERM)
        for stream in together(lambda stream: stream.finish(), streams):
            assert stream.is_complete and stream.error is None, stream.events
        assert weir.process.wait(timeout=60) == 0
        assert [row["basis"] for row in weir.rows()] == ["reported"] * 4
    finally:
        sandbox.kill()


def test_many_at_once(stage):
    _, weir, key = stage

    def call(number):
        return ask(weir, key, f"@sandbox{{drip_ms=10}} stream {number} of many",
                   list(PROVIDERS.values())[number % 4], user_id=number).finish()

    streams = together(call, range(160), workers=160)
    assert all(stream.is_complete and stream.error is None for stream in streams)
    for number, stream in enumerate(streams):
        assert stream.text == f"Echo: @sandbox{{drip_ms=10}} stream {number} of many"


def test_no_budget_is_said_before_a_byte(stage):
    sandbox, weir, _ = stage
    weir.put_tenant(7, budget_usd=0.0001)
    poor, sent = weir.make_key((7,)), len(sandbox.truth())
    stream = ask(weir, poor, "hello", max_tokens=1000, tenant_id=7)
    assert (stream.status, stream.whole.json["error"]) == (402, "ai_budget_exceeded")
    assert stream.headers["x-should-retry"] == "false"
    assert stream.headers["content-type"].startswith("application/json")
    assert len(sandbox.truth()) == sent and weir.rows("tenant_id = 7") == []


def test_many_streams_share_a_budget_and_never_pass_it(stage):
    _, weir, _ = stage
    weir.put_tenant(6, budget_usd=0.004)
    tight = weir.make_key((6,))

    def call(number):
        return ask(weir, tight, f"@sandbox{{drip_ms=10}} {number}", max_tokens=100,
                   tenant_id=6).finish()

    streams = together(call, range(40), workers=40)
    statuses = [stream.status for stream in streams]
    assert set(statuses) == {200, 402} and statuses.count(200) >= 5, statuses
    assert all(stream.is_complete for stream in streams if stream.status == 200)
    rows = weir.rows("tenant_id = 6")
    assert len(rows) == statuses.count(200) and sum(row["held_nanos"] for row in rows) > 0
    assert sum(row["cost_nanos"] for row in rows) <= 4_000_000
    assert held(weir, 6) == 0


def test_the_connection_goes_on_behind_a_stream(stage):
    _, weir, key = stage
    connection = http.client.HTTPConnection("127.0.0.1", weir.port, timeout=10)
    head = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    body = {"tenant_id": 42, "model": "gpt-4o-mini", "user_message": "again"}
    for number in range(6):
        is_stream = number % 2 == 0
        connection.request("POST", "/ai/complete", json.dumps({**body, "stream": is_stream}), head)
        reply = connection.getresponse()
        assert reply.status == 200
        assert (reply.getheader("transfer-encoding") == "chunked") == is_stream
        data = reply.read()
        assert (b"event: done" in data) == is_stream
    connection.request("HEAD", "/ai/complete", headers=head)
    reply = connection.getresponse()
    assert reply.status == 405 and reply.read() == b""
    connection.request("POST", "/ai/complete", json.dumps({**body, "stream": True}), head)
    assert b"event: done" in connection.getresponse().read()
    connection.close()


def test_http_1_0_gets_its_stream_to_the_connections_end(stage):
    _, weir, key = stage
    body = json.dumps({"tenant_id": 42, "model": "gpt-4o-mini", "user_message": "old",
                       "stream": True})
    with socket.create_connection(("127.0.0.1", weir.port), timeout=10) as plain:
        plain.sendall(f"POST /ai/complete HTTP/1.0\r\nauthorization: Bearer {key}\r\n"
                      f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
                      f"{body}".encode())
        reply = b""
        while part := plain.recv(65536):
            reply += part
    head, _, events = reply.partition(b"\r\n\r\n")
    assert b"200" in head.splitlines()[0] and b"chunked" not in head.lower()
    assert events.startswith(b"event: token\n") and b"event: done\n" in events
