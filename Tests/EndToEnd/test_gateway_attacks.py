"""What an attacker sends to a gateway, and what reaches those behind it: nothing of what is refused,
and of the rest one request for one, written anew. And what they send back, however hostile: one
answer for one, never another's."""
import json

import pytest

from attacklab import Stage, echo
from test_attacks import FRAMING, SIZE, TRAILERS, chunks
from test_wire import (AMBIGUOUS, BODY, CHUNKED, LAX, LENGTH, LINE, LINES, PROTOCOLS, READABLE,
                       exchange, request)

PATHS = {"instance": b"/ai/complete", "shop": b"/shop/a"}
HIDDEN = {"instance": b"GET /ai/budget?tenant_id=42 HTTP/1.1\r\n",
          "shop": b"GET /shop/hidden HTTP/1.1\r\n"}


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    stage = Stage(tmp_path_factory.mktemp("behind"))
    yield stage
    stage.end()


class Place:
    """One of the ends behind the gateway, and how it is attacked."""

    def __init__(self, house, name):
        self.gateway, self.key, self.name = house.gateway, house.key, name
        self.end = getattr(house, name)
        self.path, self.hidden = PATHS[name], HIDDEN[name]

    def line(self, line=LINE):
        return line.replace(b"/ai/complete", self.path)

    def request(self, fields=LENGTH, body=BODY, line=LINE, key=None, **more):
        return request(key or self.key, fields, body, self.line(line), **more)

    def exchange(self, data):
        """The answer, and what came of it at the end behind."""
        answer = exchange(self.gateway, data)
        return answer, self.end.take()

    def check_the_next_call(self):
        answer, seen = self.exchange(self.request())
        assert answer.startswith(b"HTTP/1.1 200 ") and answer.count(b"HTTP/1.1 ") == 1, answer
        assert [each.line for each in seen] == [self.line().strip()]
        check_form(*seen, BODY)

    def check_refused(self, data):
        answer, seen = self.exchange(data)
        assert seen == [], (seen, answer)
        assert answer == b"" or answer.startswith(b"HTTP/1.1 4"), answer[:300]
        assert answer.count(b"HTTP/1.1 ") <= 1, answer


@pytest.fixture(params=PATHS)
def place(house, request):  # noqa: F811
    house.instance.answer = house.shop.answer = echo
    place = Place(house, request.param)
    place.end.take()
    yield place
    place.end.answer = echo
    place.end.take()
    place.check_the_next_call()


def check_form(seen, body):
    """Of one request, as the gateway writes it."""
    assert seen.body == body, seen
    assert seen.values(b"content-length") == [b"%d" % len(body)], seen
    assert not seen.values(b"transfer-encoding") and len(seen.values(b"host")) == 1, seen


@pytest.mark.parametrize("name", AMBIGUOUS.keys() - READABLE)
def test_nothing_of_what_is_ambiguous_goes_on(place, name):
    fields, body = AMBIGUOUS[name]
    place.check_refused(place.request(fields, body))
    opening = place.request(fields, body).replace(b"connection: close\r\n", b"")
    hidden = place.request(b"", b"", place.hidden)
    for between in (b"", b"\r\n", b"0\r\n\r\n"):
        place.check_refused(opening + between + hidden)


@pytest.mark.parametrize("name", sorted(READABLE))
def test_what_is_odd_goes_on_as_one_request_or_not_at_all(place, name):
    fields, body = AMBIGUOUS[name]
    answer, seen = place.exchange(place.request(fields, body))
    assert answer.count(b"HTTP/1.1 4") + len(seen) >= 1 and len(seen) <= 1, (answer, seen)
    for each in seen:
        assert each.line == place.line().strip()
        check_form(each, body[:10] if name.startswith("less") else body)


@pytest.mark.parametrize("name", FRAMING)
def test_nothing_of_bad_chunks_goes_on(place, name):
    opening = place.request(CHUNKED, FRAMING[name])
    place.check_refused(opening)
    place.check_refused(opening.replace(b"connection: close\r\n", b"")
                        + place.request(b"", b"", place.hidden))


