"""Bad administrative requests and bad queries: a 400 that names the field, and nothing is changed.

Bodies are text, not dictionaries: JSON that no library would write is part of the table."""
import pytest

from weirlab import Sandbox, Weir

STATE = ["/admin/tenants", "/admin/keys", "/admin/kill-switches", "/admin/prices", "/admin/audit"]
NUMBERS = ["9223372036854775808", "1e30", "-1", "1.5", "true", "[]", "{}", "null"]
AMOUNTS = ["-1", "1e30", "1000000001", "NaN", "true", "[]", "{}", '"NaN"', '"1e"', '"-"', '""']
CORRUPT = ['"\\u0000"', '"\\ud800"', '"a\nb"']
TENANT, KEY, SWITCH = "PUT /admin/tenants/42", "POST /admin/keys", "PUT /admin/kill-switches"
ADJUST, PRICES = "POST /admin/adjustments", "PUT /admin/prices"
WHOLE = {
    TENANT: {}, KEY: {"name": '"x"', "role": '"service"', "tenants": "[42]"},
    SWITCH: {"target": '"all"', "engaged": "true"},
    ADJUST: {"tenant_id": "42", "attempt_id": '"%(attempt)s"', "amount_usd": '"0.1"',
             "reason": '"x"'},
    PRICES: {"version": '"v"', "prices": "[]"},
}
BAD = {
    (TENANT, "name"): ["1", "[]", "null", *CORRUPT],
    (TENANT, "tier"): ['"gold"', "1", "null", '""'],
    (TENANT, "is_active"): ["1", '"true"', "null"], (TENANT, "unlimited"): ["1", "null"],
    (TENANT, "budget_usd"): [*AMOUNTS, "null"],
    (TENANT, "expires_at"): ["1", '"tomorrow"', '"2026-02-30T00:00:00Z"', '"2026-01-01"'],
    (TENANT, "timezone"): ['"Mars/Olympus"', '"../../etc/passwd"', "1", '""', *CORRUPT],
    (TENANT, "features"): ["1", "[]", '{"a":1}', '{"a":true,"a":false}'],
    (TENANT, "budgets"): ["1", "[]", "null"], (TENANT, "models"): ["1", '"x"', "[1]", '["a","a"]'],
    (TENANT, "is_admin"): ["true"], (TENANT, "tenant_id"): ["43"],
    (KEY, "name"): ["1", '""', "null", *CORRUPT], (KEY, "role"): ['"root"', '"Admin"', "1", "null"],
    (KEY, "tenants"): ["1", "[0]", "[-1]", '["42"]', "[1.5]", "[9223372036854775808]", '"all"',
                       "{}"],
    (KEY, "expires_at"): ['"2000-01-01T00:00:00Z"', "1"], (KEY, "key"): ['"wk_mine"'],
    (SWITCH, "target"): ['"planet:1"', '"tenant:x"', '"tenant:042"', '"tenant:-1"', '"ALL"', '""',
                         "1", '"feature:"', "null", *CORRUPT],
    (SWITCH, "engaged"): ["1", '"true"', "null"], (SWITCH, "until"): ["1"],
    (ADJUST, "tenant_id"): [*NUMBERS, "0", '"42"'],
    (ADJUST, "attempt_id"): ['"x"', '"-1"', '"0"', "1.5", "null", '"1e3"'],
    (ADJUST, "amount_usd"): [*AMOUNTS, '"0"', "0", '"-99"'],
    (ADJUST, "reason"): ["1", '""', "null", *CORRUPT], (ADJUST, "actor"): ['"nobody"'],
    (PRICES, "version"): ["1", '""', '"a b"', '"caf\u00e9"', '"' + "v" * 65 + '"'],
    (PRICES, "prices"): ["1", "{}", "null", '"x"'], (PRICES, "colour"): ["1"],
}
CASES = [(call, field, value) for (call, field), values in BAD.items() for value in values]
PRICE = '{"version":"v","prices":[{"provider":"p","model":"m","input":"1","output":"1",%s}]}'
QUERIES = {
    "tenant_id": ["x", "0", "-1", "1.5", "042", "9223372036854775808", "", "%00", "1e3", "42%20"],
    "period": ["2026-13", "2026-00", "2026", "2026-1", "26-01", "x", "", "2026-01-01", "%ff"],
    "group_by": ["colour", "", "User", "user,model", "1"], "format": ["xml", "", "CSV"],
}
PAGES = {"cursor": ["x", "0", "-1", "9223372036854775808", "1.5"],
         "limit": ["0", "501", "-1", "x", ""]}


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    folder = tmp_path_factory.mktemp("administration")
    sandbox = Sandbox(folder).start()
    weir = Weir(folder, sandbox)
    weir.start()
    weir.put_tenant(42)
    key = weir.make_key()
    assert weir.complete(key, "so that there is an attempt").status == 200
    yield weir, key, weir.rows()[0]["attempt_id"]
    assert weir.stop() == 0, weir.log()
    sandbox.stop()


