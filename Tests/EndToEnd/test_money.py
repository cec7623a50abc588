"""Budgets, charges and the usage interface on the running binary, against the sandbox's truth."""
import concurrent.futures
import csv
import io

import pytest

from weirlab import NANOS, true_cost

MODELS = sorted(NANOS)


def test_the_contract_example_costs_what_it_says(running):
    sandbox, weir, key = running
    reply = weir.complete(
        key, "Summarise today's sales @sandbox{input_tokens=312,output_tokens=87}",
        model="claude-haiku-4-5", user_id=101, feature_slug="sales-summary", max_tokens=400,
        system_prompt="You are a sales analyst...")
    assert reply.status == 200, reply
    body = reply.json
    assert set(body) == {"content", "input_tokens", "output_tokens", "cost_usd", "request_id"}
    assert (body["input_tokens"], body["output_tokens"]) == (312, 87)
    assert b'"cost_usd":0.000598' in reply.body
    assert body["request_id"] == reply.headers["x-request-id"]
    assert reply.headers["x-weir-cost-usd"] == "0.000598"
    [row] = weir.rows()
    assert row["cost_nanos"] == 597_600 and row["basis"] == "reported"
    usage = weir.api("GET", "/ai/usage?tenant_id=42&group_by=user", key=key).json
    assert usage["users"] == [{"user_id": 101, "calls": 1, "tokens": 399, "cost_usd": 0.000598}]


@pytest.mark.parametrize("model", MODELS)
def test_each_provider_is_charged_exactly(running, model):
    sandbox, weir, key = running
    for text in ["Hello", "Grüße aus Kampala – 日本語 " * 20, "x" * 5000]:
        assert weir.complete(key, text, model=model, max_tokens=50).status == 200
    rows, truth = weir.rows(), sandbox.truth()
    assert len(rows) == len(truth) == 3
    for row, entry in zip(rows, truth):
        assert row["cost_nanos"] == true_cost(entry) and row["basis"] == "reported"
        assert row["held_nanos"] >= row["cost_nanos"]


def test_concurrent_calls_never_pass_a_budget(lab):
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox)
    weir.put_tenant(42, budget_usd=1)
    key = weir.make_key()
    text = "@sandbox{latency_ms=300} count me"
    assert weir.complete(key, text, max_tokens=100).status == 200
    worst = weir.rows()[0]["held_nanos"]
    spent = weir.rows()[0]["cost_nanos"]
    limit = spent + 10 * worst
    weir.put_tenant(42, budget_usd=limit / 1e9)
    with concurrent.futures.ThreadPoolExecutor(200) as pool:
        replies = list(pool.map(lambda _: weir.complete(key, text, max_tokens=100), range(200)))
    passed = [reply for reply in replies if reply.status == 200]
    refused = [reply for reply in replies if reply.status == 402]
    assert len(passed) + len(refused) == 200
    assert len(sandbox.truth()) == len(passed) + 1          # I8: no call for a refusal
    rows = weir.rows()
    assert len(rows) == len(passed) + 1
    # While ten are held none gets in; a settled one makes room for what it did not use.
    moments = sorted([(row["created_at"], 0, row["held_nanos"], row) for row in rows]
                     + [(row["settled_at"], 1, row["held_nanos"], row) for row in rows],
                     key=lambda moment: moment[:2])
    held = settled = 0
    for _, is_end, amount, row in moments:
        held += -amount if is_end else amount
        settled += row["cost_nanos"] if is_end else 0
    assert held == 0 and settled <= limit
    assert 10 <= len(passed) < 200
    for reply in refused:
        assert reply.json["error"] == "ai_budget_exceeded"
        assert reply.headers["x-should-retry"] == "false"
    scope = weir.budget()["scopes"][0]
    assert scope["held_usd"] == 0


