"""Runs the real binary beside its provider sandbox, and talks to both. Loopback only."""
import contextlib
import http.client
import json
import os
import pathlib
import random
import re
import signal
import socket
import sqlite3
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("WEIR_BINARY", ROOT / ".build" / "debug" / "weir"))
ADMIN = "wk_admin_for_tests_0123456789abcdef0123456789abcdef"
# claude-haiku-4-5 at the contract's own prices; small round figures for the others.
PRICES = """
version: "tests.1"
prices:
  - { provider: anthropic, model: claude-haiku-4-5, input: "0.80", output: "4.00",
      cache_read: "0.08", cache_write_5m: "1.00", cache_write_1h: "1.60",
      context_window: 200000, max_output_tokens: 64000,
      service_tiers: { batch: { input: "0.40", output: "2.00", cache_read: "0.04",
        cache_write_5m: "0.50", cache_write_1h: "0.80" } } }
  - { provider: openai, model: gpt-4o-mini, input: "0.15", output: "0.60", cache_read: "0.075",
      context_window: 128000, max_output_tokens: 16384,
      service_tiers: { batch: { input: "0.075", output: "0.30", cache_read: "0.0375" } } }
  - { provider: deepseek, model: deepseek-chat, input: "0.28", output: "0.42",
      cache_read: "0.028", context_window: 128000, max_output_tokens: 8192 }
  - { provider: gemini, model: gemini-2.5-flash, input: "0.30", output: "2.50",
      cache_read: "0.03", context_window: 1048576, max_output_tokens: 65536 }
"""
# One attempt a call and no breaker that opens: what a test does to a provider is seen as it is.
CALM = "routing: { attempts: 1, retries: 0, breaker: { failures: 100000, minimum_calls: 100000 } }"
# nano-USD per token: (input, output)
NANOS = {"claude-haiku-4-5": (800, 4000), "gpt-4o-mini": (150, 600), "deepseek-chat": (280, 420),
         "gemini-2.5-flash": (300, 2500)}
# By a batch interface, half of that.
BATCH_NANOS = {"claude-haiku-4-5": (400, 2000), "gpt-4o-mini": (75, 300)}
# Models that think, at the built-in prices.
THINKING_NANOS = {"gpt-5-mini": (250, 2000), "deepseek-reasoner": (280, 420)}
CACHED_NANOS = {"claude-haiku-4-5": 80, "gpt-4o-mini": 75, "deepseek-chat": 28,
                "gemini-2.5-flash": 30}


# Below those that the system gives to outgoing connections: one of these could else take a
# server's port while it starts, or starts anew.
PORTS = range(10_000, 32_000)
CLAIMS = []


def free_port():
    """A port that is this run's until its end: the UDP port of the same number says so to others."""
    while True:
        port = random.choice(PORTS)
        claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            claim.bind(("127.0.0.1", port))
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", port))
        except OSError:
            claim.close()
        else:
            CLAIMS.append(claim)
            return port


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:300]!r}"


LAUNCHED = []


def end_what_still_runs():
    """Ends every server of this run that a fixture which broke off has left behind."""
    for server in LAUNCHED:
        if server.process.poll() is None:
            server.kill()


class Server:
    """A process that listens on a port of ours."""

    def __init__(self, folder, name):
        self.folder, self.name, self.port, self.process = folder, name, free_port(), None

    def launch(self, *arguments, prefix=(), environment=None, ready="/health/live", wait=True):
        with (self.folder / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*map(str, prefix), str(BINARY), *map(str, arguments)], stdout=log, stderr=log,
                env=dict(os.environ, **(environment or {})), start_new_session=True)
        if self not in LAUNCHED:
            LAUNCHED.append(self)
        if wait:
            self.wait_until_ready(ready)
        return self

    def wait_until_ready(self, path, seconds=60):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"{self.name} ended with {self.process.returncode}:\n{self.log()}")
            with contextlib.suppress(OSError, http.client.HTTPException):
                self.request("GET", path, timeout=2)
                return
            time.sleep(0.01)
        raise AssertionError(f"{self.name} is not ready:\n{self.log()}")

    def log(self):
        return (self.folder / f"{self.name}.log").read_text(errors="replace")[-4000:]

    def request(self, method, path, body=None, headers=None, timeout=30):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
            head = dict(headers or {})
            if data is not None:
                head.setdefault("content-type", "application/json")
            connection.request(method, path, body=data, headers=head)
            reply = connection.getresponse()
            return Reply(reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read())
        finally:
            connection.close()

    def signal(self, number):
        os.killpg(self.process.pid, number)

    def kill(self):
        self.signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, seconds=60):
        if self.process is None or self.process.poll() is not None:
            return self.process and self.process.returncode
        self.signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not stop:\n{self.log()}")


