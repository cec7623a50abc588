"""What providers do wrong, through every door: the client hears of it, and the money is right."""
import contextlib
import http.client
import json
import time

import pytest

from streamlab import (CALM, PROVIDERS, ask, check_at_rest, check_truth, rows_of, start, together,
                       wait_until)
from test_crash import check_sums
from weirlab import true_cost

SETTINGS = CALM + """
streams: { first_token: 600ms, between_tokens: 600ms, total: 2s, drain: 500ms }
limits: { call_timeout: 1s, concurrent_calls: 64 }
"""
OWN = ("  own: { kind: openai-compatible, api_key: own, bills_errors: true,"
       " base_url: 'BASE/compatible/v1' }")
OWN_PRICE = "  - { provider: own, model: gpt-4o-mini, input: '0.15', output: '0.60' }"
# The longest that a client waits for anything here.
DEADLINE = 5
# What the call ends with: a whole answer, or a status and a code.
WHOLE = (200, None)
REFUSED = (400, "invalid_request")
FAILED = (502, "provider_error")
AWAY = (503, "provider_unavailable")
LATE = (504, "provider_timeout")

# Behaviour -> how a call of one piece ends, and the basis of its row; the same for a stream, whose
# error may come as an event after the first tokens. "any" is said behind the table.
STATUSES = [
    ("status=400", REFUSED, "none"), ("status=401", FAILED, "none"),
    ("status=402", FAILED, "none"), ("status=403", FAILED, "none"),
    ("status=404", REFUSED, "none"), ("status=413", REFUSED, "none"),
    ("status=422", REFUSED, "none"), ("status=429", AWAY, "none"),
    ("status=500", AWAY, "none"), ("status=503", AWAY, "none"),
    ("status=529", AWAY, "none"),
    ("status=502", FAILED, "worst_case"), ("status=504", FAILED, "worst_case"),
    ("status=307", FAILED, "worst_case"), ("status=418", FAILED, "worst_case"),
]
# Broken before a token: the same for both.
BROKEN = [
    ("hang", LATE, "worst_case"), ("hang_after_headers", LATE, "worst_case"),
    ("latency_ms=1500", LATE, "worst_case"),
    ("reset", FAILED, "worst_case"), ("reset_after=0", FAILED, "worst_case"),
    ("close_after=0", FAILED, "worst_case"), ("reset_after=20", FAILED, "worst_case"),
    ("close_after=20", FAILED, "worst_case"),
    ("header_bomb=2000", FAILED, "worst_case"), ("garbage=text", FAILED, "worst_case"),
    ("garbage=html", FAILED, "worst_case"), ("garbage=empty", FAILED, "worst_case"),
    ("garbage=binary", FAILED, "worst_case"), ("nested", FAILED, "worst_case"),
]
# A whole answer, whatever is strange about it.
STRANGE = [
    ("", "reported"), ("latency_ms=100", "reported"), ("http10", "reported"),
    ("close", "reported"), ("drip_bytes=7,drip_ms=1", "reported"), ("drip_ms=5", "reported"),
    ("usage=absent", "estimated"), ("usage=null", "estimated"),
    ("usage=negative", "worst_case"), ("usage=zero", "worst_case"), ("usage=huge", "worst_case"),
    ("usage=fraction", "worst_case"), ("usage=string", "worst_case"),
    ("usage=duplicate", "worst_case"), ("cached_tokens=3", "reported"),
    ("output_tokens=500", "reported"), ("finish=never_heard_of", "reported"),
]
# A stream that has begun.
CUT = [
    "break_after=4", "error_event=4", "error_event=1", "break_after=5,drip_ms=5", "reset_after=900",
    "close_after=900", "content_length=-40", "content_length=40", "garbage=truncated",
]


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    sandbox, weir, key = start(tmp_path_factory.mktemp("chaos"), SETTINGS, concurrency=16,
                               provider=OWN, price=OWN_PRICE)
    yield sandbox, weir, key
    weir.stop()
    sandbox.stop()


def prompt(behaviour, text="five words of a prompt"):
    return f"{text} @sandbox{{{behaviour}}}" if behaviour else text


def sandbox_entry(sandbox, identity):
    lines = sandbox.truth_log.read_text().splitlines()[-300:]
    return next((json.loads(line) for line in lines if identity in line), None)


def breakers(weir):
    """The states of all of them; what a provider asked for by Retry-After is over soon here."""
    return {model["breaker"] for provider in weir.api("GET", "/admin/providers").json["providers"]
            for model in provider["traffic"]["models"]}


