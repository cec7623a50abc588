"""A gateway with instances of the AI service behind it, all of them real processes."""
import time

from weirlab import ADMIN, Server, Weir

SECRET = "the-secret-that-gateways-sign-by"
IDENTITY = f"identity: {{ secret: {SECRET} }}"
JOB = {"tenant_id": 42, "model": "gpt-4o-mini", "user_message": "Hello"}


def until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


# Whatever is done to it, an instance stays in.
PATIENT = """
      health: { every: 2s, timeout: 2s, failures: 8 }
      ejection: { failures: 1000 }
      slow_start: 0s
"""


class Service(Weir):
    """An instance in the role of the service, with a ledger of its own."""

    def __init__(self, folder, sandbox, number=1, extra=""):
        inner = folder / f"service-{number}"
        inner.mkdir()
        super().__init__(inner, sandbox, f"{IDENTITY}\n{extra}")
        self.name = f"service-{number}"

    def start(self, environment=None, **options):
        return self.launch("serve", "--config", self.config, "--role", "service",
                           environment=environment, **options)


class Gateway(Weir):
    """In front of instances; its configuration is rewritten by `configure`."""
    role = "gateway"

    def __init__(self, folder, services, extra="", pools=None, more=""):
        Server.__init__(self, folder, self.role)
        self.config = folder / f"{self.role}.yaml"
        self.database = folder / f"{self.role}.db"
        self.configure(services, extra, pools, more)

    def configure(self, services, extra="", pools=None, more=""):
        main = ", ".join(f'"http://127.0.0.1:{service.port}"' for service in services)
        pools = pools or f"""
  pools:
    main:
      instances: [{main}]
      health: {{ every: 1s, timeout: 1s }}
      slow_start: 0s"""
        self.config.write_text(f"""
server: {{ host: 127.0.0.1, port: {self.port} }}
storage: {{ sqlite: {{ path: {self.database} }} }}
admin_key: {ADMIN}
{IDENTITY}
logging: {{ level: warning }}
gateway: {pools}
{more}
{extra}
""")

    def start(self, environment=None, **options):
        if "ai:" not in self.config.read_text():
            environment = {"WEIR_LIMITS_AI_PER_MINUTE": "0", **(environment or {})}
        return self.launch("serve", "--config", self.config, "--role", self.role,
                           environment=environment, **options)

    def rows(self, where="1"):
        raise AssertionError(f"a {self.role} has no ledger")


class Worker(Gateway):
    """Keeps jobs, and makes their calls at the instances."""
    role = "worker"


def patient(folder, sandbox, extra="", prefix=()):
    """A gateway that doesn't lose its one instance, and that: both started, tenant 42 at each. The
    gateway's rows are the instance's."""
    service = Service(folder, sandbox).start()
    service.put_tenant(42, budget_usd=1000)
    gateway = Gateway(folder, [], extra, f"""
  pools:
    main:
      instances: ["http://127.0.0.1:{service.port}"]{PATIENT}""")
    gateway.start(prefix=prefix)
    gateway.put_tenant(42)
    gateway.rows = service.rows
    return gateway, service
