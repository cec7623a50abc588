"""Streams that end before their time: the client leaves, or the provider breaks off."""
import pytest

from asking import FORMS

LONG = "@sandbox{drip_ms=7,output_tokens=40}"


@pytest.fixture(params=FORMS, ids=lambda form: form.__name__)
def form(request):
    return request.param


def leave(stream):
    """Closes the connection, as `with` and garbage collection would."""
    for name in ("close", "aclose"):
        try:
            return getattr(stream, name)()
        except AttributeError:
            continue


def test_a_client_that_leaves(form, stage, how, model):
    """What it doesn't wait for is billed as the provider reports it, and nothing stays held."""
    stream = form.stream(stage.client(form.sdk, how), model, LONG)
    for count, _ in enumerate(stream):
        if count == 2:
            break
    leave(stream)
    stage.wait_until_settled()
    row, call = stage.rows()[-1], stage.calls()[-1]
    assert row["basis"] == "reported" and call["usage_reported"]
    assert row["output_tokens"] == call["output_tokens"] == 40
    assert stage.held() == 0


@pytest.mark.parametrize("behaviour", ["error_event=6", "break_after=6"])
def test_a_provider_that_breaks_off(form, stage, how, model, behaviour):
    """The SDK raises after what it was given; the answer is never completed."""
    stage.inexact += 1
    told = []
    client = stage.client(form.sdk, how)
    text = f"@sandbox{{{behaviour}}} one two three four five six seven eight"
    with pytest.raises(form.broken) as caught:
        told.extend(form.stream(client, model, text))
    assert "provider" in str(caught.value), caught.value
    assert told
    stage.wait_until_settled()
    assert stage.rows()[-1]["basis"] == "estimated"
    assert stage.held() == 0


def test_a_provider_that_refuses_a_stream(form, stage, how, model):
    """Before the first token it is an error like any other."""
    with pytest.raises(form.error) as caught:
        list(form.stream(stage.client(form.sdk, how), model, "@sandbox{status=503}"))
    assert form.facts(caught.value)[:2] == (503, "provider_unavailable")
