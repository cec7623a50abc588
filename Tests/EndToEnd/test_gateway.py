"""One gateway, instances of the AI service and another service behind it, as real processes: what
goes on, what is refused at the door, what comes back, and what never does."""
import contextlib
import http.client
import http.server
import json
import socket
import threading
import time

import pytest

from clusterlab import Cluster
from doors import DOORS
from streamlab import ask, first_token, rows_of, wait_until
from weirlab import ADMIN

ROUTES = """
  routes:
    - { prefix: /crm, pool: crm, limits: { per_minute: 60, burst: 2 }, body: 4KiB }
    - { prefix: /crm/who, pool: crm, identity: true }
    - { prefix: /shop, pool: crm, auth: none }
  default_pool: main
"""
POOL = """
    crm: { instances: ["http://127.0.0.1:%d"], 
      health: { path: /crm/health, every: 1s, timeout: 1s } }
"""
INTERNAL = {"x-weir-tokens", "x-weir-identity", "x-weir-instance"}


class OtherService:
    """Tells what it was asked, and streams a second half a while after the first."""

    def __init__(self):
        service = self
        self.gone = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                length = int(self.headers.get("content-length") or 0)
                told = json.dumps({
                    "method": self.command, "target": self.path,
                    "headers": [[k.lower(), v] for k, v in self.headers.items()],
                    "body": self.rfile.read(length).decode()}).encode()
                if self.path.endswith("/slow"):
                    return self.stream()
                self.send_response(203 if self.path.endswith("/odd") else 200)
                self.send_header("content-type", "application/json")
                self.send_header("cache-control", "max-age=7")
                self.send_header("set-cookie", "a=1")
                self.send_header("x-weir-tokens", "5")
                self.send_header("content-length", str(len(told)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(told)

            def stream(self):
                self.send_response(200)
                self.send_header("transfer-encoding", "chunked")
                self.end_headers()
                with contextlib.suppress(OSError):
                    for _ in range(600):
                        self.wfile.write(b"4\r\ntick\r\n")
                        self.wfile.flush()
                        time.sleep(0.05)
                    return
                service.gone.set()
                self.close_connection = True

            def log_message(self, *_):
                pass

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_HEAD = answer
            do_REPORT = answer

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def other():
    service = OtherService()
    yield service
    service.server.shutdown()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory, other):
    cluster = Cluster(tmp_path_factory.mktemp("gateway"), count=2)
    cluster.gateway.extra = POOL % other.port + ROUTES
    cluster.gateway.write(cluster.services)
    cluster.gateway.reload()
    yield cluster
    cluster.end()


@pytest.fixture
def limited(tmp_path):
    """Makes a cluster with these limits."""
    made = []

    def make(limits, count=1):
        cluster = Cluster(tmp_path, count=count)
        made.append(cluster)
        text = cluster.gateway.config.read_text()
        start = text.index("limits:")
        cluster.gateway.config.write_text(
            text[:start] + f"limits: {{ ai: {limits} }}" + text[text.index("\n", start):])
        cluster.gateway.reload()
        return cluster

    yield make
    for cluster in made:
        cluster.end()


def rows(cluster, request_id):
    return [row for service in cluster.services for row in rows_of(service, request_id)]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("stream", [False, True])
def test_every_door_goes_through(cluster, door, stream):
    answer = ask(cluster.gateway, cluster.key, "Hello", door=door, stream=stream).finish()
    assert answer.status == 200
    assert answer.is_complete if stream else answer.whole.body
    assert not INTERNAL & set(answer.headers)
    [row] = rows(cluster, answer.request_id)
    assert row["tenant_id"] == 42 and row["state"] == "settled"
    [key] = cluster.gateway.api("GET", "/admin/keys").json["keys"]
    assert row["key_id"] == key["key_id"]


@pytest.mark.parametrize("door", DOORS)
def test_refusals_of_both_have_the_door_s_form_and_say_their_code(cluster, door):
    kind = DOORS[door]
    path, body = kind.request("Hello", "claude-haiku-4-5", 9, False, {})
    refused = cluster.gateway.request("POST", path, body, kind.headers("wk_nobody"))
    assert (refused.status, refused.headers["x-weir-error"]) == (401, "unauthorized")
    kind.code(refused.json)
    path, body = kind.request("Hello", "no-such-model", 9, False, {})
    unknown = cluster.gateway.request("POST", path, body, kind.headers(cluster.key))
    assert (unknown.status, unknown.headers["x-weir-error"]) == (400, "unknown_model")
    kind.code(unknown.json)
    assert not INTERNAL & set(unknown.headers)


def test_who_calls_is_asked_at_the_door_and_nothing_else_gets_in(cluster):
    gateway, body = cluster.gateway, {"tenant_id": 43, "model": "gpt-4o-mini", "user_message": "x"}
    before = len(cluster.sandbox.truth())
    assert gateway.api("POST", "/ai/complete", body, None).status == 401
    assert gateway.api("POST", "/ai/complete", body, cluster.key).status == 403
    forged = {"x-weir-identity": "2;;req_1;key_1;admin;*;0;00;00;00"}
    assert gateway.request("POST", "/ai/complete", body, forged).status == 401
    assert gateway.api("GET", "/ai/usage/tenants").status == 404
    for path in ["/admin/prices", "/admin/providers"]:
        assert gateway.api("GET", path).status == 404
    assert gateway.api("GET", "/admin/gateway", key=cluster.key).status == 403
    assert len(cluster.sandbox.truth()) == before


def test_a_stream_comes_as_it_is_made(cluster):
    stream = ask(cluster.gateway, cluster.key, "@sandbox{drip_ms=50} tell me more", max_tokens=32)
    first = first_token(stream)
    stream.finish()
    assert stream.is_complete
    assert stream.events[-1].at - first.at > 0.3
    [row] = rows(cluster, stream.request_id)
    assert row["status"] == "ok"


def test_a_client_that_leaves_is_missed_at_the_instance(cluster):
    stream = ask(cluster.gateway, cluster.key, "@sandbox{drip_ms=60} on and on", max_tokens=400)
    first_token(stream)
    stream.leave()
    wait_until(lambda: all(
        known["in_flight"] == 0 for known in cluster.gateway.instances().values()))
    # The instance reads on for its drain, and settles.
    [row] = wait_until(lambda: rows(cluster, stream.request_id), 20)
    assert row["state"] == "settled"


def test_a_replay_is_found_where_it_was_made(cluster):
    headers = {"idempotency-key": "once"}
    replies = [cluster.gateway.complete(cluster.key, "Hello", headers=headers) for _ in range(20)]
    assert {reply.status for reply in replies} == {200}
    # Each instance has its own memory: at most one call and the rest replays at each.
    assert sum("idempotent-replayed" not in reply.headers for reply in replies) <= 2


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "REPORT"])
def test_another_service_gets_requests_as_they_are(cluster, method):
    wait_until(lambda: cluster.gateway.request("GET", "/shop").status == 200)
    reply = cluster.gateway.request(
        method, "/shop/a%20b?x=1&x=2", b"{odd", {"x-own": "1", "x-forwarded-for": "1.2.3.4"})
    assert reply.status == 200, reply
    told = reply.json
    headers = dict(told["headers"])
    assert (told["method"], told["target"], told["body"]) == (method, "/shop/a%20b?x=1&x=2", "{odd")
    assert headers["x-own"] == "1" and headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "http" and "x-weir-identity" not in headers
    assert headers["x-forwarded-host"] == f"127.0.0.1:{cluster.gateway.port}"
    assert headers["x-request-id"] == reply.headers["x-request-id"]
    assert (reply.headers["cache-control"], reply.headers["set-cookie"]) == ("max-age=7", "a=1")
    assert not INTERNAL & set(reply.headers)


