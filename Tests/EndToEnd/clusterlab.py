"""A gateway before instances of the AI service, real processes on one machine, and a crowd of
clients that remembers what became of each call."""
import contextlib
import http.client
import json
import random
import signal
import socket
import sqlite3
import threading
import time

from streamlab import wait_until
from test_crash import check_sums
from weirlab import ADMIN, Sandbox, Weir, true_cost

SECRET = "the-secret-that-gateways-sign-by"
# Noticed soon, and over soon.
POOL = """
      health: { every: 500ms, timeout: 500ms }
      timeouts: { connect: 1s, read: 4s, total: 20s }
      ejection: { failures: 5, base: 500ms, longest: 2s }
      slow_start: 1s
      resolve_every: 1s
"""
# Longer than it takes the gateway to notice: an interval, and the time for an answer.
NOTICE = "1500ms"
SETTINGS = "limits: { concurrent_calls: 512 }\nstreams: { drain: 1s }\n"


class Service(Weir):
    """An instance of the AI service with a ledger of its own."""

    def __init__(self, folder, number, sandbox, settings=SETTINGS):
        self.number = number
        place = folder / f"ai-{number}"
        place.mkdir()
        super().__init__(place, sandbox, f"identity: {{ secret: {SECRET} }}\n{settings}")
        text = self.config.read_text().replace("{ api_key:", "{ concurrency: 512, api_key:")
        self.config.write_text(text)

    def start(self, **options):
        return self.launch("serve", "--role", "service", "--config", self.config, environment={
            "WEIR_SERVER_DRAIN_NOTICE": NOTICE}, **options)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def open_attempts(self):
        """Read behind its back: only its gateway may ask it for a budget."""
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as base:
            return base.execute("SELECT COUNT(*) FROM open_attempts").fetchone()[0]

    def calls_since(self, milliseconds):
        return len(self.rows(f"created_at >= {milliseconds}"))


class Gateway(Weir):
    """The door before them; it knows the keys."""

    def __init__(self, folder, sandbox, services, extra=""):
        place = folder / "gateway"
        place.mkdir()
        super().__init__(place, sandbox)
        self.extra = extra
        self.write(services)

    def write(self, services, per_minute=10_000_000):
        """Its configuration, with these instances."""
        urls = ", ".join(f'"{service.url}"' for service in services)
        self.config.write_text(f"""
server: {{ host: 127.0.0.1, port: {self.port} }}
storage: {{ sqlite: {{ path: {self.database} }} }}
admin_key: {ADMIN}
identity: {{ secret: {SECRET} }}
limits: {{ ai: {{ per_minute: {per_minute}, burst: 1000000 }} }}
logging: {{ level: warning }}
gateway:
  pools:
    main:
      instances: [{urls}]
{POOL}
{self.extra}""")

    def start(self, **options):
        return self.launch("serve", "--role", "gateway", "--config", self.config, **options)

    def reload(self):
        reply = self.api("POST", "/admin/reload")
        assert reply.status == 200, reply
        return reply.json

    def instances(self):
        """By port: what the gateway knows of each instance."""
        pools = self.api("GET", "/admin/gateway").json["pools"]
        return {int(instance["instance"].rsplit(":", 1)[1]): instance
                for pool in pools for instance in pool["instances"]}

    def wait_for(self, services, state="healthy", seconds=60):
        """Until it takes exactly these for healthy, or none of them for it."""
        ports = {service.port for service in services}
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = {port for port, known in self.instances().items()
                     if known["state"] == "healthy"}
            if (found == ports) if state == "healthy" else not found & ports:
                return
            time.sleep(0.05)
        raise AssertionError(f"not {state}: {self.instances()}")


