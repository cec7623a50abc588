"""Clients of streams that leave, or read nothing: what they asked for is paid, and nothing waits."""
import http.client
import json
import pathlib
import signal
import time

import pytest

from streamlab import (PROVIDERS, ask, check_at_rest, check_truth, first_token, held, in_flight,
                       memory, rows_of, start, wait_until)
from test_streams import SETTINGS, stage
from weirlab import true_cost

__all__ = ["stage"]


@pytest.fixture
def small_stage(tmp_path):
    """At most three calls at a provider, none of them waiting, a stream of ten seconds, one of
    reading on."""
    settings = SETTINGS.replace("first_token: 30s, between_tokens: 20s, total: 60s",
                                "first_token: 10s, between_tokens: 10s, total: 10s")
    sandbox, weir, key = start(
        tmp_path, settings + "\nlimits: { queue: { in_all: 0 } }\n", concurrency=3)
    yield sandbox, weir, key
    check_truth(weir, sandbox)
    weir.kill()
    sandbox.kill()


@pytest.mark.parametrize("model", PROVIDERS.values())
def test_a_client_that_leaves_pays_what_is_reported(stage, model):
    sandbox, weir, key = stage
    stream = ask(weir, key, "@sandbox{drip_ms=40} one two three four five six", model)
    first_token(stream)
    stream.leave()
    assert held(weir) > 0 and in_flight(weir) == 1, "its money and its place are still taken"
    row = wait_until(lambda: rows_of(weir, stream.request_id))[0]
    assert (row["status"], row["basis"]) == ("ok", "reported"), row
    assert row["cost_nanos"] == true_cost(sandbox.truth()[-1])
    assert row["output_tokens"] >= 12, "read to its end"
    check_at_rest(weir)


@pytest.mark.parametrize("seconds", [0.05, 0.3])
def test_a_client_that_leaves_before_the_first_token_pays_too(stage, seconds):
    """Nobody is there any more when the stream begins: it is read to its end all the same."""
    sandbox, weir, key = stage
    before = len(weir.rows())
    body = json.dumps({"tenant_id": 42, "model": "gpt-4o-mini", "stream": True,
                       "user_message": "@sandbox{latency_ms=400,drip_ms=10} nobody listens"})
    connection = http.client.HTTPConnection("127.0.0.1", weir.port)
    connection.request("POST", "/ai/complete", body, {
        "authorization": f"Bearer {key}", "content-type": "application/json"})
    time.sleep(seconds)
    connection.close()
    wait_until(lambda: len(weir.rows()) > before)
    [row] = weir.rows()[before:]
    assert (row["status"], row["basis"]) == ("ok", "reported"), row
    check_at_rest(weir)


def test_reading_on_for_nobody_has_its_bound(small_stage):
    sandbox, weir, key = small_stage
    stream = ask(weir, key, f"@sandbox{{drip_ms=50}} {'word ' * 100}")
    first_token(stream)
    left_at = time.monotonic()
    stream.leave()
    row = wait_until(lambda: rows_of(weir, stream.request_id))[0]
    assert 0.9 < time.monotonic() - left_at < 3
    assert (row["status"], row["basis"]) == ("stream_cut", "estimated"), row
    entry = wait_until(sandbox.truth)[-1]
    assert entry["output_tokens"] < 60, "the provider went on although nobody listened"
    assert true_cost(entry) <= row["cost_nanos"] < row["held_nanos"]
    check_at_rest(weir)


def test_sigterm_waits_for_those_that_left(tmp_path):
    sandbox, weir, key = start(tmp_path, SETTINGS.replace("drain: 1s", "drain: 10s"))
    try:
        stream = ask(weir, key, "@sandbox{drip_ms=60} one two three four five six")
        first_token(stream)
        stream.leave()
        weir.signal(signal.SIGTERM)
        assert weir.process.wait(timeout=60) == 0
        [row] = weir.rows()
        assert (row["status"], row["basis"]) == ("ok", "reported"), row
    finally:
        if weir.process.poll() is None:
            weir.kill()
        sandbox.kill()


def test_those_that_left_keep_their_places_until_they_are_paid(small_stage):
    _, weir, key = small_stage
    streams = [ask(weir, key, f"@sandbox{{drip_ms=50}} {'word ' * 100}") for _ in range(3)]
    for stream in streams:
        first_token(stream)
    fourth = ask(weir, key, "one too many")
    assert (fourth.status, fourth.whole.json["error"]) == (503, "overloaded")
    assert rows_of(weir, fourth.request_id) == [] and "retry-after" in fourth.headers
    for stream in streams:
        stream.leave()
    assert ask(weir, key, "still too many").status == 503
    check_at_rest(weir)
    assert ask(weir, key, "now there is room").finish().is_complete


def unsent_bytes(server):
    """What the peers of a server have not taken from it."""
    lines = pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]
    queues = [line.split() for line in lines]
    return sum(int(fields[4].split(":")[0], 16) for fields in queues
               if fields[1].endswith(f":{server.port:04X}"))


def test_a_client_that_reads_nothing_holds_the_provider_back(stage):
    sandbox, weir, key = stage
    ask(weir, key, "@sandbox{big=1,output_tokens=60} warm").finish()
    before = memory(weir)
    streams = [ask(weir, key, f"{number} @sandbox{{big=6,output_tokens=60}}", "gpt-4o-mini",
                   timeout=40) for number in range(3)]
    assert [stream.status for stream in streams] == [200] * 3
    wait_until(lambda: unsent_bytes(sandbox) > 1 << 20)
    time.sleep(0.3)
    assert unsent_bytes(sandbox) > 1 << 20, "the provider was read ahead of the client"
    assert memory(weir) - before < 8 << 20, "18 MiB of answers are on their way"
    assert in_flight(weir) == 3
    for stream in streams[:2]:
        stream.leave()
    wait_until(lambda: in_flight(weir) == 1)
    # Who reads on after a while gets it all.
    assert streams[2].finish().is_complete and len(streams[2].text) == 6 << 20
    check_at_rest(weir)


def test_a_client_that_never_reads_again_is_given_up(small_stage):
    """Its place, its money and its row don't wait for it."""
    sandbox, weir, key = small_stage
    stream = ask(weir, key, "@sandbox{big=16,output_tokens=60}", "gpt-4o-mini", timeout=40)
    assert stream.status == 200, stream.whole
    [row] = wait_until(lambda: rows_of(weir, stream.request_id))
    assert (row["status"], row["basis"]) == ("stream_cut", "estimated")
    check_at_rest(weir)
    stream.leave()