def check_aftermath(stage, streams):
    """What has to hold after anything at all."""
    sandbox, weir, key = stage
    check_at_rest(weir)
    wait_until(lambda: breakers(weir) <= {"closed"})
    rows = []
    for stream in streams:
        [row] = rows_of(weir, stream.request_id)
        # What is late is billed late.
        entry = wait_until(lambda: sandbox_entry(sandbox, f"{stream.request_id}.1"))
        cost = true_cost(entry) if entry["billed"] else 0
        assert row["cost_nanos"] >= cost, f"below the truth: {entry} {row}"
        if row["basis"] == "reported":
            assert row["cost_nanos"] == cost, f"reported, but not the truth: {entry} {row}"
        if row["basis"] == "worst_case":
            assert row["cost_nanos"] == row["held_nanos"] > 0
        assert 0 <= row["cost_nanos"] <= max(row["held_nanos"], cost)
        rows.append(row)
    for good in together(lambda model: ask(weir, key, "still there?", model).finish(),
                         PROVIDERS.values()):
        assert good.is_complete and good.error is None, (good.whole, good.events)
    return rows


def check_heard(stream, ending, took):
    """The client got the error in its own form, in time, and nothing that completes an answer."""
    status, code = ending
    assert took < DEADLINE, took
    if code is None:
        assert stream.is_complete and stream.error is None, (stream.whole, stream.events)
        return
    if stream.is_stream:
        assert stream.error == code and not stream.is_complete, stream.events
        assert b"127.0.0.1" not in stream.raw
        return
    assert (stream.status, stream.door.code(stream.whole.json)) == ending, stream.whole
    assert b"127.0.0.1" not in stream.whole.body
    assert ("retry-after" in stream.headers) == (status == 503)


def run(stage, behaviour, is_stream, door="ai", models=PROVIDERS.values(), **more):
    """One call to each model at the same time, with the seconds that each took."""
    _, weir, key = stage

    def call(model):
        start = time.monotonic()
        stream = ask(weir, key, prompt(behaviour), model, door, stream=is_stream, **more)
        return stream.finish(), time.monotonic() - start

    return together(call, models)


def run_both(stage, behaviour, **more):
    """Whole and as a stream: eight calls at once."""
    halves = together(lambda is_stream: run(stage, behaviour, is_stream, **more), [False, True])
    return halves[0] + halves[1]


@pytest.mark.parametrize("behaviour, ending, basis", STATUSES + BROKEN,
                         ids=[row[0] for row in STATUSES + BROKEN])
def test_nothing_comes(stage, behaviour, ending, basis):
    calls = run_both(stage, behaviour)
    for stream, took in calls:
        assert not stream.is_stream, stream.events
        check_heard(stream, ending, took)
    for row in check_aftermath(stage, [stream for stream, _ in calls]):
        assert row["basis"] == basis, row
        assert row["in_doubt"] == (basis == "worst_case")
        assert row["held_nanos"] > 0


@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("seconds", [7, 1_000_000_000])
@pytest.mark.parametrize("status", [429, 503])
def test_a_wish_to_be_left_alone(stage, status, seconds, is_stream):
    calls = run(stage, f"status={status},retry_after={seconds}", is_stream)
    for stream, took in calls:
        check_heard(stream, AWAY, took)
        assert 7 <= int(stream.headers["retry-after"]) <= seconds
    for row in check_aftermath(stage, [stream for stream, _ in calls]):
        assert row["basis"] == "none"


@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "stream"])
def test_an_empty_account_is_not_the_callers_rate(stage, is_stream):
    [(stream, took)] = run(stage, "status=429,error_code=insufficient_quota", is_stream,
                           models=["gpt-4o-mini"])
    check_heard(stream, FAILED, took)
    assert check_aftermath(stage, [stream])[0]["basis"] == "none"


@pytest.mark.parametrize("behaviour, basis", STRANGE, ids=[row[0] or "good" for row in STRANGE])
def test_a_whole_answer(stage, behaviour, basis):
    calls = run_both(stage, behaviour, max_tokens=600)
    for stream, took in calls:
        assert stream.status == 200 and took < DEADLINE, stream.whole
        if stream.is_stream:
            check_heard(stream, WHOLE, took)
            assert stream.text.startswith("Echo: five words"), stream.events
    rows = check_aftermath(stage, [stream for stream, _ in calls])
    for row, (stream, _) in zip(rows, calls):
        assert (row["basis"], row["status"], row["in_doubt"]) == (basis, "ok", 0), row
        assert row["usage_suspect"] == (basis == "worst_case")
        envelope = stream.done if stream.is_stream else stream.whole.json
        assert abs(envelope["cost_usd"] - row["cost_nanos"] / 1e9) <= 0.5000001e-6, row
        assert (envelope["input_tokens"], envelope["output_tokens"]) == (
            row["input_tokens"], row["output_tokens"])