def test_exactly_ten_worst_cases_fit_into_a_budget_of_ten(lab):
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox)
    weir.put_tenant(42, budget_usd=1)
    key = weir.make_key()
    # Usage is withheld and the connection breaks: each call is charged its whole worst case.
    text = "@sandbox{latency_ms=500,reset} x"
    weir.complete(key, text, max_tokens=100)
    worst = weir.rows()[0]["held_nanos"]
    assert weir.rows()[0]["cost_nanos"] == worst
    limit = 11 * worst
    weir.put_tenant(42, budget_usd=limit / 1e9)
    with concurrent.futures.ThreadPoolExecutor(200) as pool:
        replies = list(pool.map(lambda _: weir.complete(key, text, max_tokens=100), range(200)))
    assert sum(reply.status == 402 for reply in replies) == 190
    assert len(weir.rows()) == 11 and len(sandbox.truth()) == 11
    scope = weir.budget()["scopes"][0]
    assert scope["held_usd"] == 0 and scope["remaining_usd"] == 0


@pytest.mark.parametrize("scope, fields", [
    ("user", {"users": {"7": 0.0000001}}), ("user", {"users": {"*": 0.0000001}}),
    ("feature", {"features": {"sales": 0.0000001}}), ("key", {"keys": {"*": 0.0000001}})])
def test_a_cap_inside_the_tenant_refuses(running, scope, fields):
    sandbox, weir, key = running
    weir.put_tenant(42, budgets=fields)
    reply = weir.complete(key, "hi", user_id=7, feature_slug="sales")
    assert reply.status == 402 and scope in reply.json["message"], reply
    assert not sandbox.truth() and not weir.rows()


def test_zero_blocks_and_unlimited_has_to_be_said(running):
    sandbox, weir, key = running
    weir.put_tenant(42, budget_usd=0)
    assert weir.complete(key, "hi").status == 402
    weir.put_tenant(42, unlimited=True)
    assert weir.complete(key, "hi").status == 200


def test_the_module_is_off_by_default(lab):
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox)
    key = weir.make_key([42, 43])
    reply = weir.complete(key, "hi", tenant=43)
    assert (reply.status, reply.json["error"]) == (403, "ai_module_inactive")
    assert reply.json["message"] == "AI module not activated for tenant 43"
    assert not sandbox.truth()


def test_kill_switches_stop_calls_at_once(running):
    sandbox, weir, key = running
    for target in ["all", "tenant:42", "feature:default", "provider:openai", "model:gpt-4o-mini"]:
        assert weir.api("PUT", "/admin/kill-switches",
                        {"target": target, "engaged": True}).status == 200
        reply = weir.complete(key, "hi")
        assert (reply.status, reply.json["error"]) == (403, "ai_kill_switch"), target
        weir.api("PUT", "/admin/kill-switches", {"target": target, "engaged": False})
        assert weir.complete(key, "hi").status == 200


# Behaviour of the provider -> status of Weir, code, basis of the row, whether in doubt.
MISCHIEF = [
    ("status=400", 400, "invalid_request", "none", 0),
    ("status=401", 502, "provider_error", "none", 0),
    ("status=403", 502, "provider_error", "none", 0),
    ("status=404", 400, "invalid_request", "none", 0),
    ("status=413", 400, "invalid_request", "none", 0),
    ("status=422", 400, "invalid_request", "none", 0),
    ("status=429", 503, "provider_unavailable", "none", 0),
    ("status=500", 503, "provider_unavailable", "none", 0),
    ("status=503", 503, "provider_unavailable", "none", 0),
    ("status=529", 503, "provider_unavailable", "none", 0),
    ("status=502", 502, "provider_error", "worst_case", 1),
    ("status=504", 502, "provider_error", "worst_case", 1),
    ("reset", 502, "provider_error", "worst_case", 1),
    ("reset_after=40", 502, "provider_error", "worst_case", 1),
    ("close_after=40", 502, "provider_error", "worst_case", 1),
    ("content_length=10", 502, "provider_error", "worst_case", 1),
    ("hang", 504, "provider_timeout", "worst_case", 1),
    ("hang_after_headers", 504, "provider_timeout", "worst_case", 1),
    ("garbage=html", 502, "provider_error", "worst_case", 1),
    ("garbage=truncated", 502, "provider_error", "worst_case", 1),
    ("garbage=empty", 502, "provider_error", "worst_case", 1),
    ("usage=absent", 200, None, "estimated", 0),
    ("usage=null", 200, None, "estimated", 0),
    ("usage=negative", 200, None, "worst_case", 0),
    ("usage=huge", 200, None, "worst_case", 0),
    ("usage=fraction", 200, None, "worst_case", 0),
    ("usage=string", 200, None, "worst_case", 0),
    ("usage=duplicate", 200, None, "worst_case", 0),
    ("usage=cached_over_input", 200, None, "worst_case", 0),
    ("nested", 502, "provider_error", "worst_case", 1),
    ("drip_bytes=16,drip_ms=2", 200, None, "reported", 0),
]


