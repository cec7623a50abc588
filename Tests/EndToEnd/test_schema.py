"""openapi.yaml against the running server, by schemathesis: all checks, no failure tolerated.

The first run has the document as it is, and what doesn't fit it has to be refused; that what fits is
accepted is left out where a JSON Schema can't say what is refused: each operation with its reason.
The other runs make up for that. One is of a tenant's reads with that tenant's key; one is of data
that fits alone, with a copy of the document in which what only this server knows is written out, and
no operation is left out.
"""
import copy
import os
import subprocess
import sys

import pytest
import yaml

from weirlab import ADMIN, ROOT

BYTES = "texts are limited in bytes, a schema counts characters"
NANOS = "amounts with more than nine decimals, which no multipleOf over binary fractions finds"
TENANT = "a key that reaches several tenants has to name one"
BEYOND_THE_SCHEMA = {
    "GET /ai/usage": TENANT, "GET /ai/usage/log": TENANT, "GET /ai/budget": TENANT,
    "GET /ai/models": TENANT,
    "POST /ai/complete": f"models that are known and priced; unsafe input; {BYTES}",
    "POST /ai/jobs": f"models and queues that are known; moments that are to come; {BYTES}",
    "POST /reports/generate": "features, what they need, and queues that are known; moments",
    "GET /admin/audit/verify": "two query parameters that go together",
    "POST /admin/keys": f"an expiry that has passed; {BYTES}",
    "PUT /admin/tenants/{id}": f"time zones that are known; {BYTES}; {NANOS}",
    "PUT /admin/prices": "two prices of one model and day; tiers that don't rise",
    "POST /admin/adjustments": f"{BYTES}; {NANOS}",
}
VENDOR = "the vendor's own schema, of which only the frame is here"
DOCUMENT = yaml.safe_load((ROOT / "openapi.yaml").read_text())
# Another way in beside the key that every request has would be a second credential: a 401 each time.
DOCUMENT["security"] = [{"serviceKey": []}]
DOCUMENT["components"]["securitySchemes"] = {
    "serviceKey": DOCUMENT["components"]["securitySchemes"]["serviceKey"]}
# Streams that have no end: test_events.py has them.
for path in ("/ai/events", "/ai/events/ws"):
    del DOCUMENT["paths"][path]
OPERATIONS = {f"{method.upper()} {path}" for path, item in DOCUMENT["paths"].items()
              for method in item if method in ("get", "put", "post", "delete", "patch")}
PRINTABLE = {"type": "string", "pattern": "^[ -~]{1,200}$"}
DROP_INS = {f"{method.upper()} {path}" for path, item in DOCUMENT["paths"].items()
            for method, operation in item.items()
            if method != "parameters" and "Drop-in" in operation.get("tags", ())}
BEYOND_THE_SCHEMA |= {
    name: VENDOR if name.startswith("POST") else TENANT for name in DROP_INS}
# Models whose providers count tokens, and make embeddings.
COUNTING = ["claude-haiku-4-5", "gemini-2.5-flash"]
EMBEDDING = ["text-embedding-3-small", "gemini-embedding-001"]
WORDS = {"type": "string", "pattern": "^[a-z]{1,9}( [a-z]{1,9}){0,9}$"}


def with_what_the_server_knows(document, models):
    """A copy in which everything that fits is accepted. Only narrower than the document."""
    known = copy.deepcopy(document)
    tenant = {"enum": [42]}
    known["components"]["parameters"]["TenantId"].update(required=True, schema=tenant)
    schemas = known["components"]["schemas"]
    schemas["Name"] = PRINTABLE
    schemas["Budget"]["multipleOf"] = 0.25
    complete = schemas["CompletionRequest"]["properties"]
    schemas["CompletionRequest"]["required"] = ["model", "tenant_id"]
    complete["tenant_id"] = tenant
    complete["model"] = {"enum": models}
    complete["user_message"] = complete["system_prompt"] = WORDS
    text, parts = schemas["Message"]["properties"]["content"]["oneOf"]
    text.update(WORDS)
    parts["items"]["properties"]["text"].update(WORDS)
    schemas["StopSequence"] = WORDS
    job = schemas["JobOrder"]
    job["required"] = ["model", "tenant_id"]
    job["properties"]["queue"] = {"enum": ["default", "ai-reports"]}
    # Batch jobs have a queue of their own, and models that have a batch price.
    job["properties"]["mode"] = {"enum": ["live"]}
    for name in ("run_at", "deadline", "webhook_url"):
        del job["properties"][name]
    report = schemas["ReportOrder"]
    report["required"] = ["params", "tenant_id"]
    report["properties"]["feature_slug"] = {"enum": ["report-generation"]}
    report["properties"]["queue"] = {"enum": ["default", "ai-reports"]}
    report["properties"]["mode"] = {"enum": ["live"]}
    report["properties"]["params"] = {
        "type": "object", "maxProperties": 5, "additionalProperties": WORDS}
    for name in ("run_at", "deadline", "webhook_url"):
        del report["properties"][name]
    change = schemas["TenantChange"]["properties"]
    change["timezone"] = {"enum": ["UTC", "Africa/Kampala", "Asia/Kathmandu", "America/New_York"]}
    change["budget_usd"]["multipleOf"] = 0.25
    schemas["KeySpecification"]["properties"]["expires_at"] = {
        "enum": ["2199-12-31T23:59:59Z", "2100-02-28T00:00:00.001Z"]}
    # Whether an attempt's total may be lowered depends on what it cost.
    schemas["Adjustment"]["properties"]["amount_usd"] = {"enum": [0.25, 1, "2.5"]}
    schemas["PriceDocument"]["properties"]["prices"]["maxItems"] = 1
    schemas["PriceTiers"]["maxItems"] = 1
    for parameter in known["paths"]["/admin/audit/verify"]["get"]["parameters"]:
        parameter["required"] = True
    known["components"]["parameters"]["WeirTenant"].update(
        required=True, schema={"enum": ["42"]})
    known["components"]["parameters"]["ModelInPath"]["schema"] = {"enum": models}
    schemas.update(drop_in_bodies(models))
    for path, item in known["paths"].items():
        for ending, able in {"countTokens": COUNTING, "embedContent": EMBEDDING,
                             "batchEmbedContents": EMBEDDING}.items():
            if path.endswith(":" + ending):
                item["post"]["parameters"][0] = {
                    "name": "model", "in": "path", "required": True, "schema": {"enum": able}}
    return known


