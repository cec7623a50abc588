"""What providers do wrong, as the clients of every door hear of it; and what doors do alike."""
import pytest

from doors import DOORS
from streamlab import PROVIDERS, ask, rows_of, start, together
from test_chaos import DEADLINE, SETTINGS, check_aftermath, run

SDK_DOORS = [name for name in DOORS if name != "ai"]
MODELS = """
models:
  duo: { provider: openai, model: gpt-4o-mini, fallbacks: [gemini-2.5-flash] }
"""


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    settings = MODELS + SETTINGS.replace("attempts: 1", "attempts: 2")
    sandbox, weir, key = start(tmp_path_factory.mktemp("doors"), settings, concurrency=16)
    yield sandbox, weir, key
    weir.stop()
    sandbox.stop()


DOOR_TROUBLE = ["status=400", "status=429", "status=503", "status=502", "hang", "reset",
                "garbage=text", "header_bomb=2000", "usage=absent", "usage=negative", ""]
STREAM_TROUBLE = ["break_after=5", "error_event=5", "error_event=1", "no_end", "reset_after=1200",
                  "drip_ms=900"]


@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("door", SDK_DOORS)
def test_every_door_tells_its_clients(stage, door, is_stream):
    """Of every provider's troubles, whoever's words it speaks."""
    asked = DOOR_TROUBLE + STREAM_TROUBLE if is_stream else DOOR_TROUBLE
    results = together(lambda behaviour: run(stage, behaviour, is_stream, door), asked, 4)
    calls = [call for calls in results for call in calls]
    rows = check_aftermath(stage, [stream for stream, _ in calls])
    troubles = [behaviour for behaviour in asked for _ in PROVIDERS]
    for (stream, took), row, trouble in zip(calls, rows, troubles):
        said = (trouble, row["provider"], stream.whole, stream.events)
        assert took < DEADLINE, said
        if row["status"] == "ok":
            assert stream.status == 200 and stream.error is None, said
            assert stream.is_complete or not is_stream, said
        elif stream.is_stream:
            assert stream.error and not stream.is_complete, said
        else:
            assert stream.status >= 400 and stream.door.code(stream.whole.json), said


@pytest.mark.parametrize("door", SDK_DOORS)
def test_a_stream_is_given_again_byte_for_byte(stage, door):
    sandbox, weir, key = stage
    for model in PROVIDERS.values():
        head = {"idempotency-key": f"{door}-{model}"}
        first = ask(weir, key, "once @sandbox{drip_ms=2}", model, door, headers=head).finish()
        assert first.is_complete, first.events
        again = ask(weir, key, "once @sandbox{drip_ms=2}", model, door, headers=head).finish()
        assert again.raw == first.raw and again.headers["idempotent-replayed"] == "true"
        assert [row["kind"] for row in rows_of(weir, again.request_id)] == ["replay"]


@pytest.mark.parametrize("door", SDK_DOORS)
def test_a_kept_error_is_told_in_the_doors_own_words(stage, door):
    sandbox, weir, key = stage
    head = {"idempotency-key": f"cut-{door}"}
    first = ask(weir, key, "@sandbox{no_end} x", door=door, headers=head).finish()
    assert first.error and not first.is_complete, first.events
    sent = len(sandbox.truth())
    again = ask(weir, key, "@sandbox{no_end} x", door=door, headers=head).finish()
    assert again.status == 502 and again.door.code(again.whole.json), again.whole
    assert again.headers["x-should-retry"] == "false" and len(sandbox.truth()) == sent


@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("door", SDK_DOORS)
def test_another_provider_answers_in_the_same_words(stage, door, is_stream):
    sandbox, weir, key = stage
    sandbox.request("PUT", "/_sandbox/behaviour",
                    {"provider": "openai", "behaviour": "status=502"})
    try:
        reply = ask(weir, key, "anybody there?", "duo", door, stream=is_stream).finish()
    finally:
        sandbox.request("DELETE", "/_sandbox/behaviour")
    assert reply.status == 200 and reply.error is None, (reply.whole, reply.events)
    assert reply.headers["x-weir-provider"] == "gemini"
    assert reply.headers["x-weir-attempts"] == "2"
    assert [row["basis"] for row in rows_of(weir, reply.request_id)] == ["worst_case", "reported"]
    if is_stream:
        assert reply.is_complete and reply.text == "Echo: anybody there?"


@pytest.mark.parametrize("door", SDK_DOORS)
def test_no_budget_is_told_in_the_doors_own_words(stage, door):
    sandbox, weir, _ = stage
    weir.put_tenant(5, budget_usd=0.0001)
    poor, sent = weir.make_key((5,), role="tenant"), len(sandbox.truth())
    for is_stream in (False, True):
        reply = ask(weir, poor, "hello", door=door, stream=is_stream, max_tokens=5000)
        assert reply.status == 402 and reply.door.code(reply.whole.json), reply.whole
        assert reply.headers["x-should-retry"] == "false"
    assert len(sandbox.truth()) == sent and weir.rows("tenant_id = 5") == []