@pytest.fixture(autouse=True)
def unchanged(stage):
    weir, key, _ = stage
    before = [weir.api("GET", path).body for path in STATE], weir.rows()
    yield
    assert ([weir.api("GET", path).body for path in STATE], weir.rows()) == before
    assert weir.api("GET", "/ai/budget", key=key).status == 200


def check_refusal(reply, param):
    assert reply.status == 400, reply
    body = reply.json
    assert body["message"] and body["error"] == "invalid_request", body
    assert body["request_id"] == reply.headers["x-request-id"]
    assert body.get("param") == param, body


@pytest.mark.parametrize("call, field, value", CASES,
                         ids=[f"{c} {f} {n}" for n, (c, f, _) in enumerate(CASES)])
def test_a_bad_field_is_named(stage, call, field, value):
    weir, _, attempt = stage
    method, path = call.split()
    members = {**WHOLE[call], field: value}
    text = "{" + ",".join(f'"{name}":{member}' for name, member in members.items()) + "}"
    text = text.replace("%(attempt)s", str(attempt))
    check_refusal(weir.api(method, path, text.encode()), field)


@pytest.mark.parametrize("call", WHOLE)
@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'"x"', b"{", b"[" * 100_000,
                                  b"\xef\xbb\xbf{}", "{}".encode("utf-16")],
                         ids=["empty", "array", "null", "text", "cut", "deep", "bom", "utf-16"])
def test_a_bad_body_is_refused(stage, call, body):
    check_refusal(stage[0].api(*call.split(), body), None)


@pytest.mark.parametrize("call, field", [(call, field) for call, whole in WHOLE.items()
                                         for field in whole])
def test_a_missing_field_is_named(stage, call, field):
    weir, _, attempt = stage
    members = {name: member for name, member in WHOLE[call].items() if name != field}
    text = "{" + ",".join(f'"{name}":{member}' for name, member in members.items()) + "}"
    text = text.replace("%(attempt)s", str(attempt))
    check_refusal(weir.api(*call.split(), text.encode()), field)


@pytest.mark.parametrize("field, value", [
    ("cache_read", '"-1"'), ("cache_read", '"NaN"'), ("context_window", "0"),
    ("context_window", "1.5"), ("max_output_tokens", "-1"),
    ("effective_from", '"2026-02-30"'), ("tiers", "{}"),
    ("service_tiers", "[]"), ("per_call", "1"), ("embedding", "1"), ("colour", "1")])
def test_a_bad_price_is_named(stage, field, value):
    reply = stage[0].api("PUT", "/admin/prices", (PRICE % f'"{field}":{value}').encode())
    check_refusal(reply, f"prices[0].{field}")


@pytest.mark.parametrize("path", ["/ai/usage", "/ai/usage/log", "/ai/budget", "/ai/models",
                                  "/ai/usage/tenants", "/admin/audit"])
def test_a_bad_query_is_named(stage, path):
    weir, _, _ = stage
    known = {"/ai/usage": ["tenant_id", "period", "group_by", "format"],
             "/ai/usage/log": ["tenant_id", "period", "cursor", "limit"],
             "/ai/usage/tenants": ["period"], "/admin/audit": ["cursor", "limit"]}
    names = known.get(path, ["tenant_id"])
    for name in names:
        is_scoped = "tenant_id" in names and name != "tenant_id"
        base = f"{path}?tenant_id=42&" if is_scoped else f"{path}?"
        for value in (QUERIES | PAGES)[name]:
            reply = weir.api("GET", f"{base}{name}={value}")
            check_refusal(reply, None if value == "%ff" else name)
        check_refusal(weir.api("GET", f"{base}{name}=1&{name}=1"), name)
    check_refusal(weir.api("GET", f"{path}?colour=1"), "colour")
    check_refusal(weir.api("GET", f"{path}?%zz=1"), None)
    check_refusal(weir.api("GET", f"{path}?" + "&".join(["tenant_id=42"] * 65)), None)
