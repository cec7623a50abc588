"""What the measurements share: processes that are pinned to a CPU, the load, what it costs."""
import json
import os
import pathlib
import socket
import subprocess
import time
import urllib.error
import urllib.request

ADMIN = "wk_bench_admin_0123456789abcdef0123456789abcdef"
HERE = pathlib.Path(__file__).parent


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_seconds(pid):
    """User and system time of a process and of its children that still run."""
    ticks = 0
    for process in family(pid):
        fields = pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def family(pid):
    """A process and its children that still run."""
    children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout
    return [pid, *map(int, children.split())]


def wait_for(url, seconds=20, ready=False):
    """Until something answers there, or until that is a success."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except urllib.error.HTTPError:
            if not ready:
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise SystemExit(f"nothing answers at {url}")


def call(method, url, body=None, key=ADMIN):
    request = urllib.request.Request(
        url, method=method, data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.load(reply)


def start(command, cpu, log, **extra):
    return subprocess.Popen(
        ["taskset", "-c", str(cpu), *map(str, command)], stdout=log, stderr=log, **extra)


def load(port, path, body, key, connections, seconds):
    environment = dict(os.environ, BENCH_PATH=path, BENCH_BODY=json.dumps(body), BENCH_KEY=key)
    result = subprocess.run(
        ["taskset", "-c", "1", "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout",
         "10s", "-s", str(HERE / "wrk.lua"), f"http://127.0.0.1:{port}"],
        env=environment, capture_output=True, text=True, check=True).stdout
    line = next(line for line in result.splitlines() if line.startswith("RESULT"))
    requests, micros, p50, p99, broken, refused = map(int, line.split()[1:])
    if broken or refused:
        raise SystemExit(f"{broken} broken and {refused} refused of {requests} requests")
    return requests, micros / 1e6, p50 / 1e3, p99 / 1e3


def measure(name, pids, port, path, body, key, seconds):
    """Pids: those whose CPU counts, each with its children."""
    rows = []
    for connections in (1, 16, 64):
        load(port, path, body, key, connections, 1)
        before = sum(map(cpu_seconds, pids))
        requests, duration, p50, p99 = load(port, path, body, key, connections, seconds)
        cpu = sum(map(cpu_seconds, pids)) - before
        rows.append({"name": name, "connections": connections, "requests": requests,
                     "rps": requests / duration, "cpu_ms_per_1k": cpu * 1e6 / requests,
                     "p50_ms": p50, "p99_ms": p99})
    return rows
