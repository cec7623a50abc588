import signal

import pytest

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
