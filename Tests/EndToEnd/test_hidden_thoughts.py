"""Models that think unseen: an answer without a usage is never charged below what it may cost."""
import pytest

from streamlab import ask, check_truth, start, together
from test_chaos import SETTINGS, check_aftermath, prompt

OWN = "  own: { kind: openai-compatible, api_key: own, base_url: 'BASE/compatible/v1' }"
OWN_PRICES = """\
  - { provider: own, model: gpt-4o-mini, input: '0.15', output: '0.60' }
  - { provider: own, model: gpt-5-mini, input: '0.25', output: '2', hidden_thoughts: never }
"""
CAP = 2000
# Models that think unseen, each by a door of its own: what a request has to say for it.
HIDING = {
    "claude-haiku-4-5": ("messages", {"thinking": {"type": "enabled", "budget_tokens": 1024}}),
    "gpt-5-mini": ("responses", {}),
    "openai/gpt-5-mini": ("chat", {}),
    "gemini-2.5-flash": ("generateContent", {}),
}
# Those that don't, that are told not to, or that show what they think.
OPEN = {
    "claude-haiku-4-5": ("messages", {}),
    "gpt-4o-mini": ("chat", {}),
    "gemini-2.5-flash": ("generateContent", {"generationConfig": {
        "maxOutputTokens": CAP, "thinkingConfig": {"thinkingBudget": 0}}}),
    "deepseek-reasoner": ("ai", {}),
}
# Servers of the operator's own: what their prices don't say is the worst.
HIDING["own/gpt-4o-mini"] = ("chat", {})
OPEN["own/gpt-5-mini"] = ("chat", {})
UNREPORTED = [("usage=absent", False), ("usage=null", False), ("usage=absent", True),
              ("break_after=6", True), ("error_event=6", True), ("reset_after=1500", True)]


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    sandbox, weir, key = start(tmp_path_factory.mktemp("thoughts"), SETTINGS, concurrency=16,
                               provider=OWN, price=OWN_PRICES)
    yield sandbox, weir, key
    check_truth(weir, sandbox)
    assert weir.stop() == 0
    sandbox.stop()


def ask_all(stage, models, behaviour, is_stream):
    def call(model):
        door, more = models[model]
        return ask(*stage[1:], prompt(behaviour), model, door, CAP, is_stream, **more).finish()

    return together(call, models)


@pytest.mark.parametrize("behaviour, is_stream", UNREPORTED)
def test_hidden_thoughts_of_an_answer_without_usage(stage, behaviour, is_stream):
    """They may be all that the cap allows."""
    streams = ask_all(stage, HIDING, f"reasoning_tokens=1500,{behaviour}", is_stream)
    for row in check_aftermath(stage, streams):
        assert row["basis"] in ("estimated", "worst_case"), row
        assert row["output_tokens"] == CAP or row["cost_nanos"] == row["held_nanos"], row


@pytest.mark.parametrize("behaviour, is_stream", UNREPORTED)
def test_an_answer_without_usage_of_a_model_that_hides_nothing(stage, behaviour, is_stream):
    streams = ask_all(stage, OPEN, behaviour, is_stream)
    for row in check_aftermath(stage, streams):
        assert row["basis"] == "estimated" and 0 < row["output_tokens"] < 200, row
        assert row["cost_nanos"] < row["held_nanos"] / 2, row


@pytest.mark.parametrize("behaviour, is_stream", UNREPORTED)
def test_shown_thoughts_of_an_answer_without_usage(stage, behaviour, is_stream):
    models = {"deepseek-reasoner": ("ai", {}), "deepseek/deepseek-reasoner": ("chat", {})}
    streams = ask_all(stage, models, f"reasoning_tokens=50,{behaviour}", is_stream)
    for row in check_aftermath(stage, streams):
        assert row["basis"] == "estimated" and 200 <= row["output_tokens"] < 500, row


def test_thoughts_that_are_reported_are_charged_as_reported(stage):
    for is_stream in (False, True):
        models = HIDING | {"deepseek-reasoner": ("ai", {})}
        streams = ask_all(stage, models, "reasoning_tokens=700", is_stream)
        for row in check_aftermath(stage, streams):
            assert row["basis"] == "reported" and row["reasoning_tokens"] == 700, row


def test_what_the_prices_say_of_it(stage):
    """The tests' own prices don't say it: the built-in book does."""
    _, weir, _ = stage
    prices = weir.api("GET", "/admin/prices").json["prices"]
    said = {(price["provider"], price["model"]): price["hidden_thoughts"] for price in prices}
    assert said["openai", "gpt-4o-mini"] == "never"
    assert said["anthropic", "claude-haiku-4-5"] == "on_request"
    assert said["gemini", "gemini-2.5-flash"] == "by_default"
    assert said["own", "gpt-4o-mini"] == "always" and said["own", "gpt-5-mini"] == "never"
    document = {"version": "put.1", "prices": [
        {"provider": "own", "model": "gpt-4o-mini", "input": "0.15", "output": "0.60",
         "hidden_thoughts": "on_request"}]}
    put = weir.api("PUT", "/admin/prices", document)
    [price] = [price for price in put.json["prices"]
               if (price["provider"], price["model"]) == ("own", "gpt-4o-mini")]
    assert price["hidden_thoughts"] == "on_request" and price["price_version"] == "put.1"
    document["prices"][0]["hidden_thoughts"] = True
    refused = weir.api("PUT", "/admin/prices", document)
    assert refused.status == 400 and "hidden_thoughts" in refused.json["message"], refused