def test_another_service_s_route_asks_for_a_key_and_keeps_it(cluster):
    gateway = cluster.gateway
    assert gateway.request("GET", "/crm/who").status == 401
    reply = gateway.api("GET", "/crm/who/odd", key=cluster.key)
    headers = dict(reply.json["headers"])
    assert reply.status == 203 and "authorization" not in headers
    identity = headers["x-weir-identity"].split(";")
    assert (identity[1], identity[5]) == ("", "42")
    reply = gateway.api("GET", "/shop", key=cluster.key)
    assert "authorization" not in dict(reply.json["headers"])
    reply = gateway.request("GET", "/shop", None, {"authorization": "Basic dTpw"})
    assert dict(reply.json["headers"])["authorization"] == "Basic dTpw"
    head = gateway.api("HEAD", "/crm/who", key=cluster.key)
    assert head.status == 200 and int(head.headers["content-length"]) > 0 and not head.body


@pytest.mark.parametrize("target, status", [
    ("/shop/../admin/keys", 400), ("/shop/%2e%2e/admin/keys", 400), ("/shop/..%2fadmin", 400),
    ("/shop/..;/admin", 400), ("/shop//a", 400), ("/shop/a%5cb", 400), ("/shop/%00", 400),
    ("/shopx", 404), ("/SHOP", 404), ("//shop", 404), ("/%73hop", 404), ("/ai/../shop", 404),
    ("/ai/nothing", 404), ("/admin/nothing", 404),
])
def test_tricks_with_paths_lead_nowhere(cluster, target, status):
    assert cluster.gateway.request("GET", target).status == status


