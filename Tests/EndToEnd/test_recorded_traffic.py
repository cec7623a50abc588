"""Recorded answers of real providers, replayed through the whole of Weir.

The folder of recordings is WEIR_RECORDINGS, or ../shared/recordings beside the project. What is
right is computed by Tests/Oracle, which shares nothing with Weir's code, at the built-in prices.
"""
import collections
import datetime
import json
import os
import pathlib
import sys

import pytest

from weirlab import ROOT, Sandbox, Weir

sys.path.insert(0, str(ROOT / "Tests" / "Oracle"))
import recordings as oracle  # noqa: E402

FOLDER = pathlib.Path(os.environ.get("WEIR_RECORDINGS", ROOT.parent / "shared" / "recordings"))
ENDINGS = {"openai": "/chat/completions", "deepseek": "/chat/completions",
           "anthropic": "/messages", "gemini": ":generateContent"}
# The provider's own tools cost fees, or tokens of other models, that the oracle leaves out.
FEES = ("web_search", "googleSearch", "google_search", "web_fetch", "advisor", "code_execution",
        "codeExecution", "urlContext", "url_context", "fileSearch", "file_search")
COLUMNS = {"input": "input_tokens", "output": "output_tokens", "cache_read": "cache_read_tokens",
           "cache_write_5m": "cache_write_5m_tokens", "cache_write_1h": "cache_write_1h_tokens",
           "reasoning": "reasoning_tokens"}


class Unsayable(Exception):
    """Why a recorded request can't be put to /ai/complete."""


def text_of(content):
    """A text, or text parts without anything between them."""
    if isinstance(content, str) and content:
        return content
    parts = content if isinstance(content, list) else []
    if not parts or any(set(part) - {"type", "text", "cache_control"} or "text" not in part
                        for part in parts):
        raise Unsayable("aren't text only")
    text = "".join(part["text"] for part in parts)
    if not text:
        raise Unsayable("have an empty message")       # 400 by contract
    return text


def conversation(provider, request):
    """System prompts and messages, in the words of /ai/complete.

    Tools and forms of answers that a request defines are left out: the recorded answer is the same
    without them, tool calls included.
    """
    own = [request.get(name) for name in ("tools", "web_search_options", "mcp_servers")]
    if any(fee in json.dumps(own) for fee in FEES) or own[1] is not None:
        raise Unsayable("use the provider's own tools")
    if provider == "gemini":
        instruction = request.get("systemInstruction") or request.get("system_instruction")
        system = [text_of(instruction["parts"])] if instruction else []
        messages = [("assistant" if turn.get("role") == "model" else "user",
                     text_of(turn["parts"])) for turn in request["contents"]]
        return system, messages
    system = [text_of(request["system"])] if request.get("system") else []
    messages = []
    for message in request["messages"]:
        text = text_of(message.get("content"))
        if message["role"] in ("system", "developer"):
            system.append(text)
        elif message["role"] in ("user", "assistant") and not message.get("tool_calls"):
            messages.append((message["role"], text))
        else:
            raise Unsayable("have results of tools")
    return system, messages


def requested_model(recording):
    return recording["request"].get("model") or recording["path"].rsplit("/", 1)[-1].split(":")[0]


def read(provider):
    """The cases of a provider, and how many of its recordings are none, by reason."""
    oracle.DAY = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    found, left_out, seen = [], collections.Counter(), collections.Counter()
    with (FOLDER / f"{provider}.jsonl").open(encoding="utf-8") as lines:
        for recording in map(json.loads, lines):
            is_answer = 200 <= recording["status"] < 300 and not recording["stream"]
            if not is_answer or not recording["path"].endswith(ENDINGS[provider]):
                continue
            model = requested_model(recording)
            likeness = (model, last_user_text(provider, recording["request"]),
                        length(provider, recording["request"]))
            seen[likeness] += 1
            try:
                system, messages = conversation(provider, recording["request"])
            except Unsayable as reason:
                left_out[str(reason)] += 1
                continue
            said = len(messages) + bool(system and provider in ("openai", "deepseek"))
            if said != likeness[2]:
                left_out["have system prompts in between"] += 1
                continue
            wanted = oracle.expected(recording)
            wanted["cost_nanos"] = oracle.cost(recording, wanted | {"model": model})
            if wanted["usage"] != "reported":
                left_out["report no usage"] += 1
            elif wanted["cost_nanos"] is None:
                left_out["have no built-in price"] += 1
            else:
                found.append((likeness, recording["id"], model, system, messages, wanted))
    # Of those with the same model, question and number of messages the sandbox gives the first.
    cases = [case[1:] for case in found if seen[case[0]] == 1]
    left_out["are asked more than once"] = len(found) - len(cases)
    return cases, left_out