@pytest.mark.parametrize("name", TRAILERS)
def test_a_trailer_goes_no_further(place, name):
    answer, seen = place.exchange(place.request(CHUNKED, chunks(SIZE, TRAILERS[name])))
    assert answer.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 4")) and len(seen) <= 1, answer
    for each in seen:
        check_form(each, BODY)
        assert not each.values(b"idempotency-key")
        assert not any(b"wk_" in value for _, value in each.fields)


@pytest.mark.parametrize("name", LINES.keys() - {"a query"})
def test_nothing_of_a_bad_first_line_goes_on(place, name):
    if place.name == "shop" and name in {"a slash", "a coded letter", "a semicolon", "dots"}:
        pytest.skip("another service may have such a path")
    place.check_refused(place.request(line=LINES[name]))


@pytest.mark.parametrize("name", PROTOCOLS)
def test_nothing_of_another_protocol_goes_on(place, name):
    place.check_refused(PROTOCOLS[name] + b"\r\n\r\n")


@pytest.mark.parametrize("name", LAX)
def test_nothing_of_what_the_protocol_forbids_goes_on(place, name):
    data = LAX[name].replace(b"%", place.key.encode())
    place.check_refused(data.replace(b"/ai/complete", place.path))


def test_a_request_is_written_anew(place):
    """Whatever frames it, names its host or is meant for the neighbour: the gateway's own."""
    odd = (b"te: trailers\r\nkeep-alive: timeout=5\r\nproxy-connection: close\r\nx-kept: 1\r\n"
           b"proxy-authorization: Basic eDp5\r\nx-dropped: 1\r\nexpect: 100-continue\r\n")
    data = place.request(odd + CHUNKED, b"5;a=b\r\n" + BODY[:5] + b"\r\n%x\r\n%s\r\n0\r\n\r\n" % (
        len(BODY) - 5, BODY[5:]), LINE.replace(b" /", b" http://evil.example/"),
        host=b"host: evil.example\r\n")
    answer, seen = place.exchange(data.replace(b"connection: close", b"connection: close, x-dropped"))
    assert b"HTTP/1.1 200 " in answer, answer
    [only] = seen
    assert only.line == place.line().strip()
    check_form(only, BODY)
    assert only.values(b"host") == [b"127.0.0.1:%d" % place.end.port]
    assert only.values(b"x-kept") == [b"1"]
    for name in (b"te", b"keep-alive", b"proxy-connection", b"proxy-authorization", b"x-dropped",
                 b"expect", b"connection", b"authorization", b"upgrade"):
        assert not only.values(name), only


def test_requests_in_a_row_arrive_each_once_and_in_their_order(place):
    plain = place.request().replace(b"connection: close\r\n", b"")
    number = len(BODY)
    parts = [plain.replace(b"hello", b"he%03d" % index) for index in range(20)]
    answer, seen = place.exchange(b"".join(parts) + place.request())
    assert [each.body for each in seen] == [
        BODY.replace(b"hello", b"he%03d" % index) for index in range(20)] + [BODY]
    assert all(len(each.body) == number for each in seen)
    told = [json.loads(part[:part.rindex(b"}") + 1])["told"] for part in
            answer.split(b"\r\n\r\n")[1:]]
    assert told == [each.body.decode() for each in seen]


def test_a_line_break_in_a_value_makes_no_field(place):
    line = LINE.replace(b" HTTP", b"?x=%0d%0ax-injected:%201 HTTP")
    for data in (place.request(line=line),
                 place.request(b"x-a: 1%0d%0ax-injected: 1\r\n" + LENGTH),
                 place.request(b"x-a: 1\xc4\x8d\xc4\x8ax-injected: 1\r\n" + LENGTH)):
        answer, seen = place.exchange(data)
        assert len(seen) <= 1 and answer.count(b"x-injected:") <= 1, answer
        assert not any(each.values(b"x-injected") for each in seen), seen


