"""Runs the real NGINX, by deploy/nginx/weir.conf or a configuration of a test's own."""
import re
import shutil
import socket
import subprocess
import time

from weirlab import ROOT, Server, free_port

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
CONFIGURATION = ROOT / "deploy" / "nginx" / "weir.conf"
# What a distribution's nginx.conf has around it.
AROUND = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx-error.log warn;
events {{ worker_connections 1024; }}
http {{
    client_body_temp_path {folder}/bodies; proxy_temp_path {folder}/answers;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{inside}
}}
"""


def deployed(folder, port, servers):
    """The very file that is handed out, with this run's ports and folder in the three places that
    it names for change."""
    text = CONFIGURATION.read_text()
    lines = "\n".join(f"    server 127.0.0.1:{server} max_fails=3 fail_timeout=10s;"
                      for server in servers)
    for pattern, replacement in [
            (r"^    server 127\.0\.0\.1:8080 max_fails=3 fail_timeout=10s;$", lines),
            (r"^    listen 80;$", f"    listen 127.0.0.1:{port};"),
            (r"/var/log/nginx/", f"{folder}/")]:
        text, count = re.subn(pattern, lambda _: replacement, text, flags=re.MULTILINE)
        assert count, pattern
    return text


class Nginx(Server):
    """Has a `port` and `request` as every server of a test has."""

    def __init__(self, folder, servers=(), inside=None):
        super().__init__(folder, "nginx")
        self.port = free_port()
        self.file = folder / "nginx.conf"
        inside = inside or deployed(folder, self.port, servers)
        self.file.write_text(AROUND.format(folder=folder, inside=inside.replace("PORT",
                                                                                str(self.port))))

    def start(self):
        command = [NGINX, "-c", str(self.file), "-p", str(self.folder)]
        check = subprocess.run([*command, "-t"], capture_output=True, text=True)
        assert check.returncode == 0, check.stderr
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log()
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=2).close()
                return self
            except OSError:
                time.sleep(0.01)
        raise AssertionError(self.log())

    def log(self):
        return "".join(path.read_text(errors="replace")[-2000:]
                       for path in sorted(self.folder.glob("*error.log")))
