"""Malformed, oversized, mistyped, duplicated and hostile requests: a 4xx with a stable code and the
field at fault; no provider call, no row, no money held, and the server goes on."""
import json
import socket

import pytest

from weirlab import Sandbox, Weir

PLAIN = {"tenant_id": 42, "model": "gpt-4o-mini", "user_message": "hello"}
NUMBERS = ["9223372036854775808", "1e30", "-1", "1.5", '"12"', "null", "true", "[]", "{}", "1e-400",
           "18446744073709551616", "-9223372036854775809"]
TEXTS = ["1", "true", "[]", '"\\u0000"', '"\\ud800"', '""']
BAD = {
    "tenant_id": NUMBERS + ["0"], "user_id": [n for n in NUMBERS if n != "null"],
    "max_tokens": [n for n in NUMBERS if n != "null"] + ["0", "1000001"],
    "temperature": ["-0.1", "2.1", "1e30", '"1"', "true", "[]"],
    "top_p": ["-0.1", "1.1", "1e30", '"1"', "{}"],
    "model": TEXTS + ['"caf\u00e9"', '"a b"', '"' + "m" * 129 + '"', '"\u212a"', '"a\\r\\nb"'],
    "feature_slug": TEXTS + ['"a b"', '"' + "f" * 65 + '"', '"../\\u0007"'],
    "user_message": ["1", "true", "[]", "{}", '""', "null"],
    "system_prompt": ["1", "true", "[]", "{}"],
    "stop": ["1", "true", "{}", '[""]', '["a","b","c","d","e"]', "[1]", '""'],
    "metadata": ["1", '"x"', "[]", '{"a":1}'],
    "stream": ["1", '"true"', "true"],
    "unknown_field": ["1"], "api_base": ['"http://127.0.0.1:1"'], "price": ["0"],
}
CASES = [(field, value) for field, values in BAD.items() for value in values]
HEAD = b"host: weir\r\nauthorization: Bearer %s\r\ncontent-type: application/json\r\n"


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    sandbox = Sandbox(folder).start()
    weir = Weir(folder, sandbox)
    weir.start()
    weir.put_tenant(42)
    key = weir.make_key([42, 43])
    yield sandbox, weir, key
    assert not sandbox.truth() and not weir.rows(), "something was sent or written"
    assert all(scope["held_usd"] == scope["settled_usd"] == 0 for scope in weir.budget()["scopes"])
    assert weir.complete(key, "still there").status == 200
    assert weir.stop() == 0, weir.log()
    sandbox.stop()


def check_refusal(reply, statuses=range(400, 500)):
    assert reply.status in statuses, reply
    body = reply.json
    assert body["error"] and body["message"] and body["request_id"] == reply.headers["x-request-id"]
    return body


def text_with(field, value):
    body = {name: json.dumps(old) for name, old in PLAIN.items()}
    body[field] = value
    return "{" + ",".join(f'"{name}":{old}' for name, old in body.items()) + "}"


@pytest.mark.parametrize("field, value", CASES, ids=[f"{f}-{n}" for n, (f, _) in enumerate(CASES)])
def test_a_bad_field_is_named(stage, field, value):
    _, weir, key = stage
    reply = weir.api("POST", "/ai/complete", text_with(field, value).encode(), key)
    body = check_refusal(reply)
    if "\\u0000" not in value and "\\ud800" not in value:
        assert body.get("param") == field, reply


BODIES = {
    "empty": b"", "blank": b" ", "array": b"[]", "text": b'"x"', "null": b"null", "cut": b'{"a":',
    "bom": b"\xef\xbb\xbf" + json.dumps(PLAIN).encode(),
    "utf-16": json.dumps(PLAIN).encode("utf-16"), "utf-16-le": json.dumps(PLAIN).encode("utf-16-le"),
    "bad-utf-8": b'{"tenant_id":42,"model":"m","user_message":"\xff\xfe"}',
    "overlong": b'{"tenant_id":42,"model":"m","user_message":"\xc0\x80"}',
    "nan": text_with("temperature", "NaN").encode(), "hex": text_with("max_tokens", "0x1").encode(),
    "twice": b'{"max_tokens":1,' + json.dumps({**PLAIN, "max_tokens": 100000}).encode()[1:],
    "twice-deep": text_with("metadata", '{"a":"1","a":"2"}').encode(),
    "deep": b"[" * 100_000, "deep-value": text_with("metadata", "[" * 500 + "]" * 500).encode(),
    "keys": ("{" + ",".join(f'"k{n}":1' for n in range(300_000)) + "}").encode(),
    "trailing": json.dumps(PLAIN).encode() + b"{}", "both": text_with("messages", "[]").encode(),
    "no-model": b'{"tenant_id":42,"user_message":"x"}', "no-text": b'{"tenant_id":42,"model":"m"}',
    "roles": text_with("messages", '[{"role":"root","content":"x"}]').encode(),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_bad_body_is_refused(stage, name):
    _, weir, key = stage
    check_refusal(weir.api("POST", "/ai/complete", BODIES[name], key), (400, 413, 415))


def test_a_body_over_the_limit_is_refused(stage):
    _, weir, key = stage
    body = text_with("user_message", '"' + "x" * (5 << 20) + '"').encode()
    check_refusal(weir.api("POST", "/ai/complete", body, key), (413,))


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/json; charset=utf-16",
                                  "multipart/form-data; boundary=x", ""])
