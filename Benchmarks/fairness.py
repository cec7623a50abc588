"""Prints how long quiet tenants' calls take without and with a noisy one: python fairness.py WEIR."""
import http.client
import json
import pathlib
import statistics
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Tests" / "EndToEnd"))
import weirlab  # noqa: E402

CONCURRENCY, QUIET, SECONDS, NOISE = 16, 5, 10, 100
EXTRA = ("limits: { ai: { per_minute: 0 }, queue: { per_tenant: 200 } }")


def call(connection, key, tenant, latency):
    body = json.dumps({"tenant_id": tenant, "model": "gpt-4o-mini",
                       "user_message": f"@sandbox{{latency_ms={latency}}} one"})
    connection.request("POST", "/ai/complete", body, {
        "authorization": f"Bearer {key}", "content-type": "application/json"})
    reply = connection.getresponse()
    reply.read()
    return reply.status


def measure(weir, key, noise):
    """Milliseconds of every quiet call, and how many of the noisy tenant's were answered."""
    end = time.monotonic() + SECONDS
    taken, statuses = [], []

    def quiet(tenant):
        connection = http.client.HTTPConnection("127.0.0.1", weir.port)
        number = 0
        while time.monotonic() < end:
            begin = time.monotonic()
            assert call(connection, key, tenant, 25 + number * 7 % 51) == 200
            taken.append((time.monotonic() - begin) * 1000)
            number += 1
            time.sleep(0.1)

    def noisy(number):
        connection = http.client.HTTPConnection("127.0.0.1", weir.port)
        while time.monotonic() < end:
            statuses.append(call(connection, key, 100, 25 + number * 11 % 51))
            number += 1

    threads = [threading.Thread(target=quiet, args=(tenant,)) for tenant in range(1, QUIET + 1)]
    threads += [threading.Thread(target=noisy, args=(number,)) for number in range(noise)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken, statuses


def main():
    weirlab.BINARY = pathlib.Path(sys.argv[1])
    folder = pathlib.Path(tempfile.mkdtemp())
    sandbox = weirlab.Sandbox(folder).start()
    weir = weirlab.Weir(folder, sandbox, EXTRA)
    text = weir.config.read_text()
    weir.config.write_text(
        text.replace("{ api_key:", f"{{ concurrency: {CONCURRENCY}, api_key:"))
    weir.start()
    try:
        tenants = (*range(1, QUIET + 1), 100)
        for tenant in tenants:
            weir.put_tenant(tenant, unlimited=True)
        key = weir.make_key(tenants)
        for noise in (0, NOISE):
            taken, statuses = measure(weir, key, noise)
            cuts = statistics.quantiles(taken, n=100)
            print(f"{noise:4} noisy callers: {len(taken)} quiet calls, p50 {cuts[49]:.0f} ms, "
                  f"p99 {cuts[98]:.0f} ms; noisy answered {statuses.count(200)}, "
                  f"refused {len(statuses) - statuses.count(200)}")
    finally:
        weirlab.end_what_still_runs()


main()
