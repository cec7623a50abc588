"""Every route of openapi.yaml with every kind of credential, and nothing of another tenant's."""
import json

import pytest
import yaml

from weirlab import ROOT, Sandbox, Weir

ROUTES = [(method.upper(), path) for path, item in
          yaml.safe_load((ROOT / "openapi.yaml").read_text())["paths"].items()
          for method in item if method in ("get", "put", "post", "delete")]
BODIES = {
    ("POST", "/ai/complete"): {"tenant_id": 42, "model": "gpt-4o-mini", "user_message": "secret-42"},
    ("POST", "/ai/jobs"): {"tenant_id": 42, "model": "gpt-4o-mini", "user_message": "secret-42"},
    ("POST", "/reports/generate"): {"tenant_id": 42, "params": {"topic": "secret-42"}},
    ("PUT", "/admin/tenants/{id}"): {"name": "Renamed"},
    ("POST", "/admin/keys"): {"name": "x", "role": "service", "tenants": [42]},
    ("PUT", "/admin/kill-switches"): {"target": "feature:none", "engaged": False},
    ("PUT", "/admin/prices"): {"version": "roles.1", "prices": []},
    ("POST", "/admin/adjustments"): {"tenant_id": 42, "attempt_id": "7", "amount_usd": "1",
                                     "reason": "x"},
}
USER = [{"role": "user", "content": "secret-42"}]
CONTENTS = {"contents": [{"role": "user", "parts": [{"text": "secret-42"}]}]}
PARTS = {"content": {"parts": [{"text": "secret-42"}]}}
BODIES |= {
    ("POST", "/v1/chat/completions"): {"model": "gpt-4o-mini", "messages": USER},
    ("POST", "/v1/responses"): {"model": "gpt-4o-mini", "input": "secret-42"},
    ("POST", "/v1/embeddings"): {"model": "text-embedding-3-small", "input": "secret-42"},
    ("POST", "/v1/messages"): {"model": "claude-haiku-4-5", "max_tokens": 9, "messages": USER},
    ("POST", "/v1/messages/count_tokens"): {"model": "claude-haiku-4-5", "messages": USER},
}
for version in ("/v1", "/v1beta"):
    for verb, body in {"generateContent": CONTENTS, "streamGenerateContent": CONTENTS,
                       "countTokens": CONTENTS, "embedContent": PARTS,
                       "batchEmbedContents": {"requests": [PARTS]}}.items():
        BODIES["POST", f"{version}/models/{{model}}:{verb}"] = body
# Answers without an end, of which the beginning shows who may have them.
ENDLESS = {"/ai/events"}
SCOPED = {"/ai/events", "/ai/usage", "/ai/usage/log", "/ai/budget", "/ai/models", "/ai/complete",
          "/ai/jobs", "/reports/generate"}
ROLES = ["none", "garbage", "revoked", "service", "service elsewhere", "tenant", "tenant elsewhere",
         "admin"]


def expected(path, role):
    if path.startswith("/health"):
        return {200, 503}
    if role in ("none", "garbage", "revoked"):
        return {401}
    if role == "admin":
        return {200, 201, 202, 204, 400, 404}
    if path.startswith("/admin") or path in ("/ai/usage/tenants", "/metrics"):
        return {403}
    if path.startswith("/ai/jobs/") or path.startswith("/reports/{id}/"):
        return {404}
    # It speaks WebSocket and nothing else.
    if path == "/ai/events/ws":
        return {400}
    # Where a body names no tenant it is the key's own.
    return {403} if "elsewhere" in role and path in SCOPED else {200, 202}


def target_of(path):
    model = "gemini-embedding-001" if "mbed" in path else "gemini-2.5-flash"
    return path.replace("{model}", model).replace(
        "{id}", "42" if "tenants" in path else "key_nobody")


def code(path, reply):
    """The stable code, wherever the vendor's form has it."""
    error = reply.json["error"]
    if not path.startswith("/v1"):
        assert reply.json["request_id"]
        return error
    assert error["message"]
    return json.dumps(error)


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    folder = tmp_path_factory.mktemp("roles")
    sandbox = Sandbox(folder).start()
    weir = Weir(folder, sandbox)
    weir.start()
    weir.put_tenant(42, name="Canary-42")
    weir.put_tenant(43, name="Canary-43")
    keys = {
        "none": None, "garbage": "wk_" + "x" * 43, "service": weir.make_key([42]),
        "service elsewhere": weir.make_key([43]), "tenant": weir.make_key([42], "tenant"),
        "tenant elsewhere": weir.make_key([43], "tenant"),
    }
    made = weir.api("POST", "/admin/keys", {"name": "r", "role": "service", "tenants": [42]}).json
    assert weir.api("DELETE", f"/admin/keys/{made['key_id']}").status in (200, 204)
    keys["revoked"] = made["key"]
    yield weir, keys
    weir.stop()
    sandbox.stop()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("method, path", ROUTES, ids=[f"{m} {p}" for m, p in ROUTES])
def test_a_route_admits_only_whom_it_should(stage, method, path, role):
    weir, keys = stage
    target = target_of(path)
    if path in SCOPED and method == "GET":
        target += "?tenant_id=42"
    options = {} if role == "admin" else {"key": keys[role]}
    call = weir.beginning if path in ENDLESS else weir.api
    reply = call(method, target, BODIES.get((method, path)), **options)
    assert reply.status in expected(path, role), reply
    if reply.status >= 400 and reply.status != 503:
        assert code(path, reply)


def test_nothing_of_another_tenant_is_ever_told(stage):
    weir, keys = stage
    assert weir.complete(keys["service"], "of 42", user_id=42424242,
                         feature_slug="canary-feature-42").status == 200
    for role in ("service elsewhere", "tenant elsewhere"):
        for path in ["/ai/usage", "/ai/usage?group_by=feature", "/ai/usage/log", "/ai/budget",
                     "/ai/models", "/ai/usage?tenant_id=43", "/ai/usage/log?tenant_id=43",
                     "/ai/budget?tenant_id=43", "/ai/usage?tenant_id=42", "/ai/usage/log?tenant_id=42",
                     "/ai/budget?tenant_id=42", "/admin/audit", "/admin/tenants/42"]:
            reply = weir.api("GET", path, key=keys[role])
            for canary in (b"42424242", b"canary-feature-42", b"Canary-42"):
                assert canary not in reply.body, (role, path, reply)
    # Whatever route the description has, with the other tenant's key.
    for method, path in ROUTES:
        for role in ("service elsewhere", "tenant elsewhere"):
            call = weir.beginning if path in ENDLESS else weir.api
            reply = call(method, target_of(path), BODIES.get((method, path)), key=keys[role])
            for canary in (b"42424242", b"canary-feature-42", b"Canary-42"):
                assert canary not in reply.body, (role, method, path, reply)
    # A body that names another tenant, and one that names none.
    other = weir.complete(keys["tenant elsewhere"], "hi", tenant=42)
    assert (other.status, other.json["error"]) == (403, "forbidden")
    own = weir.api("POST", "/ai/complete", {"model": "gpt-4o-mini", "user_message": "hi"},
                   keys["tenant elsewhere"])
    assert own.status == 200
    assert [row["tenant_id"] for row in weir.rows()][-1] == 43
