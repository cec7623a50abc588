"""Clients of the event streams that lose their connection, and a server that webhooks tell."""
import contextlib
import hashlib
import hmac
import http.client
import http.server
import json
import random
import sqlite3
import threading
import time
from socket import SHUT_RDWR

from websockets.sync.client import connect
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus

# A call that is charged its whole worst case, so that a cap of just that much is reached at once.
COSTLY = "@sandbox{reset} x"


def cap_users(weir, key, tenant=42, **fields):
    """From now on each user's first call reaches the user's cap: two events, 80 and 100 per cent."""
    weir.put_tenant(tenant, unlimited=True, **fields)
    happen(weir, key, 999_999, tenant)
    worst = weir.rows(f"tenant_id = {tenant}")[-1]["held_nanos"]
    weir.put_tenant(tenant, unlimited=True, budgets={"users": {"*": worst / 1e9}})


def happen(weir, key, user, tenant=42):
    return weir.complete(key, COSTLY, tenant=tenant, user_id=user, max_tokens=10)


def outbox(weir, where="1"):
    """(number, type) of every event, read behind the server's back."""
    with contextlib.closing(sqlite3.connect(f"file:{weir.database}?mode=ro", uri=True)) as base:
        return list(base.execute(f"SELECT seq, type FROM events WHERE {where} ORDER BY seq"))


# What a gateway says while nobody is behind it, or somebody has just gone.
AWAY = (502, 503, 504)


class Subscriber(threading.Thread):
    """Reads a stream, loses its connection by chance, and comes back with the last number that it
    has, as a browser does."""

    def __init__(self, weir, key, query, seed, losses=True):
        super().__init__(daemon=True)
        self.weir, self.key, self.query = weir, key, query
        self.chance, self.losses = random.Random(seed), losses
        self.seen, self.last, self.lives, self.resets = [], None, 0, 0
        self.ready, self.done, self.error = threading.Event(), threading.Event(), None

    def run(self):
        try:
            while not self.done.is_set():
                self.lives += 1
                with contextlib.suppress(OSError, http.client.HTTPException, ConnectionClosed,
                                         InvalidMessage):
                    self.live(self.chance.randint(1, 5) if self.losses else 1 << 30)
                    continue
                time.sleep(0.02)
        except Exception as error:  # shown by the test that waits
            self.error = error
            self.ready.set()

    def take(self, number, kind, data):
        if kind == "reset":
            self.resets += 1
        elif kind and kind != "open":
            self.seen.append((number, kind, data))
        self.last = number
        self.ready.set()

    def wait_for(self, number, seconds=60):
        """Until it has got to this event."""
        deadline = time.monotonic() + seconds
        while (self.last or 0) < number:
            assert self.error is None, self.error
            assert time.monotonic() < deadline, (self.last, number)
            time.sleep(0.01)
        self.done.set()
        return [(number, kind) for number, kind, _ in self.seen]


class SSE(Subscriber):
    def live(self, count):
        connection = http.client.HTTPConnection("127.0.0.1", self.weir.port, timeout=30)
        headers = {"authorization": f"Bearer {self.key}", "accept": "text/event-stream"}
        if self.last is not None:
            headers["last-event-id"] = str(self.last)
        try:
            connection.request("GET", f"/ai/events?{self.query}", headers=headers)
            reply = connection.getresponse()
            if reply.status in AWAY:
                time.sleep(0.05)
                return
            assert reply.status == 200, (reply.status, reply.read())
            for number, kind, data in events(reply):
                self.take(number, kind, data)
                count -= bool(kind)
                if count <= 0 or self.done.is_set():
                    return
        finally:
            connection.close()


def events(reply):
    """(id, event, data) of each block of a stream of server-sent events."""
    number, kind, data = None, None, []
    for line in reply:
        line = line.decode().rstrip("\n")
        name, _, value = line.partition(": ")
        if name == "id":
            number = int(value)
        elif name == "event":
            kind = value
        elif name == "data":
            data.append(value)
        elif not line:
            if number is not None:
                yield number, kind, json.loads("\n".join(data)) if data else None
            kind, data = None, []


class Socket(Subscriber):
    by_message = False

    def live(self, count):
        where = "" if self.last is None or self.by_message else f"&last_event_id={self.last}"
        url = f"ws://127.0.0.1:{self.weir.port}/ai/events/ws?{self.query}{where}"
        # As a browser's: a key can't be a header there.
        try:
            opened = connect(url, subprotocols=["weir.v1", f"bearer.{self.key}"], close_timeout=1)
        except InvalidStatus as refused:
            assert refused.response.status_code in AWAY, refused
            time.sleep(0.05)
            return
        with opened as socket:
            assert socket.subprotocol == "weir.v1"
            if self.by_message and self.last is not None:
                socket.send(json.dumps({"last_event_id": self.last}))
            for text in socket:
                message = json.loads(text)
                assert set(message) == {"id", "event", "data"}
                self.take(message["id"], message["event"], message["data"])
                count -= message["event"] not in ("open", "reset")
                if count <= 0 or self.done.is_set():
                    # Without a word, as a lost connection is.
                    socket.socket.shutdown(SHUT_RDWR)
                    return


class Talker(Socket):
    """Says where it was by a message."""
    by_message = True


class Receiver:
    """A server that is told by webhooks."""

    def __init__(self, answers=()):
        self.heard, self.answers = [], list(answers)
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.heard.append((self.path, dict(self.headers), body))
                answer = receiver.answers.pop(0) if receiver.answers else 200
                status, headers = answer if isinstance(answer, tuple) else (answer, {})
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait(self, count, seconds=60):
        deadline = time.monotonic() + seconds
        while len(self.heard) < count:
            assert time.monotonic() < deadline, self.heard
            time.sleep(0.01)
        return self.heard

    def stop(self):
        self.server.shutdown()


def is_signed(headers, body, secret):
    """As docs/events.md tells receivers to look."""
    text = f"{headers['weir-webhook-id']}.{headers['weir-webhook-timestamp']}.".encode() + body
    expected = "v1=" + hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
    fits = any(hmac.compare_digest(expected, one)
               for one in headers["weir-webhook-signature"].split(", "))
    return (fits and abs(time.time() - int(headers["weir-webhook-timestamp"])) < 300)
