"""Clients of Weir's doors that read streams as they come. Standard library only."""
import concurrent.futures
import contextlib
import http.client
import json
import socket
import sqlite3
import time

from doors import DOORS
from test_crash import check_sums
from weirlab import Reply, Sandbox, Weir, true_cost

PROVIDERS = {"anthropic": "claude-haiku-4-5", "openai": "gpt-4o-mini",
             "deepseek": "deepseek-chat", "gemini": "gemini-2.5-flash"}


# One attempt a call, and no breaker that opens: a test gets the trouble that it asked for.
CALM = """
routing:
  { attempts: 1, retries: 0, breaker: { failures: 100000, minimum_calls: 100000,
    cool_down: 100ms, longest_cool_down: 100ms } }
"""


def start(folder, settings, concurrency=256, provider="", price=""):
    """A sandbox, a Weir whose providers take so many calls at a time, and a key of tenant 42. One
    more provider and its price may be given as lines of the files."""
    sandbox = Sandbox(folder).start()
    weir = Weir(folder, sandbox, settings)
    text = weir.config.read_text().replace("{ api_key:", f"{{ concurrency: {concurrency}, api_key:")
    own = provider.replace("BASE", f"http://127.0.0.1:{sandbox.port}")
    weir.config.write_text(text.replace("prices: {", f"{own}\nprices: {{", 1))
    with (folder / "prices.yaml").open("a") as prices:
        prices.write(price + "\n")
    weir.start()
    weir.put_tenant(42, budget_usd=1000)
    return sandbox, weir, weir.make_key()


@contextlib.contextmanager
def audited(folder, settings):
    """The same for many tests; after the last one nothing is held, the sandbox billed what the
    ledger has, and the sums are those of its rows."""
    sandbox, weir, key = start(folder, settings)
    yield sandbox, weir, key
    check_at_rest(weir)
    check_truth(weir, sandbox)
    check_sums(weir, weir.rows())
    assert weir.stop() == 0
    sandbox.stop()


class Event:
    """One event of a stream: its name, its data, and when it came."""

    def __init__(self, name, data):
        self.name, self.data, self.at = name, data, time.monotonic()

    @property
    def json(self):
        with contextlib.suppress(ValueError):
            return json.loads(self.data)
        return None

    def __repr__(self):
        return f"{self.name or ''}|{self.data[:200]}"


class Stream:
    """A call in flight: its head, then its events one by one."""

    def __init__(self, door, server, path, body, headers, timeout):
        self.door, self.sent_at = door, time.monotonic()
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=timeout)
        self.connection.request("POST", path, json.dumps(body).encode(),
                                {"content-type": "application/json", **headers})
        self.response = self.connection.getresponse()
        self.status = self.response.status
        self.headers = {k.lower(): v for k, v in self.response.getheaders()}
        self.request_id = self.headers.get("x-request-id")
        self.events, self.lines, self.whole = [], [], None
        self.is_stream = self.status == 200 and "event-stream" in self.headers["content-type"]
        if not self.is_stream:
            self.whole = Reply(self.status, self.headers, self.response.read())
            self.connection.close()

    def __iter__(self):
        name, data = None, []
        while True:
            line = self.response.readline()
            self.lines.append(line)
            text = line.rstrip(b"\r\n")
            if text.startswith(b"event:"):
                name = text[6:].strip().decode()
            elif text.startswith(b"data:"):
                data.append(text[5:].strip().decode())
            elif text.startswith(b"{"):
                # Gemini ends a stream with an error that stands outside of any event.
                data.append(text.decode())
            if not text and data:
                self.events.append(Event(name, "\n".join(data)))
                name, data = None, []
                yield self.events[-1]
            if not line:
                return

    def finish(self):
        """Reads on to the end."""
        if self.is_stream:
            for _ in self:
                pass
            self.connection.close()
        return self

    def leave(self):
        """Goes away in the middle, without a word."""
        self.response.fp.raw._sock.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.response.close()
        self.connection.close()

    @property
    def raw(self):
        return b"".join(self.lines)

    @property
    def text(self):
        return "".join(map(self.door.text, self.events))

    @property
    def error(self):
        """Weir's code of the error event, or the type that stands for it in the door's own form."""
        errors = [event for event in self.events if self.door.error(event)]
        assert len(errors) <= 1 and errors in ([], self.events[-1:]), self.events
        return self.door.error(errors[0]) if errors else None

    @property
    def is_complete(self):
        """Whether a client takes it for a whole answer."""
        return any(map(self.door.completes, self.events))

    @property
    def done(self):
        """The envelope of `/ai/complete`."""
        assert self.events[-1].name == "done", self.events
        return self.events[-1].json


def ask(weir, key, text, model="claude-haiku-4-5", door="ai", max_tokens=64, stream=True,
        timeout=60, headers=None, **more):
    """Begins a call. With `finish` it is read to its end."""
    door = DOORS[door]
    path, body = door.request(text, model, max_tokens, stream, more)
    return Stream(door, weir, path, body, {**door.headers(key), **(headers or {})}, timeout)


def first_token(stream):
    """Reads up to the first token."""
    for event in stream:
        if stream.door.text(event):
            return event
    raise AssertionError(f"no token came: {stream.events}")


def rows_of(weir, request_id):
    return weir.rows(f"request_id = '{request_id}'")


def wait_until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)
    return result


def held(weir, tenant=42):
    return sum(scope["held_usd"] for scope in weir.budget(tenant)["scopes"])


def in_flight(weir):
    return sum(provider["traffic"]["in_flight"] for provider in
               weir.api("GET", "/admin/providers").json["providers"])


def memory(server):
    """Resident bytes."""
    [line] = [line for line in open(f"/proc/{server.process.pid}/status")
              if line.startswith("VmRSS")]
    return int(line.split()[1]) * 1024


def check_at_rest(weir):
    """Nothing is held, no place at a provider is taken, no attempt is open."""
    wait_until(lambda: held(weir) == 0 and in_flight(weir) == 0)
    with contextlib.closing(sqlite3.connect(f"file:{weir.database}?mode=ro", uri=True)) as base:
        assert base.execute("SELECT COUNT(*) FROM open_attempts").fetchone() == (0,)


def check_truth(weir, sandbox):
    """Every request that reached a provider has one row, never below what it costs there, and equal
    to it where usage was reported. Returns both, side by side."""
    rows = {}
    for row in weir.rows("kind = 'call'"):
        identity = f"{row['request_id']}.{row['attempt_no']}"
        assert identity not in rows, f"two rows for one attempt: {identity}"
        rows[identity] = row
    pairs = []
    for entry in sandbox.truth():
        row = rows[entry["client_request_id"]]
        cost = true_cost(entry) if entry["billed"] else 0
        assert row["cost_nanos"] >= cost, f"below the truth: {entry} {row}"
        if row["basis"] == "reported":
            assert row["cost_nanos"] == cost, f"reported, but not the truth: {entry} {row}"
        pairs.append((entry, row))
    seen = [entry["client_request_id"] for entry, _ in pairs]
    assert len(seen) == len(set(seen)), "an attempt was sent twice"
    return pairs


def together(function, arguments, workers=16):
    """Calls it with each argument at the same time; the results in order."""
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        return list(pool.map(function, arguments))