def drop_in_bodies(models):
    """The vendors' requests at their plainest."""
    def body(**properties):
        return {"type": "object", "additionalProperties": False,
                "required": list(properties), "properties": properties}

    def some(item):
        return {"type": "array", "minItems": 1, "maxItems": 3, "items": item}

    model = {"enum": models}
    messages = some(body(role={"const": "user"}, content=WORDS))
    content = body(role={"const": "user"}, parts=some(body(text=WORDS)))
    return {
        "ChatCompletionsRequest": body(
            model=model, messages=messages, stream={"type": "boolean"}),
        "ResponsesRequest": body(model=model, input=WORDS, stream={"type": "boolean"}),
        "MessagesRequest": body(
            model=model, messages=messages, max_tokens={"enum": [1, 100]},
            stream={"type": "boolean"}),
        "GenerateContentRequest": body(contents=some(content)),
        "CountTokensRequest": body(model={"enum": COUNTING}, messages=messages),
        "GeminiCountRequest": body(contents=some(content)),
        "EmbeddingsRequest": body(model={"enum": EMBEDDING}, input=WORDS),
        "EmbedContentRequest": body(content=body(parts=some(body(text=WORDS)))),
        "BatchEmbedContentsRequest": body(
            requests=some(body(content=body(parts=some(body(text=WORDS)))))),
    }


def schemathesis(weir, tmp_path, document, settings, *arguments, key=ADMIN,
                 tested=len(OPERATIONS)):
    (tmp_path / "openapi.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    (tmp_path / "schemathesis.toml").write_text(settings)
    report = subprocess.run(
        [os.path.join(os.path.dirname(sys.executable), "schemathesis"),
         "--config-file", str(tmp_path / "schemathesis.toml"), "run",
         str(tmp_path / "openapi.yaml"), "--url", f"http://127.0.0.1:{weir.port}",
         "-H", f"Authorization: Bearer {key}", "--max-examples", "50", "--no-color", *arguments],
        cwd=tmp_path, capture_output=True, text=True, timeout=1_800)
    print(report.stdout[-3000:])
    assert report.returncode == 0, report.stdout[-12000:] + report.stderr[-2000:]
    assert f"Tested: {tested}" in report.stdout, report.stdout[-3000:]
    assert "returned only 401/403" not in report.stdout, report.stdout[-3000:]
    health = weir.request("GET", "/health")
    assert health.json["checks"]["database"] == "ok", health
    assert weir.api("GET", "/admin/audit/verify").json["sound"]
    assert weir.stop() == 0, weir.log()


def test_every_exception_is_of_an_operation_that_is_there():
    assert set(BEYOND_THE_SCHEMA) < OPERATIONS


@pytest.mark.parametrize("seed", [20261122, 7])
def test_the_server_keeps_its_schema(running, tmp_path, seed):
    _, weir, key = running
    assert weir.complete(key, "so that there is a row").status == 200
    settings = "".join(
        f'[[operations]]\ninclude-name = "{name}"\n'
        "checks.positive_data_acceptance.enabled = false\n\n" for name in BEYOND_THE_SCHEMA)
    schemathesis(weir, tmp_path, DOCUMENT, settings, "--seed", str(seed),
                 "--phases", "examples,coverage,fuzzing,stateful")


def test_a_tenants_reads_keep_their_schema_with_its_own_key(running, tmp_path):
    _, weir, _ = running
    key = weir.make_key(role="tenant")
    assert weir.complete(key, "so that there is a row").status == 200
    reads = [name for name, reason in BEYOND_THE_SCHEMA.items() if reason == TENANT]
    chosen = "|".join(name.removeprefix("GET ") for name in reads)
    schemathesis(weir, tmp_path, DOCUMENT, "", "--include-path-regex", f"^({chosen})$",
                 "--seed", "11", "--phases", "examples,coverage,fuzzing", key=key,
                 tested=len(reads))


def test_what_fits_the_schema_is_accepted(running, tmp_path):
    """Every operation, without exception. What depends on the moment is no refusal of the data: a
    budget that is spent, an idempotency key or a service key that is in another state."""
    _, weir, key = running
    weir.put_tenant(42, unlimited=True)
    assert weir.complete(key, "so that there is a row").status == 200
    models = [model["model"] for model in weir.api("GET", "/ai/models?tenant_id=42").json["models"]]
    settings = ('[checks]\npositive_data_acceptance.expected-statuses = '
                '["2xx", "402", "403", "404", "409", "422"]\n')
    schemathesis(weir, tmp_path, with_what_the_server_knows(DOCUMENT, models), settings,
                 "--seed", "3", "--mode", "positive", "--phases", "examples,coverage,fuzzing")
