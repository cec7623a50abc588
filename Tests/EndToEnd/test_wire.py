"""Hostile HTTP/1.1, byte by byte over raw sockets: what is ambiguous is refused, nothing is sent to
a provider, no second request is read out of the first, and the server goes on."""
import json
import socket

import pytest

from clusterlab import Cluster
from weirlab import Sandbox, Weir

BODY = json.dumps({"tenant_id": 42, "model": "gpt-4o-mini", "user_message": "hello"}).encode()
LENGTH = b"content-length: %d\r\n" % len(BODY)
CHUNKED = b"transfer-encoding: chunked\r\n"
CHUNKS = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
LINE = b"POST /ai/complete HTTP/1.1\r\n"


@pytest.fixture(scope="module", params=["all", "gateway"])
def stage(tmp_path_factory, request):
    """The same attacks on a whole service, and on a gateway before one."""
    folder = tmp_path_factory.mktemp("wire")
    if request.param == "gateway":
        cluster = Cluster(folder, count=1)
        gateway, [service] = cluster.gateway, cluster.services
        # Its ledger is the instance's.
        gateway.rows = service.rows
        yield cluster.sandbox, gateway, cluster.key
        assert gateway.stop() == 0, gateway.log()
        cluster.end()
        return
    sandbox = Sandbox(folder).start()
    weir = Weir(folder, sandbox)
    weir.start()
    weir.put_tenant(42)
    yield sandbox, weir, weir.make_key()
    assert weir.stop() == 0, weir.log()
    sandbox.stop()


def request(key, fields=LENGTH, body=BODY, line=LINE, host=b"host: weir\r\n"):
    return (line + host + b"authorization: Bearer %s\r\ncontent-type: application/json\r\n"
            b"connection: close\r\n" % key.encode() + fields + b"\r\n" + body)


def exchange(weir, data, half_close=False):
    """All that comes back until the server hangs up."""
    received = b""
    with socket.create_connection(("127.0.0.1", weir.port), timeout=20) as connection:
        try:
            connection.sendall(data)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):
                received += part
        except (ConnectionResetError, BrokenPipeError):
            pass                    # what was received by then is the answer
    return received


def footprint(sandbox, weir):
    return (len(sandbox.truth()), len(weir.rows()),
            [(scope["settled_usd"], scope["held_usd"]) for scope in weir.budget()["scopes"]])


def check_nothing_but_a_refusal(stage, data, half_close=False):
    sandbox, weir, key = stage
    before = footprint(sandbox, weir)
    answer = exchange(weir, data, half_close)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4"), answer[:300]
    assert answer.count(b"HTTP/1.1 ") <= 1, answer
    assert footprint(sandbox, weir) == before, answer
    assert exchange(weir, request(key)).startswith(b"HTTP/1.1 200 "), "the next call fails"
    assert footprint(sandbox, weir)[:2] == (before[0] + 1, before[1] + 1)
    return answer