def length(provider, request):
    return len(request["contents"] if provider == "gemini" else request["messages"])


def last_user_text(provider, request):
    """All text of the last message that is the user's, as the sandbox compares it."""
    turns = request["contents"] if provider == "gemini" else request["messages"]
    users = [turn for turn in turns if turn.get("role", "user") == "user"]
    content = users[-1].get("parts" if provider == "gemini" else "content") if users else ""
    if isinstance(content, str):
        return content
    return "".join(part if isinstance(part, str) else part.get("text") or "" for part in content)


def mistakes(reply, row, wanted):
    """What is wrong with an answer and its row; empty where nothing is."""
    if reply.status != 200:
        return [repr(reply)]
    body = reply.json
    pairs = {name: (row[column], wanted[name]) for name, column in COLUMNS.items()}
    pairs |= {
        "basis": (row["basis"], "reported"), "cost": (row["cost_nanos"], wanted["cost_nanos"]),
        "text": (body["content"], wanted["text"]),
        "input_tokens": (body["input_tokens"], wanted["input"]),
        "output_tokens": (body["output_tokens"], wanted["output"]),
        "cost_usd": (reply.headers["x-weir-cost-usd"], usd(wanted["cost_nanos"])),
        "within the hold": (row["cost_nanos"] <= row["held_nanos"], True),
    }
    return [f"{name}: {is_} instead of {should}" for name, (is_, should) in pairs.items()
            if is_ != should]


def usd(nanos):
    """At most six decimals, rounded half up, without zeros at the end."""
    whole, part = divmod((nanos + 500) // 1000, 1_000_000)
    return f"{whole}.{part:06d}".rstrip("0").rstrip(".")


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    if not FOLDER.is_dir():
        pytest.skip(f"no recordings: {FOLDER} is no folder; name one by WEIR_RECORDINGS")
    folder = tmp_path_factory.mktemp("recorded")
    sandbox = Sandbox(folder).start("--recordings", FOLDER)
    weir = Weir(folder, sandbox)
    lines = weir.config.read_text().splitlines(keepends=True)
    weir.config.write_text("".join(line for line in lines if not line.startswith("prices:")))
    weir.start()
    weir.put_tenant(42, unlimited=True)
    yield weir, weir.make_key()
    weir.stop()
    sandbox.stop()


@pytest.mark.parametrize("provider", sorted(ENDINGS))
def test_recorded_answers_are_read_and_priced_exactly(stage, provider, capsys):
    weir, key = stage
    cases, left_out = read(provider)
    if not cases:
        pytest.skip(f"{provider}: no recording that can be put: {dict(left_out)}")
    failures = {}
    for number, model, system, messages, wanted in cases:
        body = {"tenant_id": 42, "model": f"{provider}/{model}", "max_tokens": 1_000_000,
                "messages": [{"role": "system", "content": text} for text in system]
                + [{"role": role, "content": text} for role, text in messages]}
        reply = weir.api("POST", "/ai/complete", body, key)
        rows = weir.rows()
        wrong = mistakes(reply, rows[-1] if rows else None, wanted)
        if wrong:
            failures[number] = wrong
    with capsys.disabled():
        passed = len(cases) - len(failures)
        reasons = ", ".join(f"{count} {why}" for why, count in left_out.items() if count)
        print(f"\n{provider:10} cases {len(cases):3}  passed {passed:3}  left out: {reasons}")
    assert not failures, json.dumps(failures, indent=1)
