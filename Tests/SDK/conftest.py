import os
import signal

import pytest

import script
from sdklab import MODELS, Stage
from weirlab import end_what_still_runs

os.environ["NO_PROXY"] = "127.0.0.1"


def pytest_configure(config):
    # The SDKs warn of models that their vendors will retire.
    config.addinivalue_line("filterwarnings", "ignore::DeprecationWarning")


def pytest_sessionstart():
    # `timeout` and `kill` end a run as Ctrl-C does: with its servers.
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("terminated", returncode=143))


def pytest_sessionfinish():
    end_what_still_runs()


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """One for all tests of a module. At its end the ledger must equal the sandbox's truth."""
    folder = tmp_path_factory.mktemp("sdk")
    script.write(folder / "scenes.jsonl")
    stage = Stage(folder, "--recordings", folder / "scenes.jsonl")
    yield stage
    stage.audit()
    stage.stop()


@pytest.fixture(params=MODELS)
def model(request):
    return request.param


@pytest.fixture(params=["sync", "async"])
def how(request):
    return request.param
