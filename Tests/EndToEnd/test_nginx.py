"""NGINX in front of Weir, by the configuration that deploy/nginx hands out."""
import contextlib
import http.server
import json
import socket
import socketserver
import threading

import pytest

from doors import DOORS
from nginxlab import NGINX, Nginx
from streamlab import ask
from weirlab import ADMIN, free_port

pytestmark = pytest.mark.skipif(NGINX is None, reason="no nginx on this machine")
CODES = {"ai": "rate_limited", "chat": "rate_limited", "responses": "rate_limited",
         "messages": "rate_limit_error", "generateContent": "RESOURCE_EXHAUSTED"}
# With burst=20: the first call and 20 more; some of the time that passes may add to them.
AT_ONCE = 21


@pytest.fixture
def edge(lab):
    """A sandbox, Weir without a limit of its own, NGINX before it, and a tenant's key."""
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox)
    weir.put_tenant(42)
    nginx = Nginx(lab.folder, [weir.port]).start()
    yield sandbox, weir, nginx, weir.make_key(role="tenant")
    nginx.kill()


@contextlib.contextmanager
def through(weir, nginx):
    """Weir's own calls, by way of NGINX."""
    direct, weir.port = weir.port, nginx.port
    try:
        yield weir
    finally:
        weir.port = direct


def until_refused(call):
    for number in range(400):
        reply = call()
        status = reply.status
        if status == 429:
            assert number >= AT_ONCE
            return reply
        assert status == 200, reply
    raise AssertionError("never refused")


@pytest.mark.parametrize("name", DOORS)
def test_the_limit_refuses_in_the_endpoints_own_form(edge, name):
    sandbox, weir, nginx, key = edge
    refused = until_refused(lambda: ask(nginx, key, "one", "gpt-4o-mini", name, stream=False))
    assert refused.door.code(refused.whole.json) == CODES[name], refused.whole
    assert refused.headers["content-type"] == "application/json"
    assert refused.headers["retry-after"] == "1" and len(refused.headers["x-request-id"]) == 32
    # Another key, and whatever costs nothing, has its own.
    other = weir.make_key(role="tenant")
    assert ask(nginx, other, "one", "gpt-4o-mini", name, stream=False).status == 200
    with through(weir, nginx):
        assert weir.api("GET", "/ai/budget?tenant_id=42", key=key).status == 200
    assert len(sandbox.truth()) == len(weir.rows())


def test_no_spelling_of_a_key_has_a_limit_of_its_own(edge):
    _, weir, nginx, key = edge
    body = {"model": "gpt-4o-mini", "user_message": "one", "tenant_id": 42}
    spelled = [{"authorization": f"Bearer {key}"}, {"authorization": f"bearer  {key}"},
               {"x-api-key": key}, {"x-goog-api-key": key}]
    until_refused(lambda: nginx.request("POST", "/ai/complete", body, spelled[0]))
    statuses = [nginx.request("POST", "/ai/complete", body, headers).status
                for headers in spelled for _ in range(3)]
    assert statuses.count(429) >= 8, statuses
    log = (nginx.folder / "weir.log").read_text() + nginx.log()
    assert log and key not in log