def test_another_content_type_is_refused(stage, kind):
    _, weir, key = stage
    reply = weir.api("POST", "/ai/complete", json.dumps(PLAIN).encode(), key, content_type=kind)
    check_refusal(reply, (400, 415))


@pytest.mark.parametrize("token", ["", "wk_" + "a" * 43, "x" * 5000, "' OR 1=1 --", "wk_\u00e9"])
def test_a_bad_credential_is_refused(stage, token):
    _, weir, _ = stage
    reply = weir.request("POST", "/ai/complete", PLAIN, {
        "authorization": f"Bearer {token}".encode("utf-8")})
    check_refusal(reply, (401,))


def test_two_credentials_are_refused(stage):
    _, weir, key = stage
    check_refusal(weir.api("POST", "/ai/complete", PLAIN, key, x_api_key="wk_other"), (401,))


@pytest.mark.parametrize("method, path, status", [
    ("GET", "/ai/complete", 405), ("PATCH", "/ai/complete", 405), ("POST", "//ai/complete", 404),
    ("POST", "/ai/complete/", 404), ("POST", "/AI/complete", 404), ("POST", "/ai/%63omplete", 404),
    ("POST", "/ai/../ai/complete", 404), ("GET", "/ai/usage?tenant_id=42&tenant_id=42", 400),
    ("GET", "/ai/usage?tenant_id=x", 400), ("GET", "/ai/usage?tenant_id=42&period=2026-13", 400),
    ("GET", "/ai/usage?tenant_id=42&group_by=colour", 400), ("GET", "/ai/usage?tenant_id=42&x=1", 400),
    ("GET", "/ai/usage/log?tenant_id=42&limit=0", 400), ("GET", "/ai/usage/log?tenant_id=42&cursor=x", 400),
    ("GET", "/admin/tenants", 403), ("GET", "/nothing", 404)])
def test_a_bad_target_is_refused(stage, method, path, status):
    _, weir, key = stage
    body = PLAIN if method in ("POST", "PATCH") else None
    check_refusal(weir.api(method, path, body, key), (status,))


@pytest.mark.parametrize("method, path, body", [
    ("PUT", "/admin/tenants/42", {"budget_usd": -1}), ("PUT", "/admin/tenants/42", {"budget_usd": 1e30}),
    ("PUT", "/admin/tenants/42", {"budget_usd": "NaN"}), ("PUT", "/admin/tenants/42", {"tier": "gold"}),
    ("PUT", "/admin/tenants/42", {"timezone": "Mars/Olympus"}), ("PUT", "/admin/tenants/0", {}),
    ("PUT", "/admin/tenants/42", {"expires_at": "2026-02-30T00:00:00Z"}),
    ("PUT", "/admin/tenants/42", {"is_admin": True}), ("PUT", "/admin/tenants/42", {"features": {"a": 1}}),
    ("POST", "/admin/keys", {"name": "x", "role": "root", "tenants": [1]}),
    ("POST", "/admin/keys", {"name": "x", "role": "tenant", "tenants": [1, 2]}),
    ("PUT", "/admin/kill-switches", {"target": "planet:1", "engaged": True}),
    ("PUT", "/admin/kill-switches", {"target": "all"}), ("PUT", "/admin/prices", {"version": "x"}),
    ("PUT", "/admin/prices", {"version": "x", "prices": [{"provider": "p", "model": "m", "input": "-1"}]}),
    ("POST", "/admin/adjustments", {"tenant_id": 42, "attempt_id": "7", "amount_usd": "1", "reason": "x"}),
])
def test_a_bad_administrative_request_is_refused(stage, method, path, body):
    _, weir, _ = stage
    check_refusal(weir.api(method, path, body))


SMUGGLED = {
    "cl+te": b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nX",
    "two lengths": b"content-length: 5\r\ncontent-length: 6\r\n\r\nhello!",
    "folded": b"x-a: 1\r\n  2\r\ncontent-length: 0\r\n\r\n", "bad length": b"content-length: +5\r\n\r\nhello",
    "nul": b"x-a: a\x00b\r\ncontent-length: 0\r\n\r\n", "blank colon": b"x-a : 1\r\ncontent-length: 0\r\n\r\n",
    "huge header": b"x-a: " + b"a" * 100_000 + b"\r\n\r\n",
    "bad chunk": b"transfer-encoding: chunked\r\n\r\nzz\r\n\r\n",
}


@pytest.mark.parametrize("name", SMUGGLED)
def test_ambiguous_framing_is_refused_and_hung_up_on(stage, name):
    _, weir, key = stage
    head = b"POST /ai/complete HTTP/1.1\r\n" + HEAD % key.encode()
    with socket.create_connection(("127.0.0.1", weir.port), timeout=20) as connection:
        connection.sendall(head + SMUGGLED[name])
        connection.settimeout(20)
        received = b""
        try:
            while part := connection.recv(65536):
                received += part
                if b"HTTP/1.1 4" in received:
                    break
        except ConnectionResetError:
            pass
    assert received == b"" or received.startswith(b"HTTP/1.1 4"), received[:300]
    assert received.count(b"HTTP/1.1") <= 1
