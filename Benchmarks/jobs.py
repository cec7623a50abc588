"""Prints durable enqueues a second and jobs run a second: python jobs.py WEIR [JOBS [CLIENTS]]."""
import http.client
import json
import pathlib
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Tests" / "EndToEnd"))
import weirlab  # noqa: E402

JOBS = int(sys.argv[2]) if len(sys.argv) > 2 else 20_000
CLIENTS = int(sys.argv[3]) if len(sys.argv) > 3 else 64
PLACES = 64
EXTRA = (f"queues: {{ default: {{ concurrency: {PLACES} }} }}\n"
         "limits: { ai: { per_minute: 0 } }")


def enqueue(weir, key, numbers, run_at, times):
    connection = http.client.HTTPConnection("127.0.0.1", weir.port)
    for number in numbers:
        body = json.dumps({"tenant_id": 42, "model": "gpt-4o-mini", "max_tokens": 16,
                           "user_message": f"job {number}", **run_at})
        begin = time.monotonic()
        connection.request("POST", "/ai/jobs", body, {
            "authorization": f"Bearer {key}", "content-type": "application/json"})
        reply = connection.getresponse()
        data = reply.read()
        assert reply.status == 202, data
        times.append(time.monotonic() - begin)


def counts(weir):
    queues = weir.api("GET", "/admin/jobs/queues").json["queues"]
    return next(queue for queue in queues if queue["queue"] == "default")


def put_in(weir, key, run_at):
    """Jobs a second, and the milliseconds of the slowest hundredth."""
    times = []
    threads = [threading.Thread(target=enqueue, args=(
        weir, key, range(client, JOBS, CLIENTS), run_at, times)) for client in range(CLIENTS)]
    begin = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times.sort()
    return JOBS / (time.monotonic() - begin), times[len(times) * 99 // 100] * 1000


def main():
    weirlab.BINARY = pathlib.Path(sys.argv[1])
    folder = pathlib.Path(tempfile.mkdtemp())
    sandbox = weirlab.Sandbox(folder).start()
    weir = weirlab.Weir(folder, sandbox, EXTRA).start()
    try:
        weir.put_tenant(42, unlimited=True)
        key = weir.make_key()
        # All of them wait until they are all there, so that each figure is of one thing alone.
        wait = 12 + JOBS // 1_000
        ready = time.monotonic() + wait
        rate, slowest = put_in(weir, key, {"delay_s": wait})
        print(f"{CLIENTS} clients: {rate:.0f} durable jobs accepted a second, "
              f"p99 {slowest:.0f} ms", flush=True)
        time.sleep(max(0, ready - time.monotonic()))
        begin, before = time.monotonic(), counts(weir)["complete"]
        while (done := counts(weir))["complete"] < JOBS:
            assert done["failed"] == 0, done
            time.sleep(0.05)
        elapsed = time.monotonic() - begin
        print(f"{PLACES} places: {(JOBS - before) / elapsed:.0f} jobs run a second "
              "against a provider of 0 ms", flush=True)
    finally:
        weirlab.end_what_still_runs()


main()