class Holding(http.server.ThreadingHTTPServer):
    """A provider that holds the rest of its stream until it is told to go on."""

    def __init__(self):
        self.go_on = threading.Event()
        super().__init__(("127.0.0.1", 0), self.Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            parts = self.response_parts if self.path.endswith("/responses") else self.chat_parts
            for piece in parts("first"):
                self.event(piece)
            if self.server.go_on.wait(60):
                for piece in parts(" last", ends=True):
                    self.event(piece)

        def chat_parts(self, text, ends=False):
            common = {"id": "c", "object": "chat.completion.chunk", "created": 1,
                      "model": "deepseek-chat"}
            yield {**common, "choices": [{"index": 0, "delta": {"content": text},
                                          "finish_reason": "stop" if ends else None}]}
            if ends:
                usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
                yield {**common, "choices": [], "usage": usage}
                yield "[DONE]"

        def response_parts(self, text, ends=False):
            common = {"id": "r", "object": "response", "created_at": 1, "model": "deepseek-chat"}
            if not ends:
                yield {"type": "response.created", "sequence_number": 0,
                       "response": {**common, "status": "in_progress", "output": []}}
            yield {"type": "response.output_text.delta", "sequence_number": 1, "item_id": "m",
                   "output_index": 0, "content_index": 0, "delta": text}
            if ends:
                content = [{"type": "output_text", "text": "first last", "annotations": []}]
                message = {"type": "message", "id": "m", "role": "assistant",
                           "status": "completed", "content": content}
                usage = {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}
                yield {"type": "response.completed", "sequence_number": 2, "response": {
                    **common, "status": "completed", "output": [message], "usage": usage}}

        def event(self, piece):
            name = piece["type"] if "type" in piece else ""
            data = piece if isinstance(piece, str) else json.dumps(piece)
            self.wfile.write(f"event: {name}\n".encode() if name else b"")
            self.wfile.write(f"data: {data}\n\n".encode())


@pytest.mark.parametrize("name", DOORS)
def test_a_stream_is_not_held_back(lab, name):
    """The client has the first piece while the provider has yet to be let go on."""
    provider = Holding()
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox, start=False)
    text = weir.config.read_text()
    there = f"http://127.0.0.1:{provider.server_port}/deepseek"
    weir.config.write_text(text.replace(f"http://127.0.0.1:{sandbox.port}/deepseek", there))
    weir.start()
    weir.put_tenant(42)
    nginx = Nginx(lab.folder, [weir.port]).start()
    try:
        key = weir.make_key(role="tenant")
        stream = ask(nginx, key, "hi", "deepseek-chat", name, stream=True)
        for _ in stream:
            if stream.text == "first":
                break
        assert stream.text == "first" and not provider.go_on.is_set()
        provider.go_on.set()
        assert stream.finish().text == "first last"
        assert stream.headers["x-request-id"].startswith("req_")
    finally:
        provider.go_on.set()
        nginx.kill()
        provider.shutdown()
        provider.server_close()


def test_a_large_body_passes_and_a_larger_one_is_refused(edge):
    _, weir, nginx, key = edge
    reply = nginx.request("POST", "/v1/chat/completions", b" " * (33 << 20),
                          {"authorization": f"Bearer {key}"})
    assert reply.status == 413 and reply.json["error"]["code"] == "payload_too_large"
    reply = nginx.request("POST", "/ai/complete", b" " * (5 << 20),
                          {"authorization": f"Bearer {key}"})
    assert reply.status == 413 and reply.json["error"] == "payload_too_large"
    assert reply.headers["x-should-retry"] == "false"
    with through(weir, nginx):
        reply = weir.complete(key, "hello " * 100_000)
        assert reply.status in (200, 400) and "request_id" in reply.json, reply
    filler = b" " * (20 << 20)
    body = json.dumps({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}],
                       "max_completion_tokens": 5}).encode()
    reply = nginx.request("POST", "/v1/chat/completions", filler + body,
                          {"authorization": f"Bearer {key}"})
    assert reply.status == 200, reply
    # Not a byte of a prompt was put on NGINX's disk.
    assert not any(path.is_file() for path in (nginx.folder / "bodies").rglob("*"))
    assert "buffered to a temporary file" not in nginx.log()


def test_where_weir_is_down_the_answer_is_json(edge):
    _, weir, nginx, key = edge
    assert weir.stop() == 0
    for door in DOORS:
        reply = ask(nginx, key, "one", "gpt-4o-mini", door, stream=False)
        assert reply.status == 503 and reply.headers["retry-after"] == "2", reply.whole
        assert reply.door.code(reply.whole.json) and "x-should-retry" not in reply.headers
    assert nginx.request("GET", "/health").json["error"] == "ai_service_unavailable"
    weir.start()
    with through(weir, nginx):
        assert weir.complete(key, "one").status == 200


