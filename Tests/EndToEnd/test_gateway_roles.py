"""How processes of each role start, what they refuse to start with, and how a gateway is reloaded."""
import concurrent.futures
import json
import signal
import subprocess
import threading
import time

import pytest

from gatewaylab import IDENTITY, JOB, SECRET, until
from weirlab import BINARY, free_port


def test_a_call_goes_through_a_gateway_to_a_service_and_is_booked_there(house):
    service = house.service()
    gateway = house.gateway([service])
    gateway.put_tenant(42)
    key = gateway.make_key()
    reply = gateway.complete(key, "Hello")
    assert reply.status == 200, reply
    [row] = service.rows()
    assert row["request_id"] == reply.headers["x-request-id"] == reply.json["request_id"]
    assert gateway.request("GET", "/health/ready").status == 200
    assert gateway.stop() == 0 and service.stop() == 0


@pytest.mark.parametrize("text, said", [
    ("gateway: { pools: { main: { instances: [\"http://127.0.0.1:1\"] } } }", ["identity.secret"]),
    (IDENTITY, ["gateway.pools"]),
    ("", ["identity.secret", "gateway.pools"]),
    (f"{IDENTITY}\ngateway: {{ pools: {{ main: {{ instances: [\"https://127.0.0.1:1\"], "
     "ca_file: /nowhere.pem } } }", ["gateway.pools.main.ca_file", "/nowhere.pem"]),
])
def test_what_a_gateway_lacks_is_said_in_words(house, text, said):
    gateway = house.gateway([], start=False)
    gateway.config.write_text(f"storage: {{ sqlite: {{ path: {gateway.database} }} }}\n{text}")
    gateway.start(wait=False)
    assert gateway.process.wait(timeout=30) == 1
    for word in ["weir can't start", *said]:
        assert word in gateway.log(), gateway.log()
    if "pem" not in text:
        checked = subprocess.run(
            [BINARY, "check-config", "--role", "gateway", "--config", gateway.config],
            capture_output=True, text=True, timeout=30)
        assert checked.returncode == 1 and all(word in checked.stderr for word in said)


def test_a_gateway_starts_before_its_instances_and_finds_them(house):
    service = house.service(start=False)
    gateway = house.gateway([service])
    key = gateway.make_key()
    until(lambda: gateway.request("GET", "/health/ready").status == 503)
    refused = gateway.complete(key, "Hello")
    assert (refused.status, refused.json["error"]) == (503, "ai_service_unavailable")
    assert int(refused.headers["retry-after"]) >= 1
    service.start()
    service.put_tenant(42)
    until(lambda: gateway.complete(key, "Hello").status == 200)


def test_doctor_asks_every_instance(house):
    well = house.service()
    nowhere = free_port()
    gateway = house.gateway([well], start=False)
    gateway.configure([well], pools=f"""
  pools: {{ main: {{ instances: ["http://127.0.0.1:{well.port}", "http://127.0.0.1:{nowhere}"] }} }}""")
    ended = subprocess.run(
        [BINARY, "doctor", "--config", gateway.config, "--json", "--timeout", "2s"],
        capture_output=True, text=True, timeout=60)
    found = {check["check"]: check for check in json.loads(ended.stdout)["checks"]}
    assert found[f"instance main/127.0.0.1:{well.port}"]["outcome"] == "ok"
    assert found[f"instance main/127.0.0.1:{nowhere}"]["outcome"] == "fail"
    assert ended.returncode == 1
    gateway.configure([well])
    ended = subprocess.run([BINARY, "doctor", "--config", gateway.config], capture_output=True,
                           text=True, timeout=60)
    assert ended.returncode == 0, ended.stdout
    assert SECRET not in ended.stdout


def test_a_service_leaves_limits_to_its_gateway(house):
    service = house.service(extra="limits: { ai: { per_minute: 1, burst: 0 } }")
    gateway = house.gateway([service], "limits: { ai: { per_minute: 1, burst: 4 } }")
    key = gateway.make_key()
    assert [gateway.complete(key, "one").status for _ in range(7)] == [200] * 5 + [429] * 2
    gateway.put_tenant(42, limits={"burst": 6})
    assert [gateway.complete(key, "one").status for _ in range(3)] == [200, 200, 429]
    assert len(service.rows()) == 7


