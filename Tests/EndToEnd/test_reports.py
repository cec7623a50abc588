"""Reports: parameters become a prompt, its answer can be had in three forms, by nobody else."""
import contextlib
import html.parser
import json
import sqlite3
import time

import pytest

from gatewaylab import Gateway, Service
from weirlab import ADMIN, BINARY, Sandbox, Weir

MARKDOWN = """# Sales

Up by **12 %**, says <b onmouseover="alert(1)">Ann</b>.<script>alert(2)</script>

- [site](https://a.example/?b=1&c=2) and [trap](javascript:alert(3))

| Month | Sum |
|---|--:|
| May | 5 |
"""


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    (folder / "weekly.mustache").write_text(
        "Sales of {{branch.name}}:\n{{#rows}}\n- {{name}}: {{sum}}\n{{/rows}}\n{{> tail}}\n")
    sandbox = Sandbox(folder).start()
    weir = Weir(folder, sandbox, f"""
queues: {{ ai-reports: {{ retry_base: 50ms }} }}
screening: {{ features: {{ strict: {{ max_input: 1KiB }} }} }}
templates:
  model: gpt-4o-mini
  partials: {{ tail: "In {{{{currency}}}}." }}
  features:
    plain: {{ user: "{{{{text}}}}", max_tokens: 4000, result: {{ title: "{{{{title}}}}" }} }}
    object: {{ user: "{{{{text}}}}", max_tokens: 4000, result: {{ format: json }} }}
    strict: {{ user: "{{{{text}}}}" }}
    weekly:
      system: Be brief.
      user_file: {folder / "weekly.mustache"}
      model: claude-haiku-4-5
      required: [branch.name, currency]
""")
    weir.start()
    weir.put_tenant(42, unlimited=True)
    weir.put_tenant(43, unlimited=True)
    yield sandbox, weir, weir.make_key([42])
    assert weir.stop() == 0, weir.log()
    sandbox.stop()


def order(weir, key, params, feature=None, tenant=42, headers=None, **more):
    body = {"tenant_id": tenant, "params": params, **more}
    if feature:
        body["feature_slug"] = feature
    return weir.api("POST", "/reports/generate", body, key, **(headers or {}))


def wait(weir, key, job, status="complete", seconds=60):
    """The report's status, once it is this one."""
    end = time.monotonic() + seconds
    while True:
        reply = weir.api("GET", f"/reports/{job}/status", key=key)
        assert reply.status == 200, reply
        if reply.json["status"] == status:
            return reply.json
        assert time.monotonic() < end, reply
        time.sleep(0.05)


def report(weir, key, params, feature=None, **more):
    reply = order(weir, key, params, feature, **more)
    assert reply.status == 202, reply
    job = reply.json["job_id"]
    assert reply.headers["location"] == f"/reports/{job}/status"
    return job, wait(weir, key, job)


def prompts(sandbox, count):
    """The bodies of the last requests that the provider has seen."""
    seen = sandbox.request("GET", f"/_sandbox/requests?last={count}").json
    return [json.loads(entry["body"]) if isinstance(entry["body"], str) else entry["body"]
            for entry in seen]


def test_parameters_reach_the_provider_as_a_prompt(stage):
    sandbox, weir, key = stage
    params = {"branch": {"name": "<Kampala>"}, "currency": "UGX",
              "rows": [{"name": "tea", "sum": 5}, {"name": "coffee", "sum": 7.50}]}
    job, status = report(weir, key, params, "weekly", user_id=101)
    body = prompts(sandbox, 1)[0]
    assert "Sales of <Kampala>:\\n- tea: 5\\n- coffee: 7.5" in json.dumps(body)
    assert body["model"] == "claude-haiku-4-5" and "Be brief." in json.dumps(body["system"])
    assert body["messages"][-1]["role"] == "user"
    assert "In UGX." in json.dumps(body["messages"][-1])
    assert status["download_url"] == f"/reports/{job}/download"
    assert status["progress"] == {"done": 1, "total": 1} and status["user_id"] == 101
    rows = weir.rows("feature = 'weekly'")
    assert [row["user_id"] for row in rows] == [101]