class Sandbox(Server):
    def __init__(self, folder):
        super().__init__(folder, "sandbox")
        self.truth_log = folder / "truth.jsonl"

    def start(self, *arguments):
        return self.launch("sandbox", "--port", self.port, "--truth-log", self.truth_log,
                           *arguments, ready="/_sandbox/health")

    def truth(self):
        """What it would have billed, a dictionary for each call that reached it; no probes."""
        if not self.truth_log.exists():
            return []
        entries = map(json.loads, self.truth_log.read_text().splitlines())
        return [entry for entry in entries if entry["endpoint"] != "models"]


class Weir(Server):
    def __init__(self, folder, sandbox, extra=""):
        super().__init__(folder, "weir")
        self.database = folder / "weir.db"
        self.config = folder / "weir.yaml"
        (folder / "prices.yaml").write_text(PRICES)
        base = f"http://127.0.0.1:{sandbox.port}"
        self.config.write_text(f"""
server: {{ host: 127.0.0.1, port: {self.port} }}
storage: {{ sqlite: {{ path: {self.database} }} }}
admin_key: {ADMIN}
providers:
  anthropic: {{ api_key: sk-ant-test, base_url: "{base}/anthropic" }}
  openai:    {{ api_key: sk-test, base_url: "{base}/openai/v1" }}
  deepseek:  {{ api_key: sk-test, base_url: "{base}/deepseek" }}
  gemini:    {{ api_key: AIza-test, base_url: "{base}/gemini" }}
prices: {{ file: {folder / 'prices.yaml'} }}
logging: {{ level: warning }}
{"" if "routing:" in extra else CALM}
{"" if "templates:" in extra else "templates: { model: gpt-4o-mini }"}
{extra}""")

    def start(self, environment=None, **options):
        """Without the limit of calls a minute, unless the configuration speaks of limits.ai."""
        if not re.search(r"\bai:", self.config.read_text()):
            environment = {"WEIR_LIMITS_AI_PER_MINUTE": "0", **(environment or {})}
        return self.launch("serve", "--config", self.config, environment=environment, **options)

    def api(self, method, path, body=None, key=ADMIN, timeout=30, **headers):
        head = {"authorization": f"Bearer {key}"} if key else {}
        head.update({k.replace("_", "-"): v for k, v in headers.items()})
        return self.request(method, path, body, head, timeout)

    def beginning(self, method, path, body=None, key=ADMIN, timeout=30, **headers):
        """Of an answer without an end: its head, and the first bytes of its body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            head = {"authorization": f"Bearer {key}"} if key else {}
            head.update({k.replace("_", "-"): v for k, v in headers.items()})
            connection.request(method, path, body, head)
            reply = connection.getresponse()
            return Reply(reply.status, {k.lower(): v for k, v in reply.getheaders()},
                         reply.read1(65536))
        finally:
            connection.close()

    def put_tenant(self, number=42, **fields):
        body = {"name": f"Tenant {number}", "tier": "growth", "is_active": True,
                "budget_usd": 10, **fields}
        if body.get("unlimited"):
            del body["budget_usd"]
        reply = self.api("PUT", f"/admin/tenants/{number}", body)
        assert reply.status in (200, 201), reply

    def make_key(self, tenants=(42,), role="service"):
        reply = self.api("POST", "/admin/keys",
                         {"name": "tests", "role": role, "tenants": list(tenants)})
        assert reply.status in (200, 201), reply
        return reply.json["key"]

    def complete(self, key, text, model="gpt-4o-mini", tenant=42, timeout=30, headers=None, **more):
        body = {"tenant_id": tenant, "model": model, "user_message": text, **more}
        return self.api("POST", "/ai/complete", body, key, timeout, **(headers or {}))

    def budget(self, tenant=42):
        reply = self.api("GET", f"/ai/budget?tenant_id={tenant}")
        assert reply.status == 200, reply
        return reply.json

    def rows(self, where="1"):
        """The ledger's rows, read behind the server's back."""
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as base:
            base.row_factory = sqlite3.Row
            return [dict(row) for row in base.execute(
                f"SELECT * FROM ai_usage_log WHERE {where} ORDER BY attempt_id")]


def true_cost(entry):
    """What a truth-log entry costs in nano-USD at the tests' prices."""
    model = entry["model"]
    price_in, price_out = (NANOS | THINKING_NANOS)[model]
    cached = entry.get("cached_tokens") or 0
    return ((entry["input_tokens"] - cached) * price_in + cached * CACHED_NANOS.get(model, 0)
            + entry["output_tokens"] * price_out)
