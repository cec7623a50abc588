"""The official SDKs against a Weir beside its provider sandbox, and the ledger's audit."""
import functools
import pathlib
import struct
import sys
import time
import zlib

import anthropic
import openai
from google import genai

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "EndToEnd"))
import weirlab  # noqa: E402
from blocking import Loop  # noqa: E402
from weirlab import Sandbox, Weir  # noqa: E402

MODELS = ["gpt-4o-mini", "claude-haiku-4-5", "deepseek-chat", "gemini-2.5-flash"]
EMBEDDERS = ["text-embedding-3-small", "gemini-embedding-001"]
EMBEDDING_PRICES = """
  - { provider: openai, model: text-embedding-3-small, embedding: true, input: "0.02",
      context_window: 8192 }
  - { provider: gemini, model: gemini-embedding-001, embedding: true, input: "0.15",
      context_window: 2048 }
"""
NANOS = weirlab.NANOS | {"text-embedding-3-small": (20, 0), "gemini-embedding-001": (150, 0)}
PROVIDERS = {"gpt-4o-mini": "openai", "claude-haiku-4-5": "anthropic",
             "deepseek-chat": "deepseek", "gemini-2.5-flash": "gemini",
             "text-embedding-3-small": "openai", "gemini-embedding-001": "gemini"}
# The wires that each SDK's calls go through unchanged.
OWN = {"openai": ("gpt-4o-mini", "deepseek-chat"), "anthropic": ("claude-haiku-4-5",),
       "gemini": ("gemini-2.5-flash",)}


class Stage:
    """A sandbox, a Weir with a tenant of 1000 USD, and the SDKs' clients for them."""

    def __init__(self, folder, *sandbox_arguments, extra="", built_in_prices=False):
        self.sandbox = Sandbox(folder).start(*sandbox_arguments)
        self.weir = Weir(folder, self.sandbox, extra)
        if built_in_prices:
            lines = self.weir.config.read_text().splitlines(keepends=True)
            kept = [line for line in lines if not line.startswith("prices:")]
            self.weir.config.write_text("".join(kept))
        else:
            (folder / "prices.yaml").write_text(weirlab.PRICES + EMBEDDING_PRICES)
        self.weir.start()
        self.weir.put_tenant(42, budget_usd=1000)
        self.key = self.weir.make_key()
        self.loop = Loop()
        # Rows that may cost more than the truth: what the provider did couldn't be known.
        self.inexact = 0
        self._clients = {}

    def client(self, sdk, how="sync", **options):
        """A client of `openai`, `anthropic` or `gemini`; it doesn't retry unless told to."""
        name = (how, sdk, repr(options))
        if name not in self._clients:
            self._clients[name] = getattr(self, f"_{sdk}")(how == "async", **options)
        made = self._clients[name]
        return made if how == "sync" else self.loop.blocking(made)

    def _openai(self, is_async, key=None, **options):
        options = {"max_retries": 0, "timeout": 20, "_strict_response_validation": True} | options
        kind = openai.AsyncOpenAI if is_async else openai.OpenAI
        return kind(base_url=self.url("/v1"), api_key=key or self.key, **options)

    def _anthropic(self, is_async, key=None, **options):
        options = {"max_retries": 0, "timeout": 20, "_strict_response_validation": True} | options
        kind = anthropic.AsyncAnthropic if is_async else anthropic.Anthropic
        return kind(base_url=self.url(""), api_key=key or self.key, **options)

    def _gemini(self, is_async, key=None, **options):
        client = genai.Client(api_key=key or self.key, http_options={
            "base_url": self.url(""), "timeout": 20_000} | options)
        return client.aio if is_async else client

    def url(self, path):
        return f"http://127.0.0.1:{self.weir.port}{path}"

    def calls(self):
        """What has reached the sandbox's providers, probes left out."""
        return self.sandbox.truth()

    def last_request(self):
        reply = self.sandbox.request("GET", "/_sandbox/requests?last=50")
        return [entry for entry in reply.json if entry["method"] == "POST"][-1]

    def stop(self):
        for (how, sdk, _), client in self._clients.items():
            close = client.aclose if how == "async" and sdk == "gemini" else client.close
            if how == "async":
                self.loop.run(close())
            else:
                close()
        self.loop.close()
        self.weir.stop()
        self.sandbox.stop()

    # The ledger equals the sandbox's truth.

    def wait_until_settled(self, seconds=10):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.held() == 0 and len(self.rows()) == len(self.calls()):
                return
            time.sleep(0.05)
        raise AssertionError(f"held {self.held()}, rows {len(self.rows())}, "
                             f"calls {len(self.calls())}\n{self.weir.log()}")

    def held(self):
        return sum(scope["held_usd"] for scope in self.scopes())

    def scopes(self):
        budget = self.weir.budget()
        return budget["scopes"] if "scopes" in budget else [budget]

    def rows(self):
        return self.weir.rows("kind = 'call'")

    def audit(self):
        """Every call has its row and every row its call, at what the call truly costs."""
        inexact = 0
        for row, call in self.pairs():
            if row["basis"] in ("reported", "none"):
                assert row["cost_nanos"] == true_cost(call), (row, call)
            else:
                inexact += 1
                assert row["cost_nanos"] >= true_cost(call), (row, call)
        assert inexact == self.inexact

    def pairs(self):
        """Each row with the call that it is the row of."""
        self.wait_until_settled()
        rows = {f"{row['request_id']}.{row['attempt_no']}": row for row in self.rows()}
        calls = {call["client_request_id"]: call for call in self.calls()}
        assert rows.keys() == calls.keys()
        return [(rows[name], call) for name, call in calls.items()]


def true_cost(call):
    """What a truth-log entry costs in nano-USD at the tests' prices."""
    if not call["billed"]:
        return 0
    if call["model"] in weirlab.NANOS:
        return weirlab.true_cost(call)
    return call["input_tokens"] * NANOS[call["model"]][0]


@functools.cache
def png(width=4, height=4):
    """A red picture, made here."""
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
    row = b"\0" + b"\xff\0\0" * width
    return (b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(row * height)) + chunk(b"IEND", b""))
