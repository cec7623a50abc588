"""Weir beside nginx on the same upstream in one run: CPU per request, latency, durable rows.

The gateway under test runs on CPU 0; the provider sandbox and the load run on CPU 1. What can be
compared from run to run is the ratio to nginx, not the milliseconds: machines differ and drift.
"""
import argparse
import os
import pathlib
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import hops
import streams
from benchlab import ADMIN, call, cpu_seconds, family, free_port, measure, start, wait_for

TEXT = "Summarise the sales of today for the board in a few plain sentences. " * 13


def start_nginx(folder, port, upstream, hop, weir):
    """Before the sandbox on one port, before Weir on another."""
    config = folder / "nginx.conf"
    config.write_text(f"""
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 8192; }}
http {{
  access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  keepalive_requests 1000000; proxy_http_version 1.1; proxy_set_header Connection "";
  proxy_buffering off;
  upstream sandbox {{ server 127.0.0.1:{upstream}; keepalive 128; keepalive_requests 1000000; }}
  upstream weir {{ server 127.0.0.1:{weir}; keepalive 128; keepalive_requests 1000000; }}
  server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://sandbox; }} }}
  server {{ listen 127.0.0.1:{hop}; location / {{ proxy_pass http://weir; }} }}
}}""")
    return start([shutil.which("nginx") or "/usr/sbin/nginx", "-p", folder, "-c", config], 0,
                 (folder / "nginx.out").open("wb"))


def start_weir(binary, folder, port, upstream):
    config = folder / "weir.yaml"
    config.write_text(f"""
server: {{ host: 127.0.0.1, port: {port} }}
storage: {{ sqlite: {{ path: {folder}/weir.db }} }}
admin_key: {ADMIN}
providers:
  openai: {{ api_key: sk-bench, base_url: "http://127.0.0.1:{upstream}/openai/v1", concurrency: 4096 }}
limits: {{ concurrent_calls: 4096, ai: {{ per_minute: 0 }} }}
logging: {{ level: warning }}
""")
    return start([binary, "serve", "--config", config], 0, (folder / "weir.out").open("wb"))


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--weir", required=True)
    options.add_argument("--seconds", type=int, default=5)
    options.add_argument("--folder", help="where the ledger lies; a real disk, not a RAM disk")
    options = options.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="weir-bench-", dir=options.folder or "/var/tmp"))
    upstream, proxy, hop, port = free_port(), free_port(), free_port(), free_port()
    processes = []
    try:
        processes.append(start([options.weir, "sandbox", "--port", upstream], 1,
                               (folder / "sandbox.out").open("wb")))
        processes.append(start_nginx(folder, proxy, upstream, hop, port))
        processes.append(start_weir(options.weir, folder, port, upstream))
        wait_for(f"http://127.0.0.1:{upstream}/_sandbox/health")
        wait_for(f"http://127.0.0.1:{port}/health/live")
        wait_for(f"http://127.0.0.1:{proxy}/_sandbox/health")
        call("PUT", f"http://127.0.0.1:{port}/admin/tenants/42", {
            "name": "Bench", "tier": "enterprise", "is_active": True, "budget_usd": 1_000_000})
        key = call("POST", f"http://127.0.0.1:{port}/admin/keys", {
            "name": "bench", "role": "service", "tenants": [42]})["key"]
        plain = {"model": "gpt-4o-mini", "max_completion_tokens": 400,
                 "messages": [{"role": "user", "content": TEXT}]}
        ours = {"tenant_id": 42, "user_id": 7, "feature_slug": "bench", "model": "gpt-4o-mini",
                "user_message": TEXT, "max_tokens": 400}
        rows = measure("nginx", [processes[1].pid], proxy, "/openai/v1/chat/completions", plain,
                       "sk-bench", options.seconds)
        rows += measure("weir", [processes[2].pid], port, "/ai/complete", ours, key,
                        options.seconds)
        behind_nginx = measure("nginx", [processes[1].pid], hop, "/ai/complete", ours, key,
                               options.seconds)
        slow = [
            streams.measure(name, at, path, secret, family(process.pid),
                            lambda process=process: cpu_seconds(process.pid))
            for name, at, path, secret, process in (
                ("nginx", proxy, "/openai/v1/chat/completions", "sk-bench", processes[1]),
                ("weir", port, "/v1/chat/completions", key, processes[2]))]
        report(rows, call("GET", f"http://127.0.0.1:{port}/ai/usage?tenant_id=42"))
        streams.report(slow)
        processes[2].send_signal(signal.SIGTERM)
        gateway = hops.start(options.weir, folder, upstream, processes)
        hops.report(behind_nginx, gateway.measure(ours, options.seconds))
    finally:
        for process in reversed(processes):
            process.send_signal(signal.SIGTERM)
        for process in processes:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
        shutil.rmtree(folder, ignore_errors=True)


def report(rows, usage):
    nginx = {row["connections"]: row for row in rows if row["name"] == "nginx"}
    cpu = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo")
                if line.startswith("model name")), platform.machine())
    print(f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} × {cpu}, gateway on one of them\n")
    print("| what | connections | requests/s | durable writes/s | p50 ms | p99 ms "
          "| CPU ms per 1,000 | × nginx |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    for row in rows:
        ratio = row["cpu_ms_per_1k"] / nginx[row["connections"]]["cpu_ms_per_1k"]
        durable = f"{2 * row['rps']:,.0f}" if row["name"] == "weir" else "–"
        print(f"| {row['name']} | {row['connections']} | {row['rps']:,.0f} | {durable} "
              f"| {row['p50_ms']:.2f} | {row['p99_ms']:.2f} | {row['cpu_ms_per_1k']:.0f} "
              f"| {ratio:.1f} |")
    counted = sum(line["calls"] for line in usage["users"])
    print(f"\nledger: {counted:,} calls, {usage['cost_usd']} USD")


if __name__ == "__main__":
    sys.exit(main())
