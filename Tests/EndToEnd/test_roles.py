"""Every route of openapi.yaml with every kind of credential, and nothing of another tenant's."""
import pytest
import yaml

from weirlab import ROOT, Sandbox, Weir

ROUTES = [(method.upper(), path) for path, item in
          yaml.safe_load((ROOT / "openapi.yaml").read_text())["paths"].items()
          for method in item if method in ("get", "put", "post", "delete")]
BODIES = {
    ("POST", "/ai/complete"): {"tenant_id": 42, "model": "gpt-4o-mini", "user_message": "secret-42"},
    ("PUT", "/admin/tenants/{id}"): {"name": "Renamed"},
    ("POST", "/admin/keys"): {"name": "x", "role": "service", "tenants": [42]},
    ("PUT", "/admin/kill-switches"): {"target": "feature:none", "engaged": False},
    ("PUT", "/admin/prices"): {"version": "roles.1", "prices": []},
    ("POST", "/admin/adjustments"): {"tenant_id": 42, "attempt_id": "7", "amount_usd": "1",
                                     "reason": "x"},
}
SCOPED = {"/ai/usage", "/ai/usage/log", "/ai/budget", "/ai/models", "/ai/complete"}
ROLES = ["none", "garbage", "revoked", "service", "service elsewhere", "tenant", "tenant elsewhere",
         "admin"]


def expected(path, role):
    if path.startswith("/health"):
        return {200, 503}
    if role in ("none", "garbage", "revoked"):
        return {401}
    if role == "admin":
        return {200, 201, 204, 400, 404}
    if path.startswith("/admin") or path == "/ai/usage/tenants":
        return {403}
    return {403} if "elsewhere" in role else {200}


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
    target = path.replace("{id}", "42" if "tenants" in path else "key_nobody")
    if path in SCOPED and method == "GET":
        target += "?tenant_id=42"
    options = {} if role == "admin" else {"key": keys[role]}
    reply = weir.api(method, target, BODIES.get((method, path)), **options)
    assert reply.status in expected(path, role), reply
    if reply.status >= 400 and reply.status != 503:
        assert reply.json["error"] and reply.json["request_id"]


def test_nothing_of_another_tenant_is_ever_told(stage):
    weir, keys = stage
    assert weir.complete(keys["service"], "of 42", user_id=424242, feature_slug="f42").status == 200
    for role in ("service elsewhere", "tenant elsewhere"):
        for path in ["/ai/usage", "/ai/usage?group_by=feature", "/ai/usage/log", "/ai/budget",
                     "/ai/models", "/ai/usage?tenant_id=43", "/ai/usage/log?tenant_id=43",
                     "/ai/budget?tenant_id=43", "/ai/usage?tenant_id=42", "/ai/usage/log?tenant_id=42",
                     "/ai/budget?tenant_id=42", "/admin/audit", "/admin/tenants/42"]:
            reply = weir.api("GET", path, key=keys[role])
            for canary in (b"424242", b"f42", b"Canary-42"):
                assert canary not in reply.body, (role, path, reply)
    # Whatever route the description has, with the other tenant's key.
    for method, path in ROUTES:
        for role in ("service elsewhere", "tenant elsewhere"):
            reply = weir.api(method, path.replace("{id}", "42"), BODIES.get((method, path)),
                             key=keys[role])
            for canary in (b"424242", b"f42", b"Canary-42"):
                assert canary not in reply.body, (role, method, path, reply)
    # A body that names another tenant, and one that names none.
    other = weir.complete(keys["tenant elsewhere"], "hi", tenant=42)
    assert (other.status, other.json["error"]) == (403, "forbidden")
    own = weir.api("POST", "/ai/complete", {"model": "gpt-4o-mini", "user_message": "hi"},
                   keys["tenant elsewhere"])
    assert own.status == 200
    assert [row["tenant_id"] for row in weir.rows()][-1] == 43
