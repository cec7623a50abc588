"""What goes wrong, as each SDK tells it: the exception's type, Weir's code, and who tries again."""
import time

import anthropic
import openai
import pytest
from google.genai import errors

from asking import FORMS
from sdklab import MODELS, PROVIDERS, Stage

TYPES = {401: "AuthenticationError", 400: "BadRequestError", 403: "PermissionDeniedError",
         404: "NotFoundError"}


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    stage = Stage(tmp_path_factory.mktemp("sdk"), extra="limits: { call_timeout: 1s }")
    stage.weir.put_tenant(43, budget_usd=0)
    stage.weir.put_tenant(44, is_active=False)
    stage.weir.put_tenant(45, features={"off": False})
    stage.keys = {number: stage.weir.make_key(tenants=[number]) for number in (43, 44, 45)}
    yield stage
    stage.audit()
    stage.stop()


@pytest.fixture(params=FORMS, ids=lambda form: form.__name__)
def form(request):
    return request.param


def refusal(form, stage, how, model, text, key=None, retries=3, **more):
    """The exception's facts, and how many calls have reached a provider for it."""
    before = len(stage.calls())
    client = stage.client(form.sdk, how, **form.retrying(retries), **({"key": key} if key else {}))
    with pytest.raises(form.error) as caught:
        form.ask(client, model, text, **more)
    error, facts = caught.value, form.facts(caught.value)
    check_type(form, error, facts[0])
    return facts, len(stage.calls()) - before


def check_type(form, error, status):
    if form.sdk == "gemini":
        assert isinstance(error, errors.ServerError if status >= 500 else errors.ClientError)
        return
    module = openai if form.sdk == "openai" else anthropic
    expected = TYPES.get(status, "InternalServerError" if status >= 500 else "APIStatusError")
    assert isinstance(error, getattr(module, expected)), error
    assert error.request_id.startswith("req_")


def test_a_wrong_key(form, stage, how):
    facts, calls = refusal(form, stage, how, MODELS[0], "Hi", key="wk_wrong")
    assert facts == (401, "unauthorized", None) and calls == 0


def test_no_budget(form, stage, how):
    begun = time.monotonic()
    facts, calls = refusal(form, stage, how, MODELS[0], "Hi", key=stage.keys[43])
    assert facts == (402, "ai_budget_exceeded", None) and calls == 0
    # Nobody waits to try again.
    assert time.monotonic() - begun < 0.4


def test_no_module(form, stage, how):
    facts, calls = refusal(form, stage, how, MODELS[0], "Hi", key=stage.keys[44])
    assert facts == (403, "ai_module_inactive", None) and calls == 0


def test_somebody_elses_tenant(form, stage, how):
    headers = {"X-Weir-Tenant": "42"}
    more = ({"config": {"http_options": {"headers": headers}}} if form.sdk == "gemini"
            else {"extra_headers": headers})
    facts, calls = refusal(form, stage, how, MODELS[0], "Hi", key=stage.keys[45], **more)
    assert facts[0] in (403, 404) and calls == 0


def test_a_feature_that_is_off(form, stage, how):
    headers = {"X-Weir-Feature": "off"}
    more = ({"config": {"http_options": {"headers": headers}}} if form.sdk == "gemini"
            else {"extra_headers": headers})
    facts, calls = refusal(form, stage, how, MODELS[0], "Hi", key=stage.keys[45], **more)
    assert facts == (403, "ai_feature_disabled", None) and calls == 0


def test_an_unknown_model(form, stage, how):
    facts, calls = refusal(form, stage, how, "no-such-model", "Hi")
    assert facts == (400, "unknown_model", "model") and calls == 0


UNCARRIED = {"Chat": ({"logit_bias": {"1": 2}}, "logit_bias"),
             "Responses": ({"include": ["message.output_text.logprobs"]}, None),
             "Messages": ({"extra_body": {"container": "c"}}, "container"),
             "GenerateContent": ({"config": {"response_logprobs": True}}, None)}


def test_a_field_that_cant_be_carried(form, stage, how):
    model = "gpt-4o-mini" if form.__name__ in ("Messages", "GenerateContent") else (
        "claude-haiku-4-5")
    more, param = UNCARRIED[form.__name__]
    facts, calls = refusal(form, stage, how, model, "Hi", **more)
    assert facts[:2] == (400, "invalid_request") and calls == 0
    assert facts[2] == param if param else facts[2]


def test_the_providers_own_refusal(form, stage, how, model):
    facts, calls = refusal(form, stage, how, model, "@sandbox{status=400}")
    assert facts[:2] == (400, "invalid_request") and calls == 1


@pytest.mark.parametrize("how, status", [("sync", 429), ("async", 503)])
def test_a_provider_that_asks_for_patience(form, stage, how, status):
    """The SDK tries again when the provider's Retry-After has passed."""
    model = MODELS[(2 * FORMS.index(form) + (how == "async")) % 4]
    stage.sandbox.request("PUT", "/_sandbox/behaviour", {
        "provider": PROVIDERS[model], "count": 1,
        "behaviour": {"status": status, "retry_after": 1}})
    before = len(stage.calls())
    begun = time.monotonic()
    client = stage.client(form.sdk, how, **form.retrying(2))
    assert form.ask(client, model, "Patience") == "Echo: Patience"
    assert len(stage.calls()) - before == 2
    assert time.monotonic() - begun >= 0.95


@pytest.mark.parametrize("status", [429, 500, 503, 529])
def test_a_provider_that_is_down(form, stage, model, status):
    facts, calls = refusal(
        form, stage, "sync", model, f"@sandbox{{status={status}}}", retries=0)
    assert facts == (503, "provider_unavailable", None) and calls == 1


def test_our_account_is_not_the_callers_business(form, stage, how, model):
    facts, calls = refusal(form, stage, how, model, "@sandbox{status=401}",
                           retries=3 if form.sdk != "gemini" else 0)
    assert facts[:2] == (502, "provider_error") and calls == 1


def test_an_answer_that_is_garbage(form, stage, how, model):
    stage.inexact += 1
    facts, calls = refusal(form, stage, how, model, "@sandbox{garbage=text}",
                           retries=3 if form.sdk != "gemini" else 0)
    assert facts[:2] == (502, "provider_error") and calls == 1


def test_a_provider_that_hangs(form, stage):
    stage.inexact += 1
    facts, calls = refusal(form, stage, "sync", "gpt-4o-mini", "@sandbox{hang}",
                           retries=3 if form.sdk != "gemini" else 0)
    assert facts[:2] == (504, "provider_timeout") and calls == 1


def test_a_client_without_patience(form, stage, how, model):
    """It leaves; the call goes on and is settled at what the provider reports."""
    before = len(stage.calls())
    limit = {"timeout": 200} if form.sdk == "gemini" else {"timeout": 0.2}
    client = stage.client(form.sdk, how, **limit)
    with pytest.raises(form.timeout):
        form.ask(client, model, "@sandbox{latency_ms=400}")
    stage.wait_until_settled()
    assert len(stage.calls()) - before == 1
    row = stage.rows()[-1]
    assert row["basis"] == "reported" and row["cost_nanos"] > 0


def test_nothing_at_a_path(stage, how):
    with pytest.raises(openai.NotFoundError) as caught:
        stage.client("openai", how).files.list()
    assert caught.value.code == "not_found"