@pytest.mark.parametrize("behaviour, status, code, basis, in_doubt", MISCHIEF,
                         ids=[row[0] for row in MISCHIEF])
@pytest.mark.parametrize("model", ["gpt-4o-mini", "claude-haiku-4-5", "gemini-2.5-flash"])
def test_what_a_provider_may_do(misbehaving, behaviour, status, code, basis, in_doubt, model):
    sandbox, weir, key = misbehaving
    if behaviour == "usage=cached_over_input" and model == "claude-haiku-4-5":
        pytest.skip("cached tokens stand beside the input in this dialect, so none is above it")
    before, sent = len(weir.rows()), len(sandbox.truth())
    reply = weir.complete(key, f"@sandbox{{{behaviour}}} hello", model=model)
    assert reply.status == status, reply
    rows, truth = weir.rows()[before:], sandbox.truth()[sent:]
    assert len(rows) == 1 and len(truth) == 1
    row = rows[0]
    assert (row["basis"], row["in_doubt"]) == (basis, in_doubt), row
    if code:
        assert reply.json["error"] == code
        assert "127.0.0.1" not in reply.body.decode() and "sk-" not in reply.body.decode()
    if basis == "worst_case":
        assert row["cost_nanos"] == row["held_nanos"] > 0
        assert row["usage_suspect"] == (1 - in_doubt)
    if truth[0]["billed"]:
        assert row["cost_nanos"] >= true_cost(truth[0])
    else:
        assert in_doubt or row["cost_nanos"] == 0
    assert weir.budget()["scopes"][0]["held_usd"] == 0


@pytest.fixture(scope="module")
def misbehaving(tmp_path_factory):
    from weirlab import Sandbox, Weir
    folder = tmp_path_factory.mktemp("mischief")
    sandbox = Sandbox(folder).start()
    weir = Weir(folder, sandbox, "limits: { call_timeout: 2s }")
    weir.start()
    weir.put_tenant(42, budget_usd=1000)
    yield sandbox, weir, weir.make_key()
    weir.stop()
    sandbox.stop()


def test_a_provider_that_cannot_be_reached_costs_nothing(lab):
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox)
    weir.put_tenant(42)
    key = weir.make_key()
    sandbox.kill()
    reply = weir.complete(key, "hi")
    assert (reply.status, reply.json["error"]) == (503, "provider_unavailable"), reply
    assert "retry-after" in reply.headers
    [row] = weir.rows()
    assert (row["state"], row["cost_nanos"], row["status"]) == ("void", 0, "not_sent")
    assert weir.api("GET", "/ai/usage?tenant_id=42").json["calls"] == 0