class Cluster:
    """Everything, started; tenant 42 with 1000 USD at each instance and a key at the gateway."""

    def __init__(self, folder, count=3, latency="10ms", extra="", settings=SETTINGS):
        self.folder, self.settings = folder, settings
        self.sandbox = Sandbox(folder).start("--latency", latency)
        self.services, self.retired = [], []
        for _ in range(count):
            self.add_service()
        self.gateway = Gateway(folder, self.sandbox, self.services, extra).start()
        self.gateway.put_tenant(42, budget_usd=1000)
        self.key = self.gateway.make_key()
        self.gateway.wait_for(self.services)

    def add_service(self):
        number = len(self.services) + len(self.retired) + 1
        service = Service(self.folder, number, self.sandbox, self.settings).start()
        service.put_tenant(42, budget_usd=1000)
        self.services.append(service)
        return service

    def end(self):
        for server in [self.gateway, *self.services, *self.retired, self.sandbox]:
            if server.process and server.process.poll() is None:
                server.kill()

    def check_ledgers(self):
        """After all calls: what the ledgers of all instances together have is what the provider
        did. Ends the cluster."""
        everyone = self.services + self.retired
        for service in self.services:
            wait_until(lambda: service.open_attempts() == 0, seconds=30)
            assert service.api("GET", "/admin/audit/verify").json["sound"]
        assert self.gateway.stop() == 0, self.gateway.log()
        rows = {}
        for service in everyone:
            assert service.stop() == 0, service.log()
            check_sums(service, service.rows())
            for row in service.rows("kind = 'call'"):
                identity = f"{row['request_id']}.{row['attempt_no']}"
                assert identity not in rows, f"booked by two instances: {identity}"
                rows[identity] = {**row, "service": service.number}
            assert service.open_attempts() == 0
        truth = self.sandbox.truth()
        sent = {entry["client_request_id"] for entry in truth}
        assert len(truth) == len(sent), "a call was sent to a provider twice"
        for entry in truth:
            row = rows.get(entry["client_request_id"])
            assert row, f"sent, and in no ledger: {entry}"
            cost = true_cost(entry) if entry["billed"] else 0
            assert row["cost_nanos"] >= cost, f"below the truth: {entry} {row}"
            if row["basis"] == "reported":
                assert row["cost_nanos"] == cost, f"reported, yet not the truth: {entry} {row}"
        unsent = [row for identity, row in rows.items() if identity not in sent]
        assert all(row["in_doubt"] for row in unsent), "booked for certain, and never sent"
        return rows


class Told:
    """What one client was told of one call."""

    def __init__(self, is_stream):
        self.is_stream, self.begun = is_stream, time.monotonic()
        self.ended = self.status = self.code = self.request_id = None
        self.must_close = True

    @property
    def is_good(self):
        return self.status == 200 and self.code is None

    def __repr__(self):
        return (f"{'stream' if self.is_stream else 'call'} {self.request_id}: {self.status} "
                f"{self.code}, {self.ended - self.begun:.3f} s")


class Crowd:
    """So many clients, each with a connection to the gateway that it keeps."""

    def __init__(self, cluster, count=64, seed=1):
        self.gateway, self.key, self.seed = cluster.gateway, cluster.key, seed
        self.lock, self.calls, self.running = threading.Lock(), [], True
        self.threads = [threading.Thread(target=self.run, args=(number,), daemon=True)
                        for number in range(count)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.running = False
        for thread in self.threads:
            thread.join(timeout=60)
            assert not thread.is_alive(), "a client waits for ever"

    def since(self, moment):
        with self.lock:
            return [call for call in self.calls if call.begun >= moment]

    def run(self, number):
        dice = random.Random(self.seed * 1_000 + number)
        connection, serial = None, 0
        while self.running:
            serial += 1
            told = Told(is_stream=dice.random() < 0.25)
            try:
                connection = connection or self.connect()
                self.call(connection, told, f"client {number} call {serial}")
            except (OSError, http.client.HTTPException) as error:
                told.code = f"cut: {type(error).__name__}"
            told.ended = time.monotonic()
            if not told.is_good or told.must_close:
                connection.close()
                connection = None
            with self.lock:
                self.calls.append(told)
            time.sleep(dice.random() * 0.1)

    def connect(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.gateway.port, timeout=30)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def call(self, connection, told, text):
        body = {"tenant_id": 42, "model": "gpt-4o-mini", "user_message": text, "max_tokens": 40,
                "stream": told.is_stream}
        connection.request("POST", "/ai/complete", json.dumps(body).encode(), {
            "authorization": f"Bearer {self.key}", "content-type": "application/json"})
        reply = connection.getresponse()
        told.request_id = reply.headers.get("x-request-id")
        told.status = reply.status
        data = reply.read()
        told.must_close = reply.will_close
        if reply.status != 200:
            told.code = json.loads(data)["error"]
        elif not told.is_stream:
            told.code = None if text in json.loads(data)["content"] else "another's answer"
        elif b"event: done" not in data:
            told.code = "cut stream"


def share(parts):
    """Each one's part of the whole, in per cent."""
    return [round(100 * part / max(1, sum(parts))) for part in parts]


@contextlib.contextmanager
def slowed(service, stopped=0.05, running=0.02):
    """The process gets no more than a part of the time."""
    ends = threading.Event()

    def pulse():
        while not ends.is_set():
            service.signal(signal.SIGSTOP)
            time.sleep(stopped)
            service.signal(signal.SIGCONT)
            time.sleep(running)

    thread = threading.Thread(target=pulse)
    thread.start()
    try:
        yield
    finally:
        ends.set()
        thread.join()
        service.signal(signal.SIGCONT)