def test_the_administration_is_nobodys_behind_the_gateway(house):
    """No spelling of a target or a host leads past the gateway's own administration."""
    ports = [house.gateway.port, house.instance.port, house.shop.port]
    hosts = [b"host: 127.0.0.1:%d\r\n" % port for port in ports] + [b"host: admin\r\n"]
    targets = [b"/admin/tenants", b"/admin/keys", b"/admin/gateway", b"/ai/../admin/tenants",
               b"/shop/../admin/tenants", b"/shop/%2e%2e/admin/tenants", b"/shop/..%2fadmin/tenants"]
    targets += [b"http://127.0.0.1:%d/admin/tenants" % port for port in ports]
    house.instance.take(), house.shop.take()
    for target in targets:
        for host in hosts:
            answer = exchange(house.gateway, request(
                house.key, b"x-original-url: /shop\r\nx-forwarded-host: admin\r\n", b"",
                b"GET %s HTTP/1.1\r\n" % target, host))
            assert answer.startswith(b"HTTP/1.1 4") and b"budget_usd" not in answer, answer
    assert not house.instance.take() and not house.shop.take()


# What comes back

OK = b"HTTP/1.1 200 OK\r\n"
EVIL = OK + b"x-evil: 1\r\ncontent-length: 4\r\n\r\nevil"
CHUNKED_HEAD = OK + CHUNKED + b"\r\n"


def without_end(start, piece):
    """Until the other side hangs up."""
    def pieces(_):
        yield start
        while True:
            yield piece * 100
    return pieces


def then_close(*pieces):
    return lambda _: [*pieces, None]


REPLIES = {
    "two replies": lambda _: OK + b"content-length: 2\r\n\r\nok" + EVIL,
    "two replies in chunks": lambda _: CHUNKED_HEAD + b"2\r\nok\r\n0\r\n\r\n" + EVIL,
    "a reply behind one without a body": lambda _: b"HTTP/1.1 204 No\r\n\r\n" + EVIL,
    "a reply behind a 304": lambda _: b"HTTP/1.1 304 No\r\ncontent-length: 9\r\n\r\n" + EVIL,
    "a length and chunks": lambda _: OK + CHUNKED + b"content-length: 5\r\n\r\n0\r\n\r\n" + EVIL,
    "chunks and a length": lambda _: OK + b"content-length: 5\r\n" + CHUNKED + b"\r\n0\r\n\r\n" + EVIL,
    "two lengths": lambda _: OK + b"content-length: 0\r\ncontent-length: 4\r\n\r\n" + EVIL,
    "a list of lengths": lambda _: OK + b"content-length: 0, 4\r\n\r\n" + EVIL,
    "a signed length": lambda _: OK + b"content-length: +0\r\n\r\n" + EVIL,
    "a negative length": lambda _: OK + b"content-length: -1\r\n\r\n" + EVIL,
    "a length of 2^64": lambda _: OK + b"content-length: 18446744073709551616\r\n\r\n" + EVIL,
    "xchunked": lambda _: OK + b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n" + EVIL,
    "gzip, chunked": lambda _: OK + b"transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + EVIL,
    "a folded field": lambda _: OK + b"x-a: 1\r\n evil: 1\r\ncontent-length: 0\r\n\r\n",
    "a bare LF": lambda _: OK + b"x-a: 1\nx-evil: 1\r\ncontent-length: 0\r\n\r\n",
    "a bare CR": lambda _: OK + b"x-a: 1\rx-evil: 1\r\ncontent-length: 0\r\n\r\n",
    "a NUL": lambda _: OK + b"x-a: evil\0\r\ncontent-length: 0\r\n\r\n",
    "no colon": lambda _: OK + b"evil\r\ncontent-length: 0\r\n\r\n",
    "a blank before the colon": lambda _: OK + b"x-evil : 1\r\ncontent-length: 0\r\n\r\n",
    "a status of letters": lambda _: b"HTTP/1.1 2OO OK\r\nx-evil: 1\r\n\r\n",
    "a status of 0": lambda _: b"HTTP/1.1 000 OK\r\nx-evil: 1\r\ncontent-length: 0\r\n\r\n",
    "a status of 1000": lambda _: b"HTTP/1.1 1000 OK\r\nx-evil: 1\r\ncontent-length: 0\r\n\r\n",
    "another version": lambda _: b"HTTP/2.0 200 OK\r\nx-evil: 1\r\ncontent-length: 0\r\n\r\n",
    "no HTTP": lambda _: b"SSH-2.0-evil\r\n\r\n",
    "a change of protocols": lambda _: b"HTTP/1.1 101 S\r\nupgrade: evil\r\n\r\n" + EVIL,
    "a head of 4 MB": lambda _: OK + b"x-evil: " + b"a" * (4 << 20) + b"\r\n\r\n",
    "100,000 fields": lambda _: OK + b"x-evil: 1\r\n" * 100_000 + b"\r\n",
    "a head without an end": without_end(OK, b"x-evil: 1\r\n"),
    "interim replies without an end": without_end(b"", b"HTTP/1.1 100 evil\r\n\r\n"),
    "hints without an end": without_end(b"", b"HTTP/1.1 103 evil\r\nlink: evil\r\n\r\n"),
    "trailers without an end": without_end(
        CHUNKED_HEAD + b"2\r\nok\r\n0\r\n", b"x-evil: 1\r\n"),
    "a chunk's extension without an end": without_end(CHUNKED_HEAD + b"2;", b"evil"),
    "a bad chunk": lambda _: CHUNKED_HEAD + b"evil\r\n",
    "a chunk of 2^68": lambda _: CHUNKED_HEAD + b"ffffffffffffffff1\r\nok",
    "a chunk that is longer than its size": lambda _: CHUNKED_HEAD + b"2\r\nokevil\r\n0\r\n\r\n",
    "nothing": then_close(),
    "half a head": then_close(OK + b"x-evil"),
    "half a body": then_close(OK + b"content-length: 99\r\n\r\nhalf"),
    "half a chunk": then_close(CHUNKED_HEAD + b"ff\r\nhalf"),
    "no last chunk": then_close(CHUNKED_HEAD + b"4\r\nhalf\r\n"),
}
# Their first reply is whole. Where it is known by then that more came, it is none all the same.
WHOLE = {"two replies", "two replies in chunks", "a reply behind one without a body",
         "a reply behind a 304"}


