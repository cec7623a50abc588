"""What one tenant's key tells of another tenant: nothing, not even whether it is there."""
import concurrent.futures
import datetime
import re
import time

import pytest

from weirlab import Sandbox, Weir

MINE, OTHER, NOBODY = 42, 43, 987654
READS = ["/ai/usage", "/ai/usage/log", "/ai/budget", "/ai/models"]
GROUPINGS = ["user", "feature", "model", "provider", "day", "key"]
ROLES = ["service", "tenant"]
# Values that only the other tenant has.
CANARIES = [b"Canary GmbH", b"777001", b"canary-feature", b"canary-alias", b"0.123456"]


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    folder = tmp_path_factory.mktemp("isolation")
    sandbox = Sandbox(folder).start()
    alias = "models: { canary-alias: { provider: openai, model: gpt-4o-mini } }"
    weir = Weir(folder, sandbox, alias)
    weir.start()
    weir.put_tenant(MINE, models=["gpt-4o-mini"])
    weir.put_tenant(OTHER, name="Canary GmbH", budget_usd=0.123456,
                    budgets={"users": {"777001": 0.1}, "features": {"canary-feature": 0.1}})
    other = weir.make_key([OTHER])
    for number in range(5):
        reply = weir.complete(other, f"call {number}", tenant=OTHER, user_id=777001,
                              feature_slug="canary-feature", model="canary-alias")
        assert reply.status == 200, reply
    keys = {role: weir.make_key([MINE], role) for role in ROLES}
    assert weir.complete(keys["service"], "mine").status == 200
    yield sandbox, weir, keys, other
    assert weir.stop() == 0, weir.log()
    sandbox.stop()


def telling(reply, tenant):
    """An answer without what differs between any two: its request's id, the tenant asked for."""
    body = re.sub(rb"req_[0-9a-z]+", b"req", reply.body).replace(str(tenant).encode(), b"N")
    return reply.status, body, sorted(set(reply.headers) - {"date"})


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("path", READS)
def test_another_tenant_looks_like_none(stage, path, role):
    _, weir, keys, _ = stage
    there = weir.api("GET", f"{path}?tenant_id={OTHER}", key=keys[role])
    absent = weir.api("GET", f"{path}?tenant_id={NOBODY}", key=keys[role])
    assert there.status == 403 and telling(there, OTHER) == telling(absent, NOBODY)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("fields", [{}, {"user_id": 777001}, {"feature_slug": "canary-feature"},
                                    {"model": "canary-alias"}, {"model": "no-such-model"}])
def test_a_call_for_another_tenant_looks_like_one_for_none(stage, fields, role):
    sandbox, weir, keys, _ = stage
    calls, rows = len(sandbox.truth()), len(weir.rows())
    there = weir.complete(keys[role], "hi", tenant=OTHER, **fields)
    absent = weir.complete(keys[role], "hi", tenant=NOBODY, **fields)
    assert there.status == 403 and there.json["error"] == "forbidden", there
    assert telling(there, OTHER) == telling(absent, NOBODY)
    assert (len(sandbox.truth()), len(weir.rows())) == (calls, rows)


@pytest.mark.parametrize("role", ROLES)
def test_ones_own_answers_hold_nothing_of_another(stage, role):
    _, weir, keys, other = stage
    newest = weir.api("GET", "/ai/usage/log?limit=1", key=other).json["rows"][0]
    canaries = [*CANARIES, newest["attempt_id"].encode(), newest["request_id"].encode(),
                newest["key_id"].encode()]
    targets = [*READS, *(f"/ai/usage?group_by={name}" for name in GROUPINGS),
               *(f"/ai/usage?group_by={name}&format=csv" for name in GROUPINGS),
               # A place in the other's log; any number is a place in one's own.
               f"/ai/usage/log?cursor={newest['attempt_id']}", f"/ai/usage/log?cursor={2**63 - 1}"]
    for target in targets:
        for scope in ("", f"tenant_id={MINE}"):
            path = target + ("&" if "?" in target else "?") * bool(scope) + scope
            reply = weir.api("GET", path, key=keys[role])
            assert reply.status == 200, (path, reply)
            for canary in canaries:
                assert canary not in reply.body, (path, canary)
    # The same look does find them with the other's key.
    seen = b"".join(weir.api("GET", path, key=other).body for path in targets)
    assert all(canary in seen for canary in canaries if canary != b"Canary GmbH")


@pytest.mark.parametrize("name", ["x-weir-tenant", "x-tenant-id", "x-forwarded-user"])
def test_a_header_changes_no_tenant(stage, name):
    _, weir, keys, _ = stage
    reply = weir.api("POST", "/ai/complete", {"model": "gpt-4o-mini", "user_message": "whose?"},
                     keys["tenant"], **{name: str(OTHER)})
    assert reply.status in (200, 403), reply
    assert weir.rows()[-1]["tenant_id"] == MINE
    assert weir.api("GET", "/ai/budget", key=keys["tenant"], **{name: str(OTHER)}).json[
        "tenant_id"] == MINE


def test_a_key_of_two_tenants_has_to_name_one(stage):
    _, weir, _, _ = stage
    both = weir.make_key([MINE, OTHER])
    for path in READS:
        reply = weir.api("GET", path, key=both)
        assert (reply.status, reply.json["param"]) == (400, "tenant_id"), path
        assert weir.api("GET", f"{path}?tenant_id={NOBODY}", key=both).status == 403
    reply = weir.api("POST", "/ai/complete", {"model": "gpt-4o-mini", "user_message": "x"}, both)
    assert (reply.status, reply.json["param"]) == (400, "tenant_id")


def test_an_expired_key_opens_nothing(stage):
    _, weir, _, _ = stage
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=4)
    made = weir.api("POST", "/admin/keys", {
        "name": "short", "role": "service", "tenants": [MINE],
        "expires_at": end.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"})
    assert made.status == 201, made
    assert weir.complete(made.json["key"], "in time").status == 200
    while datetime.datetime.now(datetime.timezone.utc) <= end:
        time.sleep(0.05)
    for path in READS:
        assert weir.api("GET", path, key=made.json["key"]).status == 401
    assert weir.complete(made.json["key"], "too late").status == 401


def test_a_revoked_key_ends_at_once_under_load(stage):
    """Every call that begins after the revocation was answered is refused."""
    _, weir, _, _ = stage
    made = weir.api("POST", "/admin/keys",
                    {"name": "r", "role": "service", "tenants": [MINE]}).json
    revoked_at, late = [], []

    def call(number):
        # Until some have begun behind it.
        while len(late) < 50:
            began = time.monotonic()
            status = weir.complete(made["key"], f"call {number}").status
            if revoked_at and began > revoked_at[0]:
                late.append(status)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(call, number) for number in range(8)]
        time.sleep(0.05)
        assert weir.api("DELETE", f"/admin/keys/{made['key_id']}").status == 204
        revoked_at.append(time.monotonic())
        assert weir.complete(made["key"], "after").status == 401
        for done in calls:
            done.result()
    assert set(late) == {401}
