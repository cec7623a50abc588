"""Recorded traffic of the providers through their own SDKs: what Weir passes on is, member for
member, what the provider said, and its rows have the recording's usage.

The folder of recordings is WEIR_RECORDINGS, or ../shared/recordings beside the project.
"""
import collections
import json
import os
import pathlib

import anthropic
import openai
import pytest
from google.genai import errors

from sdklab import Stage
from weirlab import ROOT

FOLDER = pathlib.Path(os.environ.get("WEIR_RECORDINGS", ROOT.parent / "shared" / "recordings"))
REFUSALS = (openai.BadRequestError, anthropic.BadRequestError, errors.ClientError)


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    if not FOLDER.is_dir():
        pytest.skip(f"no recordings: {FOLDER} is no folder; name one by WEIR_RECORDINGS")
    stage = Stage(tmp_path_factory.mktemp("sdk"), "--recordings", FOLDER, built_in_prices=True)
    yield stage
    for row, call in stage.pairs():
        if call["usage_reported"]:
            assert tokens_of(row) == [call[name] for name in (
                "input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens",
                "reasoning_tokens")], (row, call)
    stage.stop()


def tokens_of(row):
    writes = row["cache_write_5m_tokens"] + row["cache_write_1h_tokens"]
    return [row["input_tokens"], row["output_tokens"], row["cache_read_tokens"], writes,
            row["reasoning_tokens"]]


# What the sandbox finds a recording by.
Likeness = collections.namedtuple("Likeness", "model is_stream words length")


def read(provider, ending):
    """The recordings that the sandbox finds: of those that are alike, it gives the first."""
    found = {}
    with (FOLDER / f"{provider}.jsonl").open(encoding="utf-8") as lines:
        for recording in map(json.loads, lines):
            place = recording["path"].rsplit("/", 1)[-1]
            if recording["status"] == 200 and place.endswith(ending):
                found.setdefault(likeness(recording), recording)
    return [recording for like, recording in found.items() if like.words]


def likeness(recording):
    request = recording["request"]
    turns = request.get("messages") or request.get("input") or request.get("contents") or []
    if isinstance(turns, str):
        turns = [{"role": "user", "content": turns}]
    users = [turn for turn in turns if turn.get("role", "user") == "user"] or [{}]
    content = users[-1].get("content") or users[-1].get("parts") or ""
    texts = [content] if isinstance(content, str) else [
        part if isinstance(part, str) else part.get("text") or "" for part in content]
    return Likeness(request.get("model") or recording["path"], recording["stream"],
                    "".join(texts), len(turns))


def told(recording):
    """The events of a recorded stream."""
    lines = [line[5:].strip() for line in recording["response"].splitlines()
             if line.startswith("data:")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


def by_openai(create, names):
    def ask(recording):
        body = {name: value for name, value in recording["request"].items() if name != "stream"}
        named = {name: body.pop(name) for name in names if name in body}
        if not recording["stream"]:
            raw = create.with_raw_response.create(**named, extra_body=body)
            assert raw.parse().to_dict(mode="json") is not None
            return json.loads(raw.text), recording["response"]
        events = create.create(**named, extra_body=body, stream=True)
        return [event.to_dict(mode="json") for event in events], told(recording)
    return ask


def by_anthropic(client):
    def ask(recording):
        body = {name: value for name, value in recording["request"].items() if name != "stream"}
        named = {name: body.pop(name) for name in ("model", "max_tokens", "messages")}
        if not recording["stream"]:
            raw = client.beta.messages.with_raw_response.create(**named, extra_body=body)
            assert raw.parse().to_dict(mode="json") is not None
            return json.loads(raw.text()), recording["response"]
        events = client.beta.messages.create(**named, extra_body=body, stream=True)
        # The SDK keeps a ping to itself.
        return ([event.to_dict(mode="json") for event in events],
                [event for event in told(recording) if event["type"] != "ping"])
    return ask


def by_gemini(client):
    """It reads into objects of its own, so that the gist is compared."""
    def ask(recording):
        body = dict(recording["request"])
        call = {"model": recording["path"].rsplit("/", 1)[-1].split(":")[0],
                "contents": body.pop("contents"),
                "config": {"http_options": {"extra_body": body}}}
        if not recording["stream"]:
            reply = client.models.generate_content(**call)
            return gist([reply.model_dump(mode="json", by_alias=True)]), gist(
                [recording["response"]])
        chunks = list(client.models.generate_content_stream(**call))
        return (gist([chunk.model_dump(mode="json", by_alias=True) for chunk in chunks]),
                gist(told(recording)))
    return ask


def gist(replies):
    parts = [part for reply in replies for candidate in reply.get("candidates") or []
             for part in (candidate.get("content") or {}).get("parts") or []]
    usage = replies[-1].get("usageMetadata") or {}
    return {"text": [part["text"] for part in parts if part.get("text")],
            "calls": [(part["functionCall"]["name"], part["functionCall"].get("args") or {})
                      for part in parts if part.get("functionCall")],
            "finish": [candidate.get("finishReason") for reply in replies
                       for candidate in reply.get("candidates") or []],
            "usage": [usage.get(name) or 0 for name in (
                "promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount")]}


def message(error):
    return getattr(error, "api_message", None) or error.message


# Provider, the end of its path, how its SDK asks, and how many recordings at least must come
# through: what Weir refuses (the provider's own tools, for one) doesn't.
CASES = [
    ("openai", "completions", 30,
     lambda client: by_openai(client.chat.completions, ("model", "messages"))),
    ("openai", "responses", 20, lambda client: by_openai(client.responses, ("model", "input"))),
    ("deepseek", "completions", 1,
     lambda client: by_openai(client.chat.completions, ("model", "messages"))),
    ("deepseek", "responses", 1, lambda client: by_openai(client.responses, ("model", "input"))),
    ("anthropic", "messages", 20, by_anthropic),
    ("gemini", "enerateContent", 30, by_gemini),
]


@pytest.mark.parametrize("provider, ending, least, asking", CASES,
                         ids=[f"{case[0]}-{case[1]}" for case in CASES])
def test_the_sdk_reads_what_was_recorded(stage, how, provider, ending, least, asking, capsys):
    sdk = "openai" if provider == "deepseek" else provider
    loose = {} if sdk == "gemini" else {"_strict_response_validation": False}
    ask = asking(stage.client(sdk, how, **loose))
    passed, streams, refused, wrong = 0, 0, collections.Counter(), {}
    for recording in read(provider, ending):
        try:
            is_, should = ask(recording)
        except REFUSALS as error:
            refused[getattr(error, "param", None) or message(error)[:50]] += 1
            continue
        passed += is_ == should
        streams += recording["stream"] and is_ == should
        if is_ != should:
            wrong[recording["id"]] = {"is": is_, "should": should}
    with capsys.disabled():
        print(f"\n{provider:9} {ending:14} {how:5} read {passed:3}, {streams} of them streams; "
              f"refused {sum(refused.values())}")
    assert not wrong, json.dumps(wrong)[:5000]
    assert passed >= least, refused
