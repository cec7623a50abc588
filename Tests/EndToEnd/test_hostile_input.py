"""Malformed, oversized, mistyped, duplicated and hostile requests: a 4xx with a stable code and the
field at fault; no provider call, no row, no money held, and the server goes on."""
import json
import socket

import pytest

from gatewaylab import patient
from weirlab import Sandbox, Weir

PLAIN = {"tenant_id": 42, "model": "gpt-4o-mini", "user_message": "hello"}
NUMBERS = ["9223372036854775808", "1e30", "-1", "1.5", '"12"', "null", "true", "[]", "{}", "1e-400",
           "18446744073709551616", "-9223372036854775809"]
CORRUPT = ['"\\u0000"', '"a\\ud800"', '"\\udc00\\ud800"', '"\\x41"', '"a\nb"']
TEXTS = ["1", "true", "[]", '""', *CORRUPT]
BAD = {
    "tenant_id": NUMBERS + ["0", "042", "+1", "NaN", "0x2A"], "user_id": NUMBERS,
    "max_tokens": NUMBERS + ["0", "1000001", "-0.0", "1e999999999"],
    "temperature": ["-0.1", "2.1", "1e30", '"1"', "true", "[]", "NaN", "Infinity", "null"],
    "top_p": ["-0.1", "1.1", "1e30", '"1"', "{}"],
    "model": TEXTS + ['"caf\u00e9"', '"a b"', '"' + "m" * 129 + '"', '"\u212a"', '"a\\r\\nb"'],
    "feature_slug": TEXTS + ['"a b"', '"' + "f" * 65 + '"', '"../\\u0007"'],
    "user_message": ["1", "true", "[]", "{}", '""', "null", *CORRUPT],
    "system_prompt": ["1", "true", "[]", "{}", *CORRUPT],
    "stop": ["1", "true", "{}", '[""]', '["a","b","c","d","e"]', "[1]", '""'],
    "metadata": ["1", '"x"', "[]", '{"a":1}', '{"a":"1","a":"2"}', '{"a":{"b":[1,{"c":1,"c":2}]}}',
                 '{"":"x"}', '{"a":"%s"}' % ("x" * 513), "[" * 500 + "]" * 500],
    "stream": ["1", '"true"', "null", "[]"], "": ["1"], "Model": ['"x"'],
    "unknown_field": ["1"], "api_key": ['"x"'], "api_base": ['"http://127.0.0.1:1"'], "price": ["0"],
}
CASES = [(field, value) for field, values in BAD.items() for value in values]
STATE = ["/admin/tenants", "/admin/keys", "/admin/kill-switches", "/admin/prices", "/admin/audit"]
HEAD = b"host: weir\r\nauthorization: Bearer %s\r\ncontent-type: application/json\r\n"


@pytest.fixture(scope="module", params=["all", "gateway"])
def stage(tmp_path_factory, request):
    """A whole service, or a gateway before one."""
    folder = tmp_path_factory.mktemp("hostile")
    sandbox = Sandbox(folder).start()
    behind = []
    if request.param == "gateway":
        weir, *behind = patient(folder, sandbox)
    else:
        weir = Weir(folder, sandbox)
        weir.start()
        weir.put_tenant(42)
    key = weir.make_key([42, 43])
    # A gateway has no prices.
    state = [path for path in STATE if weir.api("GET", path).status == 200]
    before = [weir.api("GET", path).body for path in state]
    yield sandbox, weir, key
    assert [weir.api("GET", path).body for path in state] == before, "a refusal changed something"
    assert not sandbox.truth() and not weir.rows(), "something was sent or written"
    assert all(scope["held_usd"] == scope["settled_usd"] == 0 for scope in weir.budget()["scopes"])
    assert weir.complete(key, "still there").status == 200
    for server in [weir, *behind]:
        assert server.stop() == 0, server.log()
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
    assert check_refusal(reply, (400,)).get("param") == field, reply


@pytest.mark.parametrize("field", ["tenant_id", "model", "user_message", "max_tokens", "stop"])
def test_a_field_given_twice_is_named(stage, field):
    _, weir, key = stage
    text = text_with("max_tokens", "1")[:-1] + f', "{field}": "x", "{field}": "x"}}'
    reply = weir.api("POST", "/ai/complete", text.encode(), key)
    assert check_refusal(reply, (400,)).get("param") == field, reply


MESSAGES = {
    "[]": "messages", "{}": "messages", "1": "messages", "null": "messages", '"x"': "messages",
    "[1]": "messages[0]", "[[]]": "messages[0]", "[{}]": "messages[0].role",
    '[{"role":"user"}]': "messages[0].content", '[{"role":1,"content":"x"}]': "messages[0].role",
    '[{"role":"root","content":"x"}]': "messages[0].role",
    '[{"role":"system","content":"x"}]': "messages",
    '[{"role":"user","content":""}]': "messages[0].content",
    '[{"role":"user","content":[]}]': "messages[0].content",
    '[{"role":"user","content":[1]}]': "messages[0].content[0]",
    '[{"role":"user","content":[{"type":"image","text":"x"}]}]': "messages[0].content[0].type",
    '[{"role":"user","content":[{"type":"text","text":1}]}]': "messages[0].content[0].text",
    '[{"role":"user","content":[{"type":"text"}]}]': "messages[0].content[0].text",
    '[{"role":"user","content":"x","name":"y"}]': "messages[0].name",
    '[{"role":"user","content":"x","content":"y"}]': "messages",
    "[" + ",".join(['{"role":"user","content":"x"}'] * 1001) + "]": "messages",
}


