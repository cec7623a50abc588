"""A disk that fails or fills up while many clients call: whoever got an answer finds it in the
ledger, and nothing that a provider did is missing there."""
import concurrent.futures
import http.client
import shutil
import subprocess
import threading
import time

import pytest

from test_crash import settle_down
from test_faults import check_against_truth, check_fail_closed

CLIENTS = 8


class Crowd:
    """Clients that call until they are refused. What they were told, and when the first refusal
    came; nobody may be answered who called after it."""

    def __init__(self, weir, key, most):
        self.weir, self.key, self.most = weir, key, most
        self.lock = threading.Lock()
        self.answers, self.refused_at, self.late = [], None, []

    def run(self):
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(self.client, range(CLIENTS)))
        assert self.refused_at is not None, "the disk never failed"
        assert not self.late, f"acknowledged after the failure was known: {self.late}"
        return self.answers

    def client(self, number):
        for call in range(self.most):
            began = time.monotonic()
            # No answer at all is a failure of its own: the server has to stay.
            reply = self.weir.complete(self.key, f"client {number} call {call} " + "x" * 300,
                                       max_tokens=20, user_id=number + 1)
            with self.lock:
                if reply.status == 200:
                    self.answers.append(reply.json)
                    if self.refused_at is not None and began > self.refused_at:
                        self.late.append(reply.json)
                    continue
                assert (reply.status, reply.json["error"]) == (503, "ai_service_unavailable"), reply
                self.refused_at = self.refused_at or time.monotonic()
                return


# The log is written back at 16 MiB: a smaller disk fails in the log, the other when writing back.
@pytest.mark.parametrize("size", ["8m", "17m"])
def test_a_disk_that_fills_up_under_load_loses_nothing(lab, tmp_path, size):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk],
                      capture_output=True).returncode:
        pytest.skip("no tmpfs can be mounted here (that takes root)")
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox, start=False)
    try:
        weir.config.write_text(weir.config.read_text().replace(
            str(weir.database), str(disk / "weir.db")))
        weir.database = disk / "weir.db"
        weir.start()
        weir.put_tenant(42, budget_usd=1000)
        key = weir.make_key()
        answers = Crowd(weir, key, most=20_000).run()
        check_fail_closed(weir, key, sandbox)
        weir.stop()
        check_a_start_on_a_full_disk(weir, key, sandbox, disk)
        subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
        weir.start()
        settle_down(weir)
        reply = weir.complete(key, "there again")
        assert reply.status == 200, reply
        assert weir.api("GET", "/admin/audit/verify").json["sound"]
        assert weir.stop() == 0
        check_against_truth(weir, sandbox.truth(), [*answers, reply.json])
        print(f"{len(answers)} answers before the disk was full")
    finally:
        if weir.process and weir.process.poll() is None:
            weir.kill()
        subprocess.run(["umount", "--lazy", disk], check=True)


def check_a_start_on_a_full_disk(weir, key, sandbox, disk):
    """It may refuse to start, or serve and refuse calls; it may not pretend."""
    subprocess.run(["sh", "-c", f"cat /dev/zero > {disk}/filler 2>/dev/null; true"], check=True)
    sent = len(sandbox.truth())
    weir.launch("serve", "--config", weir.config, wait=False)
    try:
        weir.wait_until_ready("/health/live")
    except AssertionError:
        assert weir.process.returncode == 1 and "weir can't start" in weir.log(), weir.log()
    else:
        for _ in range(3):
            try:
                assert weir.complete(key, "on a full disk").status == 503
            except (OSError, http.client.HTTPException):
                pass                # it has ended meanwhile
        weir.kill()
    assert len(sandbox.truth()) == sent, "sent although nothing can be made durable"
    (disk / "filler").unlink()


@pytest.mark.parametrize("after", [9, 30, 61])
def test_a_failing_fsync_under_load_acknowledges_nobody(lab, after):
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    sandbox = lab.sandbox()
    weir = lab.weir(sandbox)
    weir.put_tenant(42, budget_usd=1000)
    key = weir.make_key()
    assert weir.stop() == 0
    weir.start(prefix=["strace", "-f", "-o", weir.folder / "strace.log", "-e",
                       "trace=fdatasync,fsync", "-e",
                       f"inject=fdatasync,fsync:error=EIO:when={after}+"])
    answers = Crowd(weir, key, most=2_000).run()
    check_fail_closed(weir, key, sandbox)
    tries = (weir.folder / "strace.log").read_text().count("INJECTED")
    assert tries == 1, f"a failed fsync was tried again ({tries} failures)"
    weir.kill()
    weir.start()
    settle_down(weir)
    reply = weir.complete(key, "there again")
    assert reply.status == 200, reply
    assert weir.stop() == 0
    check_against_truth(weir, sandbox.truth(), [*answers, reply.json])
    print(f"{len(answers)} answers before fsync {after} failed")