def test_a_reload_adds_and_takes_away_instances_and_no_call_fails(house):
    services = [house.service(number) for number in (1, 2)]
    gateway = house.gateway(services[:1])
    key = gateway.make_key()
    ending = threading.Event()

    def call():
        replies = []
        while not ending.is_set():
            replies.append(gateway.complete(key, "one"))
        return replies

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        callers = [pool.submit(call) for _ in range(8)]
        try:
            for turn in range(20):
                chosen = [services, services[1:], services[:1]][turn % 3]
                gateway.configure(chosen)
                reply = gateway.api("POST", "/admin/reload", {})
                assert reply.status == 200, reply
                assert reply.json == {
                    "applied": ["gateway.pools.main.instances"], "needs_restart": []}
        finally:
            ending.set()
        replies = [reply for caller in callers for reply in caller.result()]
    failed = [reply for reply in replies if reply.status != 200]
    assert len(replies) > 40 and failed == []
    assert sum(len(service.rows()) for service in services) == len(replies)
    assert all(service.rows() for service in services)


def test_a_reload_with_mistakes_changes_nothing(house):
    service = house.service()
    gateway = house.gateway([service])
    key = gateway.make_key()
    sound = gateway.config.read_text()
    for text, word in [
            (sound.replace("instances: [", "instances: [x, "), "gateway.pools.main.instances[0]"),
            (sound.replace(IDENTITY, ""), "identity.secret"),
            (sound.replace("slow_start: 0s", "ca_file: /nowhere.pem"), "/nowhere.pem")]:
        gateway.config.write_text(text.replace("http://127", "https://127")
                                  if "nowhere" in word else text)
        reply = gateway.api("POST", "/admin/reload", {})
        assert (reply.status, reply.json["error"]) == (400, "invalid_request"), reply
        assert word in reply.json["message"]
        assert gateway.complete(key, "one").status == 200
    gateway.config.write_text(sound)
    gateway.signal(signal.SIGHUP)
    until(lambda: any(entry["action"] == "config.reload"
                      for entry in gateway.api("GET", "/admin/audit").json["entries"]))
    assert gateway.complete(key, "one").status == 200


def test_a_feature_goes_to_another_pool_after_a_reload(house):
    one, other = house.service(1), house.service(2)
    pools = """
  pools:
    main: { instances: ["http://127.0.0.1:%d"] }
    reports: { instances: ["http://127.0.0.1:%d"] }
  default_pool: main""" % (one.port, other.port)
    gateway = house.gateway([], pools=pools)
    key = gateway.make_key()
    assert gateway.complete(key, "one", feature_slug="report-sales").status == 200
    assert (len(one.rows()), len(other.rows())) == (1, 0)
    gateway.configure([], pools=pools + '\n  features: { "report-*": reports }')
    assert gateway.api("POST", "/admin/reload", {}).json["applied"] == ["gateway.features.report-*"]
    assert gateway.complete(key, "one", feature_slug="report-sales").status == 200
    assert gateway.complete(key, "one", feature_slug="chat").status == 200
    assert (len(one.rows()), len(other.rows())) == (2, 1)


def test_a_key_that_reaches_a_thousand_tenants_calls_for_one_of_them(house):
    service = house.service()
    gateway = house.gateway([service])
    key = gateway.make_key([42, *range(10**15, 10**15 + 999)])
    assert gateway.complete(key, "one").status == 200


def healthy(gateway):
    """How many instances it takes for well."""
    return sum(instance["state"] == "healthy"
               for pool in gateway.api("GET", "/admin/gateway").json["pools"]
               for instance in pool["instances"])


def test_a_rolling_restart_fails_no_call(house):
    services = [house.service(number) for number in (1, 2)]
    for service in services:
        assert service.stop() == 0
        service.config.write_text(service.config.read_text().replace(
            f"port: {service.port}", f"port: {service.port}, drain_notice: 4s"))
        service.start()
    gateway = house.gateway(services)
    key = gateway.make_key()
    ending = threading.Event()

    def call():
        replies = []
        while not ending.is_set():
            replies.append(gateway.complete(key, "one"))
        return replies

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        callers = [pool.submit(call) for _ in range(8)]
        try:
            for service in services:
                assert service.stop() == 0
                service.start()
                until(lambda: healthy(gateway) == len(services))
        finally:
            ending.set()
        replies = [reply for caller in callers for reply in caller.result()]
    assert len(replies) > 40 and [reply for reply in replies if reply.status != 200] == []
    assert sum(len(service.rows()) for service in services) == len(replies)


def test_without_workers_nobody_keeps_jobs(house):
    service = house.service()
    gateway = house.gateway([service])
    key = gateway.make_key()
    assert gateway.api("POST", "/ai/jobs", JOB, key).status == 404
    gateway.configure([service], more="  keeps_jobs: true")
    reply = gateway.api("POST", "/admin/reload", {})
    assert reply.json["needs_restart"] == ["gateway.keeps_jobs"]
