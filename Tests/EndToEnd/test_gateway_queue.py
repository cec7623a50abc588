"""A gateway whose instances have all the calls that they can take: who waits, in which order they
go, and what is told to those who don't."""
import contextlib
import json
import socket
import threading

import pytest

from attacklab import Stage, echo
from streamlab import wait_until

QUIET = [43, 44, 45, 46]


class Turnstile:
    """Answers of an instance that come one for each time that it is opened."""

    def __init__(self):
        self.turns = threading.Semaphore(0)

    def __call__(self, request):
        self.turns.acquire()
        return echo(request)

    def open(self, times=1):
        self.turns.release(times)


class House:
    """One instance that takes two calls at a time, tenants with keys, and calls that wait."""

    def __init__(self, folder, queue="wait: 60s, per_tenant: 200"):
        self.stage = Stage(folder, in_flight=2, read="5m", extra=f"limits: {{ queue: {{ {queue} }} }}")
        self.gateway, self.instance = self.stage.gateway, self.stage.instance
        self.gate = self.instance.answer = Turnstile()
        for tenant in QUIET:
            self.gateway.put_tenant(tenant)
        self.key = self.gateway.make_key([42, *QUIET])
        self.replies, self.threads = [], []

    @property
    def waiting(self):
        pools = self.gateway.api("GET", "/admin/gateway").json["pools"]
        return next(pool["waiting"] for pool in pools if pool["pool"] == "main")

    @property
    def arrived(self):
        """Whose calls the instance has got, in their order."""
        with self.instance.lock:
            return [request.tenant for request in self.instance.requests]

    def call(self, tenant, times=1):
        def run():
            reply = self.gateway.complete(self.key, "Hello", tenant=tenant, timeout=120)
            self.replies.append((tenant, reply))

        for _ in range(times):
            thread = threading.Thread(target=run, daemon=True)
            self.threads.append(thread)
            thread.start()

    def occupy(self):
        """Takes both places."""
        self.call(42, 2)
        wait_until(lambda: len(self.arrived) == 2, 60)

    def finish(self):
        self.gate.open(1000)
        for thread in self.threads:
            thread.join(120)
        assert len(self.replies) == len(self.threads)
        return self.replies


@pytest.fixture
def house(tmp_path):
    made = []

    def make(*arguments):
        made.append(House(tmp_path, *arguments))
        return made[0]

    yield make
    for each in made:
        each.gate.open(1000)
        each.stage.end()


def test_quiet_tenants_wait_for_one_call_of_each_other_however_many_a_noisy_one_has(house):
    house = house()
    house.occupy()
    house.call(42, 98)
    wait_until(lambda: house.waiting == 98, 60)
    for tenant in QUIET:
        house.call(tenant)
    wait_until(lambda: house.waiting == 102, 60)
    for served in range(3, 9):
        house.gate.open()
        wait_until(lambda: len(house.arrived) == served, 60)
    # Two had places; of those that waited one of the noisy tenant's went before the quiet ones.
    assert house.arrived[:3] == [42, 42, 42] and sorted(house.arrived[3:7]) == QUIET
    assert {reply.status for _, reply in house.finish()} == {200}
    assert house.waiting == 0 and len(house.arrived) == 104


def test_a_heavier_tenant_goes_more_often(house):
    house = house()
    house.gateway.put_tenant(43, tier="enterprise")
    house.gateway.put_tenant(44, tier="starter")
    house.occupy()
    for tenant in (43, 44):
        house.call(tenant, 20)
    wait_until(lambda: house.waiting == 40, 60)
    house.finish()
    # By their weights of 4 and 1; two may overtake one another on their way.
    assert 14 <= house.arrived[2:22].count(43) <= 18, house.arrived


def test_who_finds_no_room_to_wait_or_waits_in_vain_is_told_when_to_come_back(house):
    house = house("wait: 3s, per_tenant: 1")
    house.occupy()
    house.call(42)
    wait_until(lambda: house.waiting == 1 or house.replies, 60)
    refused = house.gateway.complete(house.key, "Hello", timeout=60)
    wait_until(lambda: len(house.replies) == 1, 60)
    for reply in (refused, house.replies[0][1]):
        assert (reply.status, reply.json["error"]) == (503, "overloaded"), reply
        assert 1 <= int(reply.headers["retry-after"]) <= 3
    assert house.waiting == 0 and len(house.arrived) == 2
    # Refused is not counted, and who comes when there is a place is served.
    house.gate.open(2)
    wait_until(lambda: len(house.replies) == 3, 60)
    house.gate.open()
    assert house.gateway.complete(house.key, "Hello", timeout=60).status == 200


@pytest.mark.parametrize("path", ["/ai/complete", "/shop/a"])
def test_a_client_that_leaves_gives_its_turn_up(house, path):
    house = house()
    place = house.instance if path.startswith("/ai") else house.stage.shop
    place.answer = house.gate

    def waiting():
        pools = house.gateway.api("GET", "/admin/gateway").json["pools"]
        return sum(pool["waiting"] for pool in pools)

    def arrived():
        with place.lock:
            return len(place.requests)

    with contextlib.ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(begin(house, path))
        wait_until(lambda: arrived() == 2, 60)
        with begin(house, path):
            wait_until(lambda: waiting() == 1, 60)
        wait_until(lambda: waiting() == 0, 60)
        last = stack.enter_context(begin(house, path))
        wait_until(lambda: waiting() == 1, 60)
        house.gate.open(3)
        assert last.recv(65536).startswith(b"HTTP/1.1 200 ")
        assert arrived() == 3


def begin(house, path):
    """A call on a connection of its own."""
    body = json.dumps({"tenant_id": 42, "model": "gpt-4o-mini", "user_message": "x"}).encode()
    connection = socket.create_connection(("127.0.0.1", house.gateway.port), 60)
    connection.sendall(
        b"POST %s HTTP/1.1\r\nhost: weir\r\nauthorization: Bearer %s\r\ncontent-length: %d\r\n"
        b"content-type: application/json\r\n\r\n%s" % (
            path.encode(), house.key.encode(), len(body), body))
    return connection


def test_when_the_last_instance_goes_out_nobody_waits_any_more(house):
    house = house()
    house.occupy()
    house.call(42, 10)
    house.call(43)
    wait_until(lambda: house.waiting == 11, 60)
    house.instance.is_well = False
    wait_until(lambda: len(house.replies) == 11, 60)
    for _, reply in house.replies:
        assert (reply.status, reply.json["error"]) == (503, "ai_service_unavailable"), reply
        assert int(reply.headers["retry-after"]) >= 1
    refused = house.gateway.complete(house.key, "Hello", timeout=60)
    assert (refused.status, refused.json["error"]) == (503, "ai_service_unavailable")
    assert house.waiting == 0 and len(house.arrived) == 2
    house.instance.is_well = True
