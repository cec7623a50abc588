"""Weir's own limit, one call a second here: a 429 of each SDK, which waits as long as it is told."""
import anthropic
import openai
import pytest
from google.genai import errors

from asking import FORMS
from sdklab import MODELS, Stage

TYPES = {"openai": openai.RateLimitError, "anthropic": anthropic.RateLimitError,
         "gemini": errors.ClientError}


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    stage = Stage(tmp_path_factory.mktemp("sdk"),
                  extra="limits: { ai: { per_minute: 60, burst: 0 } }")
    yield stage
    stage.audit()
    stage.stop()


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_too_many_calls(form, stage):
    how = "sync" if FORMS.index(form) % 2 else "async"
    tenant = 50 + FORMS.index(form)
    stage.weir.put_tenant(tenant)
    key = stage.weir.make_key(tenants=[tenant])
    hasty = stage.client(form.sdk, how, key=key, **form.retrying(0))
    patient = stage.client(form.sdk, how, key=key, **form.retrying(1))
    before = len(stage.calls())
    assert form.ask(hasty, MODELS[0], "First") == "Echo: First"
    with pytest.raises(TYPES[form.sdk]) as caught:
        form.ask(hasty, MODELS[0], "Second")
    assert form.facts(caught.value) == (429, "rate_limited", None)
    assert form.ask(patient, MODELS[0], "Third") == "Echo: Third"
    assert len(stage.calls()) - before == 2
