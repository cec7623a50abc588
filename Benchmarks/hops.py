"""What one hop before the AI service costs: a gateway of Weir's own beside nginx, in the same run.

Called by bench.py. Gateway and service are two processes, both on CPU 0; the sandbox and the load
are on CPU 1.
"""
import benchlab

SECRET = "the-secret-that-gateways-sign-by"


def start(binary, folder, upstream, processes):
    """An instance of the AI service and a gateway before it; both are added to the processes."""
    service, gateway = benchlab.free_port(), benchlab.free_port()
    (folder / "service.yaml").write_text(f"""
server: {{ host: 127.0.0.1, port: {service} }}
storage: {{ sqlite: {{ path: {folder}/service.db }} }}
admin_key: {benchlab.ADMIN}
identity: {{ secret: {SECRET} }}
providers:
  openai: {{ api_key: sk-bench, base_url: "http://127.0.0.1:{upstream}/openai/v1", concurrency: 4096 }}
limits: {{ concurrent_calls: 4096 }}
logging: {{ level: warning }}
""")
    (folder / "gateway.yaml").write_text(f"""
server: {{ host: 127.0.0.1, port: {gateway} }}
storage: {{ sqlite: {{ path: {folder}/gateway.db }} }}
admin_key: {benchlab.ADMIN}
identity: {{ secret: {SECRET} }}
gateway: {{ pools: {{ main: {{ instances: ["http://127.0.0.1:{service}"] }} }} }}
limits: {{ ai: {{ per_minute: 0 }} }}
logging: {{ level: warning }}
""")
    for role in ("service", "gateway"):
        processes.append(benchlab.start(
            [binary, "serve", "--role", role, "--config", folder / f"{role}.yaml"], 0,
            (folder / f"{role}.out").open("wb")))
    # The gateway says that it is ready once a check of the service has passed.
    benchlab.wait_for(f"http://127.0.0.1:{service}/health/ready", ready=True)
    benchlab.wait_for(f"http://127.0.0.1:{gateway}/health/ready", ready=True)
    for port in (service, gateway):
        benchlab.call("PUT", f"http://127.0.0.1:{port}/admin/tenants/42", {
            "name": "Bench", "tier": "enterprise", "is_active": True, "budget_usd": 1_000_000})
    key = benchlab.call("POST", f"http://127.0.0.1:{gateway}/admin/keys", {
        "name": "bench", "role": "service", "tenants": [42]})["key"]
    return Hop(gateway, key, *(process.pid for process in processes[-2:]))


class Hop:
    def __init__(self, port, key, service, gateway):
        self.port, self.key, self.service, self.gateway = port, key, service, gateway

    def measure(self, body, seconds):
        """The gateway's CPU alone, and that of both processes: two runs."""
        return [row for name, pids in (("gateway", [self.gateway]),
                                       ("gateway + service", [self.gateway, self.service]))
                for row in benchlab.measure(name, pids, self.port, "/ai/complete", body, self.key,
                                         seconds)]


def report(behind_nginx, rows):
    base = {row["connections"]: row for row in behind_nginx}
    print("\n| hop before the service | connections | requests/s | p50 ms | p99 ms "
          "| CPU ms per 1,000 | × nginx |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    for row in behind_nginx + rows:
        ratio = row["cpu_ms_per_1k"] / max(base[row["connections"]]["cpu_ms_per_1k"], 1e-9)
        print(f"| {row['name']} | {row['connections']} | {row['rps']:,.0f} | {row['p50_ms']:.2f} "
              f"| {row['p99_ms']:.2f} | {row['cpu_ms_per_1k']:.0f} | {ratio:.1f} |")
