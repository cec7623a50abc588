"""What is overheard between a gateway and its instances opens no instance a second time."""
import contextlib
import socket
import threading

import pytest

from gatewaylab import Gateway, Service
from streamlab import wait_until
from weirlab import Sandbox


class Wiretap:
    """Before one server: passes on what comes, and remembers what was asked and told."""

    def __init__(self, server):
        self.server, self.heard = server, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                try:
                    far = socket.create_connection(("127.0.0.1", self.server.port), 10)
                except OSError:
                    near.close()
                    continue
                far.settimeout(None)
                asked, told = bytearray(), bytearray()
                self.heard.append((asked, told))
                for source, sink, kept in [(near, far, asked), (far, near, told)]:
                    threading.Thread(
                        target=self.relay, args=(source, sink, kept), daemon=True).start()

    @staticmethod
    def relay(source, sink, kept):
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                kept += piece
                sink.sendall(piece)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def calls(self):
        """Every POST, whole, as it went over the wire."""
        found = []
        for stream in [bytes(asked) for asked, _ in self.heard]:
            while stream:
                head, _, rest = stream.partition(b"\r\n\r\n")
                fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
                length = int(fields.get(b"content-length", 0))
                if head.startswith(b"POST "):
                    found.append(head + b"\r\n\r\n" + rest[:length])
                stream = rest[length:]
        return found

    def end(self):
        self.listener.close()


def send(server, call):
    """The same bytes again: status, and the rest of the answer's head with what came of its body."""
    with socket.create_connection(("127.0.0.1", server.port), 30) as connection:
        connection.sendall(call)
        answer = b""
        while b"\r\n\r\n" not in answer or b"}" not in answer:
            piece = connection.recv(65536)
            assert piece, answer
            answer += piece
    return int(answer.split(b" ", 2)[1]), answer.decode()


@pytest.fixture
def house(tmp_path):
    """Two instances, and a gateway that reaches the first one through a wiretap."""

    class House:
        box = Sandbox(tmp_path).start()

    House.services = [Service(tmp_path, House.box, number) for number in (1, 2)]
    for service in House.services:
        service.start()
        service.put_tenant(42, budget_usd=1000)
    House.tap = Wiretap(House.services[0])
    # One check at the start, which is over here, and none that would notice a restart.
    House.gateway = Gateway(tmp_path, [], pools=f"""
  pools:
    main:
      instances: ["http://127.0.0.1:{House.tap.port}"]
      health: {{ every: 1h, timeout: 10s }}""").start()
    wait_until(lambda: any(b"/health/ready" in asked and told for asked, told in House.tap.heard),
               seconds=30)
    House.key = House.gateway.make_key()
    yield House
    House.tap.end()
    for server in [House.gateway, *House.services, House.box]:
        if server.process.poll() is None:
            server.kill()


def restart(service):
    assert service.stop() == 0
    service.start()


def test_an_overheard_call_is_accepted_nowhere_and_never_again(house):
    first, second = house.services
    assert house.gateway.complete(house.key, "Hello").status == 200
    overheard = house.tap.calls()[-1]
    assert b"x-weir-identity: 2;" in overheard
    status, answer = send(first, overheard)
    assert status == 401 and "used before" in answer, answer
    status, answer = send(second, overheard)
    assert status == 401 and "another instance" in answer, answer
    restart(first)
    status, answer = send(first, overheard)
    assert status == 401 and "another instance" in answer, answer
    assert "x-weir-instance: " in answer
    assert (len(first.rows()), len(second.rows())) == (1, 0)
    assert len(house.box.truth()) == 1


def test_a_restart_that_nobody_noticed_costs_one_more_send_and_no_call(house):
    [service, _] = house.services
    assert house.gateway.complete(house.key, "Hello").status == 200
    for turn in range(1, 3):
        restart(service)
        before = len(house.tap.calls())
        assert house.gateway.complete(house.key, "Hello").status == 200
        refused, served = house.tap.calls()[before:]
        assert refused != served
        assert len(service.rows()) == 1 + turn
        # From then on it is known.
        assert house.gateway.complete(house.key, "x", model="no-such-model").status == 400
        assert len(house.tap.calls()) == before + 3
    assert len(house.box.truth()) == 3
    [known] = house.gateway.api("GET", "/admin/gateway").json["pools"][0]["instances"]
    assert (known["state"], known["failures"]) == ("healthy", 0), known


def test_a_long_body_is_sent_again_as_well(house):
    [service, _] = house.services
    assert house.gateway.complete(house.key, "Hello").status == 200
    restart(service)
    reply = house.gateway.complete(house.key, "x" * 3_000_000, model="no-such-model")
    assert (reply.status, reply.json["error"]) == (400, "unknown_model"), reply
    assert len(house.tap.calls()) == 3
