"""Streams of events through a gateway to the worker that has them."""
import threading
import time

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from eventlab import SSE, Socket, Talker, outbox
from gatewaylab import Gateway, Service
from weirlab import Sandbox

QUEUES = "queues: { default: { concurrency: 4 } }\nevents: { streams_per_tenant: 8 }"


class Stage:
    """A gateway, one worker and one instance of the AI service."""

    def __init__(self, folder):
        self.box = Sandbox(folder).start()
        self.service = Service(folder, self.box).start()
        self.service.put_tenant(42, unlimited=True)
        self.worker = Gateway(folder, [self.service], QUEUES)
        self.worker.name, self.worker.config, self.worker.database = (
            "worker", folder / "worker.yaml", folder / "worker.db")
        self.worker.configure([self.service], QUEUES)
        self.start_worker()
        self.gateway = Gateway(folder, [], pools="""
  pools:
    main: { instances: ["http://127.0.0.1:%d"] }
    workers:
      instances: ["http://127.0.0.1:%d"]
      health: { every: 1s, timeout: 1s }
      slow_start: 0s
  default_pool: main
  jobs_pool: workers""" % (self.service.port, self.worker.port)).start()
        self.key = self.gateway.make_key([42, 43])

    def start_worker(self):
        self.worker.launch("serve", "--config", self.worker.config, "--role", "worker")

    def stop(self):
        for server in (self.gateway, self.worker, self.service, self.box):
            if server.process and server.process.poll() is None:
                server.kill()

    def run_jobs(self, count):
        """Asks for so many, and comes back anew where the worker is away."""
        for number in range(count):
            body = {"tenant_id": 42, "user_id": number % 3 + 1, "model": "gpt-4o-mini",
                    "user_message": f"Hello {number}"}
            until(lambda: self.gateway.api("POST", "/ai/jobs", body, self.key).status == 202)

    def wait_for_events(self, count):
        until(lambda: len(outbox(self.worker)) >= count)
        return outbox(self.worker)

    def socket(self, query="tenant_id=42", **options):
        return connect(f"ws://127.0.0.1:{self.gateway.port}/ai/events/ws?{query}",
                       additional_headers={"authorization": f"Bearer {self.key}"},
                       close_timeout=2, **options)


def until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def stage(tmp_path):
    stage = Stage(tmp_path)
    yield stage
    stage.stop()


def followers(stage):
    clients = [kind(stage.gateway, stage.key, "tenant_id=42", seed)
               for seed, kind in enumerate([SSE, Socket, Talker, Socket])]
    for client in clients:
        client.start()
    for client in clients:
        assert client.ready.wait(30) and client.error is None, client.error
    return clients


def test_a_client_that_loses_its_connection_to_a_gateway_loses_no_event(stage):
    clients = followers(stage)
    stage.run_jobs(30)
    truth = stage.wait_for_events(30)
    assert len(truth) == 30 and {name for _, name in truth} == {"JobCompleted"}
    for client in clients:
        assert client.wait_for(truth[-1][0], 60) == truth
        assert client.lives > 4 and client.resets == 0
        assert {data["tenant_id"] for _, _, data in client.seen} == {42}


def test_streams_through_a_gateway_go_on_where_a_killed_worker_comes_back(stage):
    clients = followers(stage)
    for life in range(3):
        stage.run_jobs(6)
        stage.wait_for_events(6 * life + 6)
        stage.worker.kill()
        stage.start_worker()
    truth = stage.wait_for_events(18)
    assert len(truth) == 18
    for client in clients:
        assert client.wait_for(truth[-1][0], 60) == truth


@pytest.mark.parametrize("query, key, status", [
    ("tenant_id=44", None, 403), ("tenant_id=42", "wk_nobody", 401), ("tenant_id=42&x=1", None, 400),
    ("tenant_id=x", None, 400)])
def test_whoever_may_not_hear_them_is_answered_as_by_the_worker(stage, query, key, status):
    with pytest.raises(InvalidStatus) as refused:
        connect(f"ws://127.0.0.1:{stage.gateway.port}/ai/events/ws?{query}",
                additional_headers={"authorization": f"Bearer {key or stage.key}"})
    assert refused.value.response.status_code == status


def test_a_tenants_streams_are_counted_where_they_are(stage):
    sockets = [stage.socket() for _ in range(8)]
    with pytest.raises(InvalidStatus) as refused:
        stage.socket()
    assert refused.value.response.status_code == 429
    for socket in sockets:
        assert '"event":"open"' in socket.recv(timeout=20)
        socket.close()
    # Each has closed in order, and its place is free.
    until(lambda: opened(stage))
    assert {socket.close_code for socket in sockets} == {1000}


def opened(stage):
    try:
        stage.socket().close()
        return True
    except InvalidStatus:
        return False


def test_without_a_worker_a_socket_is_refused_at_once(stage):
    stage.worker.kill()

    def status():
        with pytest.raises(InvalidStatus) as refused:
            stage.socket()
        return refused.value.response.status_code
    until(lambda: status() == 503)


@pytest.mark.parametrize("who", ["gateway", "worker"])
def test_a_drain_ends_sockets(stage, who):
    socket, ended = stage.socket(), []

    def read():
        try:
            while True:
                socket.recv()
        except ConnectionClosed as closed:
            ended.append(closed.rcvd and closed.rcvd.code)
    reader = threading.Thread(target=read)
    reader.start()
    assert getattr(stage, who).stop() == 0
    reader.join(30)
    # Between two ends whose frames it doesn't read a gateway can say nothing.
    assert ended == [1001 if who == "worker" else None]