def is_cut(answer):
    """Whether its reader can see that it isn't whole."""
    head, _, body = answer.partition(b"\r\n\r\n")
    head = head.lower()
    if b"transfer-encoding: chunked" in head:
        return not body.endswith(b"0\r\n\r\n")
    return len(body) < int(head.partition(b"content-length: ")[2].split(b"\r\n")[0])


@pytest.mark.parametrize("name", REPLIES)
def test_a_hostile_reply_is_one_answer_or_none(place, name):
    place.end.answer = REPLIES[name]
    answer, seen = place.exchange(place.request())
    place.end.answer = echo
    assert len(seen) == 1, "it was sent once"
    assert answer.count(b"HTTP/1.1 ") == 1 and b"evil" not in answer.lower(), answer[:500]
    if answer.startswith(b"HTTP/1.1 502 "):
        body = json.loads(answer.partition(b"\r\n\r\n")[2])
        assert body["error"] == "provider_error" and body["request_id"], body
    else:
        assert name in WHOLE or is_cut(answer), answer[:500]
    # Nobody else gets what was left of it.
    for text in (b"next1", b"next2"):
        answer, [seen] = place.exchange(place.request(body=BODY.replace(b"hello", text)))
        assert text in answer and b"evil" not in answer, answer


def test_replies_that_come_unasked_are_nobodys(place):
    """On a connection that is kept: before the next request is sent, and while it is."""
    place.end.answer = lambda request: [echo(request), EVIL]
    for index in range(30):
        text = b"he%03d" % index
        answer, seen = place.exchange(place.request(body=BODY.replace(b"hello", text)))
        assert b"evil" not in answer and answer.count(b"HTTP/1.1 ") <= 1, answer
        assert text in answer or answer.startswith(b"HTTP/1.1 502 "), answer
        assert len(seen) <= 1
