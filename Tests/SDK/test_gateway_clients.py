"""The official SDKs against a gateway before two instances of the AI service: they can't tell."""
import pytest

from sdklab import Stage  # its folders first
from asking import FORMS
from blocking import Loop
from clusterlab import Cluster

WORDS = "one two three four five six"


class ClusterStage(Stage):
    """The clients talk to the gateway; the ledger is what its instances have together."""

    def __init__(self, folder):
        self.cluster = Cluster(folder, count=2)
        self.sandbox, self.weir = self.cluster.sandbox, self.cluster.gateway
        self.key, self.loop = self.cluster.key, Loop()
        self.inexact, self._clients = 0, {}

    def held(self):
        return sum(service.open_attempts() for service in self.cluster.services)

    def rows(self):
        return [row for service in self.cluster.services
                for row in service.rows("kind = 'call'")]

    def stop(self):
        super().stop()
        self.cluster.end()


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    stage = ClusterStage(tmp_path_factory.mktemp("sdk"))
    yield stage
    stage.audit()
    assert all(service.rows() for service in stage.cluster.services), "one had nothing to do"
    stage.stop()


@pytest.fixture(params=FORMS, ids=lambda form: form.__name__)
def form(request):
    return request.param


def test_an_answer(form, stage, how, model):
    client = stage.client(form.sdk, how)
    assert form.ask(client, model, WORDS) == f"Echo: {WORDS}"


def test_a_stream(form, stage, model):
    events = list(form.stream(stage.client(form.sdk), model, WORDS))
    assert len(events) > 3


@pytest.mark.parametrize("key, status, code", [
    ("wk_wrong", 401, "unauthorized"), (None, 400, "unknown_model")])
def test_a_refusal(form, stage, key, status, code):
    """The gateway's own, and the service's."""
    client = stage.client(form.sdk, **form.retrying(0), **({"key": key} if key else {}))
    with pytest.raises(form.error) as caught:
        form.ask(client, "no-such-model", "Hi")
    assert form.facts(caught.value)[:2] == (status, code)


def test_the_models(stage):
    assert {"gpt-4o-mini"} <= {model.id for model in stage.client("openai").models.list()}