AMBIGUOUS = {
    "a length and chunks": (LENGTH + CHUNKED, CHUNKS),
    "chunks and a length": (CHUNKED + LENGTH, CHUNKS),
    "two lengths": (LENGTH + b"content-length: 1\r\n", BODY),
    "one length twice": (LENGTH * 2, BODY),
    "a list of lengths": (b"content-length: %d, %d\r\n" % (len(BODY), len(BODY)), BODY),
    "a signed length": (b"content-length: +%d\r\n" % len(BODY), BODY),
    "a negative length": (b"content-length: -1\r\n", BODY),
    "a length of 2^64": (b"content-length: 18446744073709551616\r\n", BODY),
    "a hexadecimal length": (b"content-length: 0x1f\r\n", BODY),
    "a length with a blank": (b"content-length: 1 0\r\n", BODY),
    "chunked twice": (CHUNKED * 2, CHUNKS),
    "chunked, then another": (b"transfer-encoding: chunked, gzip\r\n", CHUNKS),
    "xchunked": (b"transfer-encoding: xchunked\r\n", CHUNKS),
    "a tab before chunked": (b"transfer-encoding: \x0bchunked\r\n", CHUNKS),
    "identity": (b"transfer-encoding: identity\r\n", BODY),
    "a blank before the colon": (LENGTH + b"x-a : 1\r\n", BODY),
    "a folded line": (LENGTH + b"x-a: 1\r\n 2\r\n", BODY),
    "a folded length": (b"content-length:\r\n 10\r\n" + LENGTH, BODY),
    "a bare LF": (LENGTH + b"x-a: 1\ncontent-length: 3\r\n", BODY),
    "a bare CR": (LENGTH + b"x-a: 1\rcontent-length: 3\r\n", BODY),
    "a NUL": (LENGTH + b"x-a: a\x00b\r\n", BODY),
    "a NUL in an idempotency key": (LENGTH + b"idempotency-key: a\x00b\r\n", BODY),
    "two idempotency keys": (LENGTH + b"idempotency-key: a\r\nidempotency-key: b\r\n", BODY),
    "another key": (LENGTH + b"authorization: Bearer wk_other\r\n", BODY),
    "another scheme": (LENGTH + b"authorization: Basic d2s6d2s=\r\n", BODY),
    "no name": (LENGTH + b": 1\r\n", BODY),
    "no colon": (LENGTH + b"x-a\r\n", BODY),
    "200 fields": (LENGTH + b"".join(b"x-%d: 1\r\n" % n for n in range(200)), BODY),
    "a field of 100 kB": (LENGTH + b"x-a: " + b"a" * 100_000 + b"\r\n", BODY),
    "a chunk size of letters": (CHUNKED, b"zz\r\n" + CHUNKS),
    "a chunk size of 2^68": (CHUNKED, b"ffffffffffffffff1\r\n" + BODY),
    "a negative chunk size": (CHUNKED, b"-1\r\n" + CHUNKS),
    "chunks that end in LF": (CHUNKED, CHUNKS.replace(b"\r\n", b"\n")),
    "a chunk longer than its size": (CHUNKED, b"5\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "5 MiB in chunks": (CHUNKED, (b"100000\r\n" + b" " * (1 << 20) + b"\r\n") * 5 + b"0\r\n\r\n"),
    "less body than its length": (b"content-length: 10\r\n", BODY),
    "a compressed body": (LENGTH + b"content-encoding: gzip\r\n", BODY),
}


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_what_is_ambiguous_is_refused(stage, name):
    fields, body = AMBIGUOUS[name]
    check_nothing_but_a_refusal(stage, request(stage[2], fields, body))


# Of these it is clear where they end, whatever else is wrong with them.
READABLE = {"two idempotency keys", "another key", "another scheme", "a compressed body",
            "less body than its length", "5 MiB in chunks"}


@pytest.mark.parametrize("name", AMBIGUOUS.keys() - READABLE)
def test_no_request_is_read_behind_what_is_ambiguous(stage, name):
    """On a connection that stays open, with a whole request behind: no answer to that."""
    sandbox, weir, key = stage
    before = footprint(sandbox, weir)
    hidden = request(key, b"", b"", b"GET /ai/budget?tenant_id=42 HTTP/1.1\r\n")
    opening = request(key, *AMBIGUOUS[name]).replace(b"connection: close\r\n", b"")
    for between in (b"", b"\r\n", b"0\r\n\r\n"):
        answer = exchange(weir, opening + between + hidden)
        assert answer.count(b"HTTP/1.1 ") <= 1 and b"limit_usd" not in answer, answer
        assert answer == b"" or answer.startswith(b"HTTP/1.1 4"), answer[:300]
    assert footprint(sandbox, weir) == before


def test_an_older_client_is_hung_up_on_after_its_answer(stage):
    """HTTP/1.0, and whoever says close in another spelling."""
    sandbox, weir, key = stage
    old = LINE.replace(b"1.1", b"1.0")
    for data in (request(key, line=old).replace(b"connection: close\r\n", b""),
                 request(key, line=old).replace(b": close", b": keep-alive"),
                 request(key).replace(b": close", b": Close, TE")):
        answer = exchange(weir, data + request(key))
        head = answer.partition(b"\r\n\r\n")[0].lower()
        assert head.startswith(b"http/1.1 200 ") and b"connection: close" in head, answer
        assert answer.count(b"HTTP/1.1 ") == 1, answer


def test_a_refusal_comes_after_the_answers_before_it(stage):
    sandbox, weir, key = stage
    plain = request(key).replace(b"connection: close\r\n", b"")
    answer = exchange(weir, plain + request(key, host=b"") + request(key))
    first, _, second = answer.partition(b"HTTP/1.1 400")
    assert first.startswith(b"HTTP/1.1 200 ") and answer.count(b"HTTP/1.1 ") == 2, answer
    head, _, body = second.partition(b"\r\n\r\n")
    assert b"connection: close" in head.lower() and b"x-request-id: req_" in head.lower()
    assert json.loads(body)["error"] == "invalid_request" and b"Host" in body


def test_a_body_that_ends_too_soon_is_refused(stage):
    data = request(stage[2], b"content-length: 999\r\n")
    check_nothing_but_a_refusal(stage, data, half_close=True)
    check_nothing_but_a_refusal(stage, data[:len(data) - len(BODY) - 9], half_close=True)


LINES = {
    "an unknown method": b"FROB /ai/complete HTTP/1.1\r\n",
    "a lower-case method": b"post /ai/complete HTTP/1.1\r\n",
    "no version": b"POST /ai/complete\r\n", "HTTP/2": b"POST /ai/complete HTTP/2.0\r\n",
    "HTTP/9": b"POST /ai/complete HTTP/9.9\r\n",
    "a word too many": b"POST /ai/complete x HTTP/1.1\r\n",
    "a NUL": b"POST /ai/complete\x00 HTTP/1.1\r\n",
    "a fragment": b"POST /ai/complete#x HTTP/1.1\r\n",
    "CONNECT": b"CONNECT evil.example:443 HTTP/1.1\r\n",
    "TRACE": b"TRACE /ai/complete HTTP/1.1\r\n",
    "an asterisk": b"OPTIONS * HTTP/1.1\r\n", "a dot": b"POST /ai/./complete HTTP/1.1\r\n",
    "a coded dot": b"POST /ai/%2e/complete HTTP/1.1\r\n",
    "a coded slash": b"POST /ai%2fcomplete HTTP/1.1\r\n",
    "a coded letter": b"POST /ai/%63omplete HTTP/1.1\r\n",
    "dots": b"POST /admin/../ai/complete HTTP/1.1\r\n",
    "two slashes": b"POST //ai/complete HTTP/1.1\r\n",
    "a slash": b"POST /ai/complete/ HTTP/1.1\r\n",
    "a backslash": b"POST \\ai\\complete HTTP/1.1\r\n",
    "a semicolon": b"POST /ai/complete;a=b HTTP/1.1\r\n",
    "100 kB": b"POST /ai/complete?" + b"a" * 100_000 + b" HTTP/1.1\r\n",
    "a query": b"POST /ai/complete?tenant_id=43 HTTP/1.1\r\n",
}


@pytest.mark.parametrize("name", LINES)
def test_a_bad_first_line_is_refused(stage, name):
    check_nothing_but_a_refusal(stage, request(stage[2], line=LINES[name]))


PROTOCOLS = {"h2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "tls": b"\x16\x03\x01\x02\x00\x01" * 20,
             "line breaks": b"\r\n" * 50 + b"x", "zeros": b"\x00" * 4096}


@pytest.mark.parametrize("name", PROTOCOLS)
def test_another_protocol_is_refused(stage, name):
    check_nothing_but_a_refusal(stage, PROTOCOLS[name], half_close=True)


def test_an_absolute_target_is_this_server_whatever_it_names(stage):
    """RFC 9112, section 3.2.2: it has to be accepted. It needs its credential like any other."""
    sandbox, weir, key = stage
    line = b"POST http://evil.example/ai/complete HTTP/1.1\r\n"
    assert exchange(weir, request(key, line=line)).startswith(b"HTTP/1.1 200 ")
    check_nothing_but_a_refusal(stage, request("wk_" + "a" * 43, line=line))
    admin = request(key, line=b"GET http://evil.example/admin/tenants HTTP/1.1\r\n")
    assert b"HTTP/1.1 403 " in check_nothing_but_a_refusal(stage, admin)


def test_a_second_request_is_read_where_the_first_ends(stage):
    sandbox, weir, key = stage
    hidden = request(key, line=b"GET /admin/tenants HTTP/1.1\r\n", fields=b"", body=b"")
    plain = request(key).replace(b"connection: close\r\n", b"")
    two = exchange(weir, plain + request(key))
    assert two.count(b"HTTP/1.1 200 OK") == 2 and two.count(b'"request_id"') == 2
    # A body of a route that takes none is a body still.
    ignored = b"GET /health/live HTTP/1.1\r\nhost: weir\r\ncontent-length: %d\r\n\r\n" % len(hidden)
    answer = exchange(weir, ignored + hidden + request(key, line=b"GET /nothing HTTP/1.1\r\n"))
    assert answer.count(b"HTTP/1.1 ") == 2 and b"404" in answer and b"403" not in answer


def test_a_line_break_in_a_value_makes_no_field(stage):
    """Whatever a caller puts into a name, an answer's head has only the server's fields."""
    _, weir, key = stage
    for text in ["a\r\nx-injected: 1", "a%0d%0ax-injected: 1", "a\nx-injected: 1"]:
        reply = weir.complete(key, "hi", model=text)
        assert reply.status == 400 and "x-injected" not in reply.headers
        target = text.replace("\r", "%0D").replace("\n", "%0A").replace(" ", "%20")
        reply = weir.api("GET", f"/ai/usage?tenant_id=42&period={target}", key=key)
        assert reply.status == 400 and "x-injected" not in reply.headers


BARE = {"an unknown method": request("k", line=LINES["an unknown method"]),
        "fields above the limit": request("k", LENGTH + b"x-a: " + b"a" * 20_000 + b"\r\n"),
        "a length and chunks": request("k", LENGTH + CHUNKED, CHUNKS)}


@pytest.mark.parametrize("name", BARE)
def test_a_refusal_by_the_decoder_has_the_shape_of_every_other(stage, name):
    head, _, body = exchange(stage[1], BARE[name]).partition(b"\r\n\r\n")
    assert b"x-request-id: req_" in head.lower(), head
    assert {"error", "message", "request_id"} <= set(json.loads(body))


LAX = {"no host": request("%", host=b""), "two hosts": request("%", host=b"host: a\r\nhost: b\r\n"),
       "a coding that is not undone": request("%", b"transfer-encoding: gzip, chunked\r\n", CHUNKS)}


@pytest.mark.parametrize("name", LAX)
def test_what_the_protocol_forbids_is_refused(stage, name):
    check_nothing_but_a_refusal(stage, LAX[name].replace(b"%", stage[2].encode()))