@pytest.mark.parametrize("behaviour", CUT)
def test_a_stream_that_breaks(stage, behaviour):
    calls = run(stage, behaviour, True, max_tokens=200)
    rows = check_aftermath(stage, [stream for stream, _ in calls])
    for (stream, took), row in zip(calls, rows):
        if stream.is_complete:
            # The end mark was there; what came behind it is no part of the answer.
            check_heard(stream, WHOLE, took)
            assert row["status"] == "ok"
            continue
        code = stream.error if stream.is_stream else stream.whole.json["error"]
        assert code in ("provider_error", "provider_unavailable"), (stream.events, stream.whole)
        check_heard(stream, (stream.status, code), took)
        if stream.is_stream:
            assert row["status"] == "stream_cut" and row["basis"] in ("estimated", "reported"), row
            assert row["cost_nanos"] < row["held_nanos"], "what was received costs less than W"


def test_a_stream_without_its_end_mark_is_no_answer(stage):
    calls = run(stage, "no_end", True)
    rows = check_aftermath(stage, [stream for stream, _ in calls])
    for (stream, took), (provider, row) in zip(calls, zip(PROVIDERS, rows)):
        check_heard(stream, (200, "provider_error"), took)
        # Where the usage stood before the end mark it is known all the same.
        assert row["basis"] == ("estimated" if provider == "gemini" else "reported"), row
        assert row["status"] == "stream_cut"


@pytest.mark.parametrize("behaviour", ["drip_ms=900", "latency_ms=100,drip_ms=900"])
def test_a_stream_that_stalls(stage, behaviour):
    """The head comes at once, then nothing for longer than a token may take."""
    calls = run(stage, behaviour, True)
    for (stream, took), row in zip(calls, check_aftermath(stage, [s for s, _ in calls])):
        check_heard(stream, LATE if not stream.is_stream else (200, "provider_timeout"), took)
        assert row["basis"] in ("estimated", "worst_case"), row


def test_a_stream_that_never_ends_is_ended(stage):
    """Every token in time, but more of them than the whole call may take."""
    calls = run(stage, "output_tokens=60,drip_ms=100", True)
    for (stream, took), row in zip(calls, check_aftermath(stage, [s for s, _ in calls])):
        assert 1.5 < took < DEADLINE
        check_heard(stream, (200, "provider_timeout"), took)
        assert row["status"] == "stream_cut" and row["basis"] == "estimated"


@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "stream"])
def test_an_empty_answer(stage, is_stream):
    calls = run(stage, "empty", is_stream)
    rows = check_aftermath(stage, [stream for stream, _ in calls])
    for (stream, took), row in zip(calls, rows):
        if stream.status == 200 and stream.error is None:
            assert stream.text == "" and row["status"] == "ok"
        else:
            check_heard(stream, FAILED, took)


@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "stream"])
def test_cached_tokens_above_the_input(stage, is_stream):
    models = [model for provider, model in PROVIDERS.items() if provider != "anthropic"]
    calls = run(stage, "usage=cached_over_input", is_stream, models=models)
    for row in check_aftermath(stage, [stream for stream, _ in calls]):
        assert (row["basis"], row["usage_suspect"]) == ("worst_case", 1)


def test_a_failure_that_is_billed(stage):
    """Where the operator says that a provider charges for its own failures, they cost W."""
    sandbox, weir, key = stage
    for status in (500, 503, 529):
        calls = run_both(stage, f"status={status},billed", models=["own/gpt-4o-mini"])
        for row in check_aftermath(stage, [stream for stream, _ in calls]):
            assert (row["basis"], row["in_doubt"]) == ("worst_case", 1), row


def test_a_crowd_of_troubles_leaves_nothing_behind(stage):
    """Everything at once: as many calls as a provider may have, of every kind."""
    sandbox, weir, key = stage
    troubles = ["", "reset", "status=503", "break_after=4", "garbage=html", "usage=absent",
                "no_end", "error_event=3", "drip_ms=3", "status=429", "close_after=500"]

    def call(number):
        model = list(PROVIDERS.values())[number % 4]
        with contextlib.suppress(OSError, http.client.HTTPException):
            return ask(weir, key, prompt(troubles[number % 11], f"call {number}"), model,
                       stream=number % 3 > 0).finish().status

    statuses = together(call, range(220), workers=50)
    assert None not in statuses and 500 not in statuses, statuses
    assert statuses.count(200) > 60
    check_aftermath(stage, [])


def test_the_ledger_has_it_all(stage):
    """Over everything that happened here."""
    sandbox, weir, key = stage
    wait_until(lambda: len(sandbox.truth()) > 100)
    check_aftermath(stage, [])
    pairs = check_truth(weir, sandbox)
    rows = weir.rows()
    known = {row["attempt_id"] for _, row in pairs}
    assert all(row["in_doubt"] for row in rows if row["attempt_id"] not in known), "never sent"
    check_sums(weir, rows)
    assert weir.api("GET", "/admin/audit/verify").json["sound"]
