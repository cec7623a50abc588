"""A report's page in a real browser: it is shown, and whatever its model has said runs nothing."""
import contextlib
import http.server
import re
import shutil
import subprocess
import threading

import pytest

from test_reports import report
from weirlab import Sandbox, Weir

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium")

# Each one would tell the server, or the page's title, if it ran.
DEED = "document.title='owned';new Image().src='/deed'"
ATTACKS = f"""<script>{DEED}</script>
<img src=/deed onerror="{DEED}"> <svg onload="{DEED}"> <iframe srcdoc="<script>{DEED}</script>">

<!-- --><script>{DEED}</script><!--

<style>@import url(/deed); body {{ background: url(/deed) }}</style>
<link rel=stylesheet href=/deed> <meta http-equiv=refresh content="0;url=/deed"> <base href=/deed/>

[one](javascript:{DEED}) [two](data:text/html,<script>{DEED}</script>) ![three](/deed)
[four](JaVaScRiPt:{DEED} "x") <javascript:{DEED}> [five](https://a.example/"onmouseover="{DEED}")

`</code><script>{DEED}</script>`

```
</code></pre><script>{DEED}</script>
```

| <script>{DEED}</script> | a |
|---|---|
| </td><img src=/deed> | "><script>{DEED}</script> |

</body></html><script>{DEED}</script>
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A report that was told all of it, as it is downloaded."""
    folder = tmp_path_factory.mktemp("pages")
    sandbox = Sandbox(folder).start()
    weir = Weir(folder, sandbox, """
templates:
  model: gpt-4o-mini
  features:
    plain: { user: "{{text}}", max_tokens: 4000, result: { title: "{{title}}" } }
""").start()
    weir.put_tenant(42, unlimited=True)
    key = weir.make_key([42])
    params = {"text": "x\n\n# Sales\n\nUp by **12 %**.\n\n" + ATTACKS,
              "title": f"May</title><script>{DEED}</script>"}
    job, _ = report(weir, key, params, "plain")
    reply = weir.api("GET", f"/reports/{job}/download?format=html", key=key)
    yield reply
    weir.stop()
    sandbox.stop()


@contextlib.contextmanager
def served(body, headers):
    """The page at a server that notes what it is asked for."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/page", asked
    finally:
        server.shutdown()


def browse(url, folder):
    """What has become of the page after a while, and what the browser has said about it."""
    done = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
         f"--user-data-dir={folder}", "--enable-logging=stderr", "--virtual-time-budget=5000",
         "--dump-dom", url], capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr
    return done.stdout, re.findall(r"CONSOLE.*", done.stderr)


def shown(headers):
    """Those of the download, but for the one that keeps it from being shown."""
    return {name: value for name, value in headers.items()
            if name in ("content-type", "content-security-policy", "x-content-type-options")}


def deeds(asked):
    return [path for path in asked if "deed" in path]


def test_the_browser_of_this_test_does_what_a_page_tells_it(tmp_path):
    """Else the other tests would show nothing."""
    body = f"<p>hi</p><script>{DEED};console.log('spoken')</script>".encode()
    with served(body, {"content-type": "text/html"}) as (url, asked):
        dom, said = browse(url, tmp_path)
    assert "<title>owned</title>" in dom and deeds(asked) == ["/deed"]
    assert any("spoken" in line for line in said)


def test_the_page_says_what_it_may_do(page):
    assert page.headers["content-security-policy"].startswith(
        "default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["content-disposition"].startswith("attachment; filename=\"may-title-script")


@pytest.mark.parametrize("how", ["served", "saved"])
def test_nothing_that_a_model_says_runs_or_loads(page, how, tmp_path):
    with served(page.body, shown(page.headers)) as (url, asked):
        if how == "saved":
            file = tmp_path / "report.html"
            file.write_bytes(page.body.replace(b"/deed", url.encode().replace(b"/page", b"/deed")))
            url = f"file://{file}"
        dom, said = browse(url, tmp_path / "profile")
    assert deeds(asked) == [] and asked == (["/page"] if how == "served" else [])
    assert "<title>May&lt;/title&gt;&lt;script&gt;" in dom
    for tag in ("script", "img", "svg", "iframe", "link", "base", "object"):
        assert f"<{tag}" not in dom.lower(), tag
    assert set(re.findall(r'href="([^":]*):', dom)) <= {"https"} and " on" not in "".join(
        re.findall(r"<[a-z][^>]*>", dom))
    assert "<strong>12 %</strong>" in dom and dom.count("&lt;script&gt;") > 5
    # The browser had nothing to refuse, the page's own style least of all.
    assert said == []


@pytest.mark.parametrize("how", ["served", "saved"])
def test_what_has_got_into_the_page_all_the_same_is_refused(page, how, tmp_path):
    hole = f"<script>{DEED}</script><img src=/deed onerror=\"{DEED}\"><p style=color:red>"
    hole += "<style>p { color: red }</style><form action=/deed><button>x</button></form>"
    body = page.body.replace(b"<strong>", hole.encode() + b"<strong>", 1)
    assert body != page.body
    with served(body, shown(page.headers)) as (url, asked):
        if how == "saved":
            file = tmp_path / "report.html"
            file.write_bytes(body.replace(b"/deed", url.encode().replace(b"/page", b"/deed")))
            url = f"file://{file}"
        dom, said = browse(url, tmp_path / "profile")
    assert "<title>owned</title>" not in dom and deeds(asked) == []
    assert len(said) >= 3 and all("Content Security Policy" in line for line in said)
