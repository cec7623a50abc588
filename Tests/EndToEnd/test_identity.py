"""An instance in the role of the service believes its gateways, and nobody else."""
import hashlib
import hmac
import json
import os
import time

import pytest

from weirlab import ADMIN

SECRET = "the-secret-that-gateways-sign-by"
OLDER = "the-secret-before-this-one-of-32-characters"
COMPLETE = {"tenant_id": 42, "model": "gpt-4o-mini", "user_message": "Hello"}
MESSAGES = {"model": "claude-haiku-4-5", "max_tokens": 9,
            "messages": [{"role": "user", "content": "Hello"}]}


def signed(method, target, body, *, audience, secret=SECRET, request="req_gateway_1",
           role="service", reach="42", age=0, nonce=None):
    """The identity's header, as a gateway writes it for the instance of this id."""
    nonce = nonce or os.urandom(16).hex()
    text = ";".join(["2", audience, request, "key_till", role, reach, str(int((time.time() - age) * 1000)),
                     nonce, hashlib.sha256(body).hexdigest()])
    message = f"weir-identity\n{method}\n{target}\n{text}".encode()
    return f"{text};{hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()}"


def instance_id(weir):
    return weir.request("GET", "/health/live").headers["x-weir-instance"]


def serve(weir, role, **options):
    return weir.launch("serve", "--config", weir.config, "--role", role, **options)


def send(weir, target="/ai/complete", body=COMPLETE, identity=None, key=None, **signing):
    data = json.dumps(body).encode()
    if identity is None:
        if "audience" not in signing:
            signing["audience"] = instance_id(weir)
        identity = signed("POST", target, data, **signing)
    head = {"content-type": "application/json", "x-weir-identity": identity}
    if key:
        head["authorization"] = f"Bearer {key}"
    return weir.request("POST", target, data, head)


@pytest.fixture
def service(lab):
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox, f"identity: {{ secret: {SECRET}, previous_secret: {OLDER} }}",
                    start=False)
    serve(weir, "service")
    weir.put_tenant(42)
    return sandbox, weir


def test_a_call_that_a_gateway_vouches_for_is_served_and_booked_under_its_names(service):
    sandbox, weir = service
    reply = send(weir)
    assert reply.status == 200, reply
    assert reply.headers["x-request-id"] == "req_gateway_1"
    [row] = weir.rows()
    assert (row["request_id"], row["key_id"]) == ("req_gateway_1", "key_till")
    assert send(weir, "/v1/messages", MESSAGES).status == 200
    assert send(weir, secret=OLDER).status == 200
    assert len(sandbox.truth()) == 3


def test_nobody_else_is_served(service):
    sandbox, weir = service
    data = json.dumps(COMPLETE).encode()
    own = instance_id(weir)
    once = signed("POST", "/ai/complete", data, audience=own)
    assert send(weir, identity=once).status == 200
    key = weir.make_key()
    refused = {
        "no identity": weir.api("POST", "/ai/complete", COMPLETE, key),
        "the administrator": weir.api("POST", "/ai/complete", COMPLETE),
        "a second time": send(weir, identity=once),
        "another secret": send(weir, secret="x" * 40),
        "another instance": send(weir, audience=own[::-1]),
        "no instance": send(weir, audience=""),
        "another body": send(weir, body={**COMPLETE, "tenant_id": 43}, identity=signed(
            "POST", "/ai/complete", data, audience=own)),
        "another target": send(weir, identity=signed(
            "POST", "/ai/complete?a", data, audience=own)),
        "another method": send(weir, identity=signed("PUT", "/ai/complete", data, audience=own)),
        "too old": send(weir, age=31),
        "too young": send(weir, age=-32),
        "garbage": send(weir, identity="garbage"),
        "a forged one beside a key": send(weir, identity="garbage", key=key),
    }
    assert {name: reply.status for name, reply in refused.items()} == dict.fromkeys(refused, 401)
    assert {reply.json["error"] for reply in refused.values()} == {"unauthorized"}
    wrong = send(weir, "/v1/messages", MESSAGES, identity="garbage")
    assert (wrong.status, wrong.json["type"]) == (401, "error")
    assert len(sandbox.truth()) == len(weir.rows()) == 1


def test_an_identity_reaches_what_its_key_reaches(service):
    _, weir = service
    weir.put_tenant(43)
    assert send(weir, body={**COMPLETE, "tenant_id": 43}).status == 403
    assert send(weir, body={**COMPLETE, "tenant_id": 43}, reach="42,43").status == 200
    assert send(weir, body={**COMPLETE, "tenant_id": 43}, reach="*").status == 200
    data = b""
    head = {"x-weir-identity": signed(
        "GET", "/ai/usage/tenants?period=2026-04", data, audience=instance_id(weir))}
    assert weir.request("GET", "/ai/usage/tenants?period=2026-04", None, head).status == 403


def test_health_is_open_and_the_instance_has_its_own_administrator(service):
    _, weir = service
    assert weir.request("GET", "/health/ready").status in (200, 503)
    assert weir.request("GET", "/health/live").status == 200
    assert weir.api("GET", "/admin/tenants").status == 200
    assert weir.api("GET", "/admin/tenants", key="wk_nobody").status == 401


def test_without_a_secret_there_is_no_service_and_no_gateway_is_believed(lab):
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox, start=False)
    serve(weir, "service", wait=False)
    assert weir.process.wait(timeout=30) == 1
    assert "identity.secret" in weir.log()
    serve(weir, "all")
    weir.put_tenant(42)
    assert "x-weir-instance" not in weir.request("GET", "/health/live").headers
    assert send(weir, audience="any").status == 401
    assert send(weir, audience="any", key=weir.make_key()).status == 200
    assert send(weir, audience="any", key=ADMIN).status == 200


@pytest.mark.parametrize("role", ["autopilot"])
def test_a_role_that_is_not_there_yet_is_refused_by_name(lab, role):
    weir = lab.weir(lab.sandbox(), start=False)
    serve(weir, role, wait=False)
    assert weir.process.wait(timeout=30) == 1
    assert f"no role {role}" in weir.log()
