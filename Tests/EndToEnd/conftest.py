import signal

import pytest

from gatewaylab import Gateway, Service, Worker
from weirlab import Sandbox, Weir, end_what_still_runs


def pytest_configure(config):
    # What a thread asserts counts, too.
    config.addinivalue_line(
        "filterwarnings", "error::pytest.PytestUnhandledThreadExceptionWarning")


def pytest_sessionstart():
    # `timeout` and `kill` end a run as Ctrl-C does: with its servers.
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("terminated", returncode=143))


def pytest_sessionfinish():
    end_what_still_runs()


@pytest.fixture
def lab(tmp_path):
    """Makes a sandbox and a Weir on demand, and ends what it started."""
    started = []

    class Lab:
        folder = tmp_path

        def sandbox(self, *arguments):
            sandbox = Sandbox(tmp_path).start(*arguments)
            started.append(sandbox)
            return sandbox

        def weir(self, sandbox, extra="", start=True, **options):
            weir = Weir(tmp_path, sandbox, extra)
            started.append(weir)
            return weir.start(**options) if start else weir

    yield Lab()
    for server in reversed(started):
        if server.process and server.process.poll() is None:
            server.kill()


@pytest.fixture
def running(lab):
    """A sandbox, a Weir, tenant 42 with 10 USD, and a service key for it."""
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox)
    weir.put_tenant(42)
    return sandbox, weir, weir.make_key()


@pytest.fixture
def house(tmp_path):
    """Makes services, gateways and workers on demand, and ends what it started."""
    started = []

    class House:
        folder = tmp_path
        box = Sandbox(tmp_path).start()

        def service(self, number=1, extra="", start=True):
            service = Service(tmp_path, self.box, number, extra)
            started.append(service)
            if start:
                service.start()
                service.put_tenant(42, budget_usd=1000)
            return service

        def gateway(self, services, *arguments, start=True, **options):
            gateway = Gateway(tmp_path, services, *arguments, **options)
            started.append(gateway)
            return gateway.start() if start else gateway

        def worker(self, services, extra=""):
            worker = Worker(tmp_path, services, extra)
            started.append(worker)
            return worker.start()

    yield House()
    for server in [*reversed(started), House.box]:
        if server.process and server.process.poll() is None:
            server.kill()