def test_another_service_s_route_has_its_own_limits(cluster):
    gateway = cluster.gateway
    key = gateway.make_key()
    codes = [gateway.api("GET", "/crm/a", key=key).status for _ in range(5)]
    assert codes.count(200) >= 3 and codes[-1] == 429
    assert gateway.api("GET", "/crm/a", key=gateway.make_key()).status == 200
    assert gateway.complete(key, "Hello").status == 200
    large = gateway.api("POST", "/crm/a", {"a": "x" * 5000}, gateway.make_key())
    assert (large.status, large.headers["x-weir-error"]) == (413, "payload_too_large")


def test_another_service_s_stream_comes_as_it_is_made_and_ends_with_its_client(cluster, other):
    with socket.create_connection(("127.0.0.1", cluster.gateway.port), 10) as client:
        client.sendall(b"GET /shop/slow HTTP/1.1\r\nhost: shop\r\n\r\n")
        seen = b""
        while seen.count(b"tick") < 3:
            seen += client.recv(4096)
    assert other.gone.wait(60)


def test_calls_are_limited_at_the_door_and_refusals_cost_nothing(limited):
    cluster = limited("{ per_minute: 1, burst: 4 }")
    gateway = cluster.gateway
    # What an instance refuses is given back: the bucket is as full as if nothing had come.
    for _ in range(6):
        assert gateway.complete(cluster.key, "x", model="no-such-model").status == 400
    replies = [gateway.complete(cluster.key, "Hello") for _ in range(8)]
    passed = [reply for reply in replies if reply.status == 200]
    refused = replies[-1]
    assert len(passed) == 5 and passed[0].headers["x-ratelimit-limit-requests"] == "5"
    assert (refused.status, refused.headers["x-weir-error"]) == (429, "rate_limited")
    assert int(refused.headers["retry-after"]) >= 1
    assert len(cluster.sandbox.truth()) == len(passed)


@pytest.mark.parametrize("stream", [False, True])
def test_tokens_are_those_that_were_used(limited, stream):
    cluster = limited("{ per_minute: 0, tokens_per_minute: 100000 }")

    def left():
        reply = cluster.gateway.complete(cluster.key, "no", model="gpt-4o-mini", max_tokens=1)
        return int(reply.headers["x-ratelimit-remaining-tokens"])

    before = left()
    text = "@sandbox{input_tokens=20000,output_tokens=10000} Hello"
    answer = ask(cluster.gateway, cluster.key, text, max_tokens=16000, stream=stream).finish()
    assert answer.status == 200
    used = before - left()
    # Two small calls besides, and a second or two in which the bucket drains.
    assert 20_000 <= used <= 31_000, used


def test_the_breaker_answers_at_once_and_nothing_is_counted(limited):
    cluster = limited("{ per_minute: 60, burst: 4 }")
    [service] = cluster.services
    service.kill()
    cluster.gateway.wait_for([service], "out")
    took = []
    for _ in range(20):
        start = time.monotonic()
        reply = cluster.gateway.complete(cluster.key, "Hello")
        took.append(time.monotonic() - start)
        assert (reply.status, reply.json["error"]) == (503, "ai_service_unavailable")
        assert int(reply.headers["retry-after"]) >= 1
    assert sorted(took)[10] < 0.05
    assert cluster.gateway.request("GET", "/health/ready").status == 503
    assert cluster.gateway.request("GET", "/health/live").status == 200
    service.start()
    cluster.gateway.wait_for([service])
    assert cluster.gateway.complete(cluster.key, "Hello").status == 200


def test_an_operator_stops_calls_at_the_door(cluster):
    gateway = cluster.gateway
    target = {"target": "feature:stopped", "engaged": True}
    assert gateway.api("PUT", "/admin/kill-switches", target, ADMIN).status == 200
    reply = gateway.complete(cluster.key, "Hello", feature_slug="stopped")
    assert (reply.status, reply.headers["x-weir-error"]) == (403, "ai_kill_switch")
    assert gateway.complete(cluster.key, "Hello", feature_slug="going").status == 200


def test_what_is_read_of_a_ledger_comes_from_an_instance(cluster):
    connection = http.client.HTTPConnection("127.0.0.1", cluster.gateway.port, timeout=10)
    for path in ["/ai/usage?tenant_id=42", "/ai/budget?tenant_id=42", "/ai/models?tenant_id=42",
                 "/v1/models", "/v1beta/models", "/v1/models/gpt-4o-mini"]:
        connection.request("GET", path, headers={"authorization": f"Bearer {cluster.key}"})
        reply = connection.getresponse()
        assert reply.status == 200 and json.loads(reply.read()), path
    connection.close()