@pytest.mark.parametrize("number", range(len(MESSAGES)))
def test_a_bad_message_is_named(stage, number):
    _, weir, key = stage
    value, param = list(MESSAGES.items())[number]
    text = f'{{"tenant_id":42,"model":"gpt-4o-mini","messages":{value}}}'
    reply = weir.api("POST", "/ai/complete", text.encode(), key)
    assert check_refusal(reply, (400,)).get("param") == param, reply


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
    "no-tenant": b'{"model":"m","user_message":"x"}', "number": b"1e999", "comment": b"/**/{}",
    "utf-32": json.dumps(PLAIN).encode("utf-32"), "surrogates": b'{"model":"\xed\xa0\x80"}',
    "deep-objects": b'{"a":' * 100_000, "form": b"tenant_id=42&model=m", "gzip": b"\x1f\x8b\x08\0",
    "million-keys": ("{" + ",".join(f'"k{n}":1' for n in range(1_000_000)) + "}").encode(),
}
AT_FAULT = {"both": "messages", "no-model": "model", "no-text": "user_message", "nan": "temperature",
            "no-tenant": "tenant_id", "hex": "max_tokens", "bad-utf-8": "user_message",
            "overlong": "user_message", "surrogates": "model", "twice": "max_tokens",
            "twice-deep": "metadata", "deep-value": "metadata"}


@pytest.mark.parametrize("name", BODIES)
def test_a_bad_body_is_refused(stage, name):
    _, weir, key = stage
    reply = weir.api("POST", "/ai/complete", BODIES[name], key)
    body = check_refusal(reply, (413,) if name == "million-keys" else (400,))
    assert body.get("param") == AT_FAULT.get(name) or name not in AT_FAULT, reply


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


@pytest.mark.parametrize("token", ["", "wk_" + "a" * 43, "x" * 5000, "' OR 1=1 --", "wk_' UNION SELECT digest FROM keys; DROP TABLE keys --", "wk_\u00e9"])
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
    "bare lf": b"x-a: 1\nx-b: 2\r\ncontent-length: 0\r\n\r\n",
    "te twice": b"transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n0\r\n\r\n",
    "lengths": b"content-length: 5, 5\r\n\r\nhello", "minus": b"content-length: -1\r\n\r\n",
    "huge length": b"content-length: 99999999999999999999\r\n\r\n",
    "no colon": b"x-a\r\ncontent-length: 0\r\n\r\n",
    "many headers": b"x: 1\r\n" * 5000 + b"\r\n",
    "huge chunk": b"transfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\nx",
    "bad chunk": b"transfer-encoding: chunked\r\n\r\nzz\r\n\r\n",
}


@pytest.mark.parametrize("target", ["*", "ai/complete", "/\\ai", "/ai/complete#x",
                                    "/ai/complete;x=1", "/ai/complete%00"])
def test_another_form_of_target_is_refused(stage, target):
    _, weir, key = stage
    body = json.dumps(PLAIN).encode()
    head = f"POST {target} HTTP/1.1\r\n".encode() + HEAD % key.encode()
    exchange(weir, head + b"connection: close\r\ncontent-length: %d\r\n\r\n" % len(body) + body)


@pytest.mark.parametrize("body, status", [(b"", 400), (b'{"tenant_id":-1}', 400),
                                          (b" " * (5 << 20), 413)])
def test_a_bad_chunked_body_is_refused(stage, body, status):
    _, weir, key = stage
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in
                      (body[at:at + 65536] for at in range(0, len(body), 65536)))
    reply = weir.api("POST", "/ai/complete", chunks + b"0\r\n\r\n", key,
                     transfer_encoding="chunked")
    check_refusal(reply, (status,))


@pytest.mark.parametrize("name", SMUGGLED)
def test_ambiguous_framing_is_refused_and_hung_up_on(stage, name):
    """Whatever is hidden behind it, also a whole request with a key that may do it, is not read:
    there is no second answer, on a connection that nobody asked to close."""
    _, weir, key = stage
    hidden = b"GET /ai/budget?tenant_id=42 HTTP/1.1\r\n" + HEAD % key.encode() + b"\r\n"
    for behind in (b"", hidden, b"0\r\n\r\n" + hidden):
        exchange(weir, b"POST /ai/complete HTTP/1.1\r\n" + HEAD % key.encode() + SMUGGLED[name]
                 + behind)


def exchange(weir, request):
    """Sends bytes as they are; the answer is a 4xx or a closed connection, and never two."""
    with socket.create_connection(("127.0.0.1", weir.port), timeout=20) as connection:
        connection.settimeout(20)
        received = b""
        try:
            connection.sendall(request)
            while part := connection.recv(65536):       # until it is hung up on
                received += part
        except (ConnectionResetError, BrokenPipeError):
            pass
    assert received == b"" or received.startswith(b"HTTP/1.1 4"), received[:300]
    assert received.count(b"HTTP/1.1") <= 1