def test_usage_equals_the_rows_at_once_in_every_grouping(running):
    sandbox, weir, key = running
    for number in range(30):
        reply = weir.complete(key, f"call {number}", model=MODELS[number % 4], max_tokens=20,
                              user_id=number % 3, feature_slug=f"f{number % 5}")
        assert reply.status == 200, reply
        rows = weir.rows()
        for grouping in ["user", "feature", "model", "provider", "day", "key"]:
            usage = weir.api("GET", f"/ai/usage?tenant_id=42&group_by={grouping}", key=key).json
            lines = usage[grouping + "s"]
            assert usage["calls"] == sum(line["calls"] for line in lines) == len(rows)
            tokens = sum(row["input_tokens"] + row["output_tokens"] for row in rows)
            assert usage["tokens"] == sum(line["tokens"] for line in lines) == tokens
    text = weir.api("GET", "/ai/usage?tenant_id=42&group_by=model&format=csv", key=key)
    assert text.headers["content-type"].startswith("text/csv")
    table = list(csv.DictReader(io.StringIO(text.body.decode())))
    assert sum(int(line["calls"]) for line in table) == 30
    overview = weir.api("GET", "/ai/usage/tenants").json
    assert overview[0]["tenant_id"] == 42 and overview[0]["budget_usd"] == 10
    seen, cursor = [], ""
    while True:
        page = weir.api("GET", f"/ai/usage/log?tenant_id=42&limit=7{cursor}", key=key).json
        seen += [row["attempt_id"] for row in page["rows"]]
        if not page.get("next_cursor"):
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert len(seen) == len(set(seen)) == 30 and seen == sorted(seen, key=int, reverse=True)


def test_thresholds_are_announced_once(running):
    sandbox, weir, key = running
    for _ in range(3):
        assert weir.complete(key, "@sandbox{output_tokens=400} hi", max_tokens=400).status == 200
    spent = sum(row["cost_nanos"] for row in weir.rows())
    limit = spent * 10 // 9
    weir.put_tenant(42, budget_usd=limit / 1e9)
    for _ in range(3):
        weir.complete(key, "hi", max_tokens=1)
    entries = weir.api("GET", "/admin/audit?limit=200").json["entries"]
    marks = [entry for entry in entries if entry["action"] == "budget.threshold"
             and entry["subject"] == "tenant"]
    assert [mark["details"]["percent"] for mark in marks] == [80]


def test_adjustments_correct_without_touching_the_row(running):
    sandbox, weir, key = running
    weir.complete(key, "@sandbox{reset} hi")
    [row] = weir.rows()
    half = row["cost_nanos"] // 2
    body = {"tenant_id": 42, "attempt_id": str(row["attempt_id"]), "reason": "invoice 7",
            "amount_usd": f"-0.{half:09d}"}
    assert weir.api("POST", "/admin/adjustments", body).status in (200, 201)
    body["amount_usd"] = f"-0.{row['cost_nanos']:09d}"
    assert weir.api("POST", "/admin/adjustments", body).status == 400       # below zero
    rows = weir.rows()
    assert [r["kind"] for r in rows] == ["call", "adjustment"] and rows[0] == row
    assert sum(r["cost_nanos"] for r in rows) == row["cost_nanos"] - half
    weir.stop()
    weir.start()
    usage = weir.api("GET", "/ai/usage?tenant_id=42").json
    assert abs(usage["cost_usd"] - (row["cost_nanos"] - half) / 1e9) < 1e-6


def test_prompts_and_answers_are_stored_nowhere(running):
    sandbox, weir, key = running
    assert weir.complete(key, "canary-prompt-8461 Zürich").status == 200
    reply = weir.complete(key, "canary-prompt-8461 @sandbox{status=400}")
    assert weir.stop() == 0
    for path in weir.folder.iterdir():
        if path.is_file() and not path.name.startswith("truth"):
            content = path.read_bytes()
            for secret in [b"canary-prompt-8461", b"sk-test", b"sk-ant-test", key.encode()]:
                assert secret not in content or path.name == "weir.yaml", (path, secret)
