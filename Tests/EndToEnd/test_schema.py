"""openapi.yaml against the running server, by schemathesis: all checks, no failure tolerated.

One check, that what fits the schema is accepted, is off where a schema can't say what is refused:
each operation with its reason. Everywhere else it is on.
"""
import os
import subprocess
import sys

import pytest
import yaml

from weirlab import ADMIN, ROOT

TENANT = "a key that reaches several tenants has to name one"
BEYOND_THE_SCHEMA = {
    "GET /ai/usage": TENANT, "GET /ai/usage/log": TENANT, "GET /ai/budget": TENANT,
    "GET /ai/models": TENANT,
    "POST /ai/complete": "one of user_message and messages; a model that is known and priced",
    "GET /admin/audit/verify": "sequence and hash go together",
    "POST /admin/keys": "an expiry that has passed; a tenant's key reaches one tenant",
    "POST /admin/keys/{id}/rotate": "1.0 is no integer here",
    "PUT /admin/tenants/{id}": "amounts below a nano-dollar; time zones",
    "PUT /admin/prices": "two prices of one model and day; tiers that don't rise",
    "POST /admin/adjustments": "a correction of nothing, or below zero",
}
OPERATIONS = {f"{method.upper()} {path}" for path, item in
              yaml.safe_load((ROOT / "openapi.yaml").read_text())["paths"].items()
              for method in item if method in ("get", "put", "post", "delete", "patch")}


def test_every_exception_is_of_an_operation_that_is_there():
    assert set(BEYOND_THE_SCHEMA) < OPERATIONS


@pytest.mark.parametrize("seed", [20261122, 7])
def test_the_server_keeps_its_schema(running, tmp_path, seed):
    _, weir, key = running
    assert weir.complete(key, "so that there is a row").status == 200
    config = tmp_path / "schemathesis.toml"
    config.write_text("".join(
        f'[[operations]]\ninclude-name = "{name}"\n'
        "checks.positive_data_acceptance.enabled = false\n\n" for name in BEYOND_THE_SCHEMA))
    report = subprocess.run(
        [os.path.join(os.path.dirname(sys.executable), "schemathesis"),
         "--config-file", str(config), "run",
         str(ROOT / "openapi.yaml"), "--url", f"http://127.0.0.1:{weir.port}",
         "-H", f"Authorization: Bearer {ADMIN}", "--max-examples", "50", "--seed", str(seed),
         "--phases", "examples,coverage,fuzzing,stateful", "--no-color"],
        cwd=tmp_path, capture_output=True, text=True, timeout=400)
    print(report.stdout[-3000:])
    assert report.returncode == 0, report.stdout[-12000:] + report.stderr[-2000:]
    assert f"Tested: {len(OPERATIONS)}" in report.stdout, report.stdout[-3000:]
    health = weir.request("GET", "/health")
    assert health.json["checks"]["database"] == "ok", health
    assert weir.api("GET", "/admin/audit/verify").json["sound"]
    assert weir.stop() == 0, weir.log()