class Silent(socketserver.ThreadingTCPServer):
    """Takes a request, counts it, and hangs up without a word."""
    daemon_threads = True

    def __init__(self):
        self.requests = 0
        super().__init__(("127.0.0.1", 0), self.Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            if self.request.recv(65536):
                self.server.requests += 1


def test_a_call_is_sent_on_only_where_nothing_was_sent(lab):
    """A server that is gone is passed over; one that broke off has perhaps done the work."""
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox)
    weir.put_tenant(42)
    key = weir.make_key()
    gone = Nginx(lab.folder, [free_port(), weir.port]).start()
    try:
        with through(weir, gone):
            assert [weir.complete(key, "one").status for _ in range(6)] == [200] * 6
        assert len(sandbox.truth()) == 6
    finally:
        gone.kill()
    broken = [Silent(), Silent()]
    nginx = Nginx(lab.folder, [server.server_address[1] for server in broken]).start()
    try:
        reply = nginx.request("POST", "/ai/complete", {"tenant_id": 42})
        assert (reply.status, reply.json["error"]) == (502, "provider_error"), reply
        assert reply.headers["x-should-retry"] == "false" and "retry-after" not in reply.headers
        assert sum(server.requests for server in broken) == 1
    finally:
        nginx.kill()
        for server in broken:
            server.shutdown()
            server.server_close()


HIDDEN = b"GET /admin/tenants HTTP/1.1\r\nhost: weir\r\nauthorization: Bearer " + ADMIN.encode()
HIDDEN += b"\r\n\r\n"
SMUGGLED = {
    "a length and chunks": b"content-length: 6\r\ntransfer-encoding: chunked\r\n",
    "chunked twice": b"transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
    "another coding": b"transfer-encoding: chunked, identity\r\n",
    "two lengths": b"content-length: 5\r\ncontent-length: 0\r\n",
    "a signed length": b"content-length: +5\r\n",
    "a NUL": b"content-length: 5\r\nx-a: \x00\r\n",
    "no host's end": b"content-length: 5\r\nhost: other\r\n",
}


@pytest.mark.parametrize("name", SMUGGLED)
def test_no_request_is_smuggled_through_it(edge, name):
    sandbox, weir, nginx, _ = edge
    data = (b"POST /ai/complete HTTP/1.1\r\nhost: weir\r\ncontent-type: application/json\r\n"
            + SMUGGLED[name] + b"\r\n0\r\n\r\n" + HIDDEN)
    received = b""
    with socket.create_connection(("127.0.0.1", nginx.port), timeout=20) as connection:
        connection.sendall(data)
        with contextlib.suppress(ConnectionResetError):
            while part := connection.recv(65536):
                received += part
    assert received.startswith(b"HTTP/1.1 400 ") and received.count(b"HTTP/1.1 ") == 1, received
    assert json.loads(received.partition(b"\r\n\r\n")[2])["error"] == "invalid_request"
    assert b"budget_usd" not in received and not sandbox.truth() and not weir.rows()


def test_the_official_clients_work_through_it(edge):
    openai = pytest.importorskip("openai")
    anthropic = pytest.importorskip("anthropic")
    _, weir, nginx, key = edge
    base = f"http://127.0.0.1:{nginx.port}"
    messages = [{"role": "user", "content": "one two three"}]
    client = openai.OpenAI(api_key=key, base_url=f"{base}/v1", max_retries=0)
    other = anthropic.Anthropic(api_key=key, base_url=base, max_retries=0)
    answer = client.chat.completions.create(model="gpt-4o-mini", messages=messages)
    assert answer.choices[0].message.content == "Echo: one two three"
    stream = client.chat.completions.create(model="gpt-4o-mini", messages=messages, stream=True)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
    assert text == "Echo: one two three"
    with pytest.raises(openai.RateLimitError) as caught:
        for _ in range(400):
            client.chat.completions.create(model="gpt-4o-mini", messages=messages)
    assert caught.value.code == "rate_limited"
    with pytest.raises(anthropic.RateLimitError) as caught:
        other.messages.create(model="gpt-4o-mini", max_tokens=9, messages=messages)
    assert caught.value.response.json()["type"] == "error"
