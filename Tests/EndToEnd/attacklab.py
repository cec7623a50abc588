"""The other end behind a gateway: it keeps every request byte for byte, and answers as it is told."""
import contextlib
import json
import socket
import threading

from gatewaylab import PATIENT, Gateway
from weirlab import free_port


class Request:
    """As it came: nothing is put right."""

    def __init__(self, head, body):
        self.line, *fields = head.split(b"\r\n")
        self.fields = [tuple(part.strip() for part in field.split(b":", 1)) for field in fields]
        self.body = body

    def values(self, name):
        return [field[1] for field in self.fields if field[0].lower() == name]

    @property
    def tenant(self):
        return int(self.values(b"x-weir-identity")[0].split(b";")[5])

    def __repr__(self):
        return f"{self.line!r} {self.fields} {self.body[:80]!r}"


def echo(request):
    """An answer that says whose it is."""
    text = json.dumps({"told": request.body.decode(errors="replace")[:500],
                       "line": request.line.decode(errors="replace")}).encode()
    return (b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-weir-tokens: 5\r\n"
            b"content-length: %d\r\n\r\n" % len(text) + text)


class OtherEnd:
    """Each request gets what `answer` makes of it: bytes, or bytes piece by piece; a piece that is
    None ends the connection."""

    def __init__(self):
        self.answer, self.requests, self.lock = echo, [], threading.Lock()
        self.is_well = True
        self.listener = socket.create_server(("127.0.0.1", free_port()), backlog=256)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def close(self):
        self.listener.close()

    def serve(self, connection):
        with connection, contextlib.suppress(OSError):
            data = b""
            while True:
                while b"\r\n\r\n" not in data:
                    part = connection.recv(65536)
                    if not part:
                        return self.keep(data)
                    data += part
                head, _, data = data.partition(b"\r\n\r\n")
                request = Request(head, b"")
                # The first of several lengths, and chunks as if they were the next request: whoever
                # is sent such a thing shows it.
                length = int((request.values(b"content-length") or [b"0"])[0])
                while len(data) < length:
                    data += connection.recv(65536) or b"\0" * length
                request.body, data = data[:length], data[length:]
                if not self.send(connection, request):
                    return self.keep(data)

    def send(self, connection, request):
        """Whether the connection stays."""
        if request.line.startswith(b"GET /health"):
            connection.sendall(b"HTTP/1.1 %d Here\r\ncontent-length: 0\r\n\r\n" % (
                200 if self.is_well else 503))
            return True
        with self.lock:
            self.requests.append(request)
        pieces = self.answer(request)
        for piece in [pieces] if isinstance(pieces, bytes) else pieces:
            if piece is None:
                return False
            connection.sendall(piece)
        return True

    def keep(self, rest):
        """What came behind the last request, and is none."""
        if rest:
            with self.lock:
                self.requests.append(Request(rest, b""))

    def take(self):
        """What came since the last time."""
        with self.lock:
            taken, self.requests = self.requests, []
        return taken


class Stage:
    """A gateway before two such ends, an instance of the AI service and another service at /shop;
    tenant 42 and a key for it."""

    def __init__(self, folder, in_flight=64, read="3s", extra=""):
        self.instance, self.shop = OtherEnd(), OtherEnd()
        rules = f"""{PATIENT}
      max_in_flight: {in_flight}
      timeouts: {{ connect: 5s, read: {read}, total: 10m }}"""
        self.gateway = Gateway(folder, [], extra, f"""
  pools:
    main:
      instances: ["http://127.0.0.1:{self.instance.port}"]{rules}
    shop:
      instances: ["http://127.0.0.1:{self.shop.port}"]{rules}
  default_pool: main
  routes:
    - {{ prefix: /shop, pool: shop, auth: none }}""").start()
        self.gateway.put_tenant(42)
        self.key = self.gateway.make_key()

    def end(self):
        assert self.gateway.stop() == 0, self.gateway.log()
        self.instance.close()
        self.shop.close()