def test_a_report_can_be_had_in_three_forms(stage):
    _, weir, key = stage
    params = {"text": "x\n\n" + MARKDOWN, "title": "Sales <b>\nof May"}
    job, status = report(weir, key, params, "plain")
    url = status["download_url"]
    as_json = weir.api("GET", url, key=key)
    assert as_json.json["report_id"] == job and as_json.json["title"] == "Sales <b> of May"
    assert as_json.json["content"].startswith("Echo: x\n\n# Sales")
    assert as_json.json["output_tokens"] > 0
    markdown = weir.api("GET", f"{url}?format=markdown", key=key)
    assert markdown.headers["content-type"] == "text/markdown; charset=utf-8"
    assert MARKDOWN.encode() in markdown.body
    page = weir.api("GET", f"{url}?format=html", key=key)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"].startswith(
        "default-src 'none'; style-src 'sha256-")
    for reply, ending in [(as_json, "json"), (markdown, "md"), (page, "html")]:
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["content-disposition"] == (
            f'attachment; filename="sales-b-of-may-{job}.{ending}"')


class Tags(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.links, self.attributes, self.open = [], [], set(), []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attributes}
        self.links += [value for name, value in attributes if name in ("href", "src")]
        if tag not in ("meta", "br", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_a_page_has_no_tag_but_weirs_own(stage):
    _, weir, key = stage
    job, _ = report(weir, key, {"text": "x\n\n" + MARKDOWN, "title": "</title><script>"}, "plain")
    page = weir.api("GET", f"/reports/{job}/download?format=html", key=key)
    reader = Tags()
    reader.feed(page.body.decode())
    reader.close()
    assert reader.open == [] and "script" not in reader.tags and "b" not in reader.tags
    assert reader.links == ["https://a.example/?b=1&c=2"]
    assert reader.attributes <= {"charset", "http-equiv", "content", "name", "class", "rel", "href"}
    assert {"table", "strong", "ul", "h1"} <= set(reader.tags)
    assert b"[trap](javascript:alert(3))" in page.body
    assert b"&lt;script&gt;alert(2)&lt;/script&gt;" in page.body


def test_an_object_is_an_object(stage):
    _, weir, key = stage
    job, _ = report(weir, key, {"text": '```json\n{"total": 99.00}\n```'}, "object")
    reply = weir.api("GET", f"/reports/{job}/download", key=key)
    assert reply.body.find(b'"content":{"total":99.00}') > 0, reply


def extract(weir, key, document, fields):
    return order(weir, key, {"document": document, "fields": fields},
                 "document-extraction").json["job_id"]


def test_extracted_data_has_the_fields_that_were_asked_for(stage):
    sandbox, weir, key = stage
    good = '```json\n{"total": 5, "No. (new)": null}\n```'
    # The first answer is cut off, and so no object; it is billed, and asked for again.
    rule = {"provider": "openai", "count": 1, "behaviour": "output_tokens=3"}
    assert sandbox.request("PUT", "/_sandbox/behaviour", rule).status == 200
    job = extract(weir, key, good, ["total", "No. (new)"])
    status = wait(weir, key, job)
    data = weir.api("GET", status["download_url"], key=key).json
    assert data["content"] == {"total": 5, "No. (new)": None}
    assert weir.api("GET", f"/ai/jobs/{job}", key=key).json["attempts"] == 2
    rows = weir.rows("feature = 'document-extraction'")
    assert len(rows) == 2 and all(row["cost_nanos"] > 0 for row in rows)


def test_a_report_whose_answers_lack_fields_fails_and_names_them(stage):
    _, weir, key = stage
    before = len(weir.rows("feature = 'document-extraction'"))
    job = extract(weir, key, '```json\n{"total": 5}\n```', ["total", "vat", "date"])
    status = wait(weir, key, job, "failed")
    assert status["error"] == "unsafe_output"
    assert status["message"] == 'The model\'s answer lacks the fields "vat", "date"'
    assert weir.api("GET", f"/ai/jobs/{job}", key=key).json["attempts"] == 3
    assert len(weir.rows("feature = 'document-extraction'")) == before + 3
    reply = order(weir, key, {"document": "x", "fields": "total"}, "document-extraction")
    assert (reply.status, reply.json["param"]) == (400, "params.fields"), reply


def test_whoever_waits_hears_where_the_report_is(stage):
    _, weir, key = stage
    job, _ = report(weir, key, {"text": "told"}, "plain", user_id=7)
    with contextlib.closing(sqlite3.connect(f"file:{weir.database}?mode=ro", uri=True)) as base:
        told = [(kind, json.loads(payload)) for kind, payload in base.execute(
            "SELECT type, payload FROM events ORDER BY seq")]
    own = {kind: payload for kind, payload in told if payload.get("job_id") == job}
    assert set(own) == {"JobCompleted", "ReportCompleted"}
    completed = own["ReportCompleted"]
    assert completed["download_url"] == f"/reports/{job}/download"
    assert (completed["tenant_id"], completed["user_id"]) == (42, 7)
    assert weir.api("GET", completed["download_url"], key=key).status == 200


def test_many_inputs_are_one_report(stage):
    sandbox, weir, key = stage
    inputs = [f"input {number}" for number in range(9)]
    job, status = report(weir, key, {"instruction": "Say it.", "inputs": inputs}, "batch-analysis")
    assert status["progress"] == {"done": 9, "total": 9}
    whole = weir.api("GET", f"/reports/{job}/download", key=key).json
    assert [answer["content"] for answer in whole["results"]] == [
        f"Echo: Say it.\n\n{text}" for text in inputs]
    assert whole["failed"] == 0 and whole["input_tokens"] > 0
    markdown = weir.api("GET", f"/reports/{job}/download?format=markdown", key=key).body
    assert markdown.count(b"\n## ") == 9
    assert len(weir.rows("feature = 'batch-analysis'")) == 9


def test_what_the_template_needs_is_asked_for_at_once(stage):
    _, weir, key = stage
    for params, feature, param in [
            ({"currency": "UGX"}, "weekly", "params.branch.name"),
            ({"branch": {"name": ""}, "currency": "UGX"}, "weekly", "params.branch.name"),
            ({"branch": "x", "currency": "UGX"}, "weekly", "params.branch.name"),
            ({}, "plain", "params"), ([], "plain", "params"), ({}, "none", "feature_slug"),
            ({"instruction": "x", "inputs": "y"}, "batch-analysis", "params.inputs"),
            ({"instruction": "x", "inputs": ["y"] * 1001}, "batch-analysis", "params.inputs")]:
        reply = order(weir, key, params, feature)
        assert (reply.status, reply.json["param"]) == (400, param), reply


def test_a_retry_is_the_same_report(stage):
    _, weir, key = stage
    headers = {"Idempotency-Key": "report-1"}
    first = order(weir, key, {"text": "once"}, "plain", headers=headers)
    again = order(weir, key, {"text": "once"}, "plain", headers=headers)
    assert again.json["job_id"] == first.json["job_id"]
    assert again.headers["idempotent-replayed"] == "true"
    other = order(weir, key, {"text": "twice"}, "plain", headers=headers)
    assert (other.status, other.json["error"]) == (422, "idempotency_mismatch")


def test_a_report_that_waits_or_failed_has_no_download(stage):
    _, weir, key = stage
    later = order(weir, key, {"text": "later"}, "plain", delay_s=3600)
    job = later.json["job_id"]
    reply = weir.api("GET", f"/reports/{job}/download", key=key)
    assert (reply.status, reply.json["error"], reply.json["status"]) == (409, "conflict", "queued")
    assert weir.api("DELETE", f"/ai/jobs/{job}", key=key).status == 200
    # Screening looks at what parameters say when the job runs.
    long = order(weir, key, {"text": "x" * 2000}, "strict")
    status = wait(weir, key, long.json["job_id"], "failed")
    assert status["download_url"] is None and status["error"], status
    reply = weir.api("GET", f"/reports/{long.json['job_id']}/download", key=key)
    assert (reply.status, reply.json["failure"]["error"]) == (409, status["error"])


@pytest.mark.parametrize("role", ["service", "tenant"])
def test_another_tenants_report_looks_like_none(stage, role):
    _, weir, key = stage
    job, _ = report(weir, key, {"text": "mine"}, "plain")
    other = weir.make_key([43], role)
    for path in ["status", "download", "download?format=html", "download?format=markdown"]:
        there = weir.api("GET", f"/reports/{job}/{path}", key=other)
        absent = weir.api("GET", f"/reports/job_absent/{path}", key=other)
        assert there.status == absent.status == 404
        assert there.json["message"] == absent.json["message"]
    assert order(weir, other, {"text": "x"}, "plain", tenant=42).status == 403
    plain = weir.api("POST", "/ai/jobs", {"tenant_id": 42, "model": "gpt-4o-mini",
                                          "user_message": "x"}, key)
    assert weir.api("GET", f"/reports/{plain.json['job_id']}/status", key=key).status == 404


@pytest.mark.parametrize("keeper", ["gateway", "worker"])
def test_a_report_is_had_at_the_gateway_whoever_keeps_its_job(tmp_path, keeper):
    templates = "templates: { model: gpt-4o-mini }"
    with contextlib.ExitStack() as ending:
        def started(server, *arguments):
            ending.callback(lambda: server.process and server.process.poll() is None
                            and server.kill())
            return server.start(*arguments)

        sandbox = started(Sandbox(tmp_path))
        service = started(Service(tmp_path, sandbox))
        service.put_tenant(42)
        pools, more = None, "  keeps_jobs: true"
        if keeper == "worker":
            worker = Gateway(tmp_path, [service], templates)
            worker.name, worker.config = "worker", tmp_path / "worker.yaml"
            worker.database = tmp_path / "worker.db"
            worker.configure([service], templates)
            ending.callback(worker.kill)
            worker.launch("serve", "--config", worker.config, "--role", "worker")
            pools, more = f"""
  pools:
    main: {{ instances: ["http://127.0.0.1:{service.port}"] }}
    workers: {{ instances: ["http://127.0.0.1:{worker.port}"] }}
  default_pool: main
  jobs_pool: workers""", ""
        gateway = Gateway(tmp_path, [service], templates, pools=pools, more=more)
        started(gateway)
        key, other = gateway.make_key([42]), gateway.make_key([43])
        job, status = report(gateway, key, {"topic": "Sales"}, user_id=9)
        page = gateway.api("GET", f"{status['download_url']}?format=html", key=key)
        assert page.status == 200 and b"<h1>Sales</h1>" in page.body
        assert page.headers["content-security-policy"].startswith("default-src 'none'")
        assert page.headers["content-disposition"].startswith("attachment; ")
        assert gateway.api("GET", status["download_url"], key=other).status == 404
        assert [(row["feature"], row["user_id"]) for row in service.rows()] == [
            ("report-generation", 9)]


def test_mistakes_of_templates_are_told_at_start(lab, tmp_path):
    import subprocess
    bad = tmp_path / "bad.mustache"
    bad.write_text("one\n{{#rows}}\n")
    config = tmp_path / "weir.yaml"
    config.write_text(f"""
admin_key: {ADMIN}
templates:
  features:
    first: {{ user_file: {bad} }}
    second: {{ user: "{{{{> none}}}}", queue: nowhere }}
    third: {{ system: x }}
""")
    for command in ["check-config", "serve"]:
        run = subprocess.run([BINARY, command, "--config", config], capture_output=True, timeout=30)
        said = (run.stdout + run.stderr).decode()
        assert run.returncode != 0, said
        assert "templates.features.first.user_file" in said and "(line 2 of the template)" in said
        assert "templates.features.second.user: {{>none}} is not under templates.partials" in said
        assert "templates.features.second.queue: nowhere is not under queues" in said
        assert "templates.features.third.user: is missing" in said
