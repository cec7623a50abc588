"""What Weir says, and with what exit code, where it can't start; and how the demo ends."""
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import subprocess

import pytest

from weirlab import BINARY, Sandbox, Weir, free_port


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A Weir that has a ledger and was stopped, a key of it, and a copy of its database."""
    folder = tmp_path_factory.mktemp("start")
    sandbox = Sandbox(folder).start()
    weir = Weir(folder, sandbox)
    weir.start()
    weir.put_tenant(42)
    key = weir.make_key()
    for number in range(40):
        assert weir.complete(key, f"call {number}").status == 200
    assert weir.stop() == 0
    shutil.copy(weir.database, folder / "sound.db")
    yield weir, key, folder / "sound.db"
    sandbox.stop()


@pytest.fixture
def damaged(stopped):
    """Puts bytes in the database's place, and the sound one back afterwards."""
    weir, _, sound = stopped

    def put(content):
        for path in weir.folder.glob("weir.db*"):
            path.unlink()
        weir.database.write_bytes(content)
    yield put
    if weir.process.poll() is None:
        weir.kill()
    put(sound.read_bytes())


def refusal(weir):
    """What a start that must fail says on its last line."""
    before = len((weir.folder / "weir.log").read_bytes())
    weir.launch("serve", "--config", weir.config, wait=False)
    assert weir.process.wait(timeout=60) == 1, weir.log()
    return (weir.folder / "weir.log").read_bytes()[before:].decode().strip().splitlines()[-1]


def zeros(content, start, length):
    return content[:start] + bytes(length) + content[start + length:]


DAMAGE = {
    "text": lambda sound: b"this is no ledger\n" * 500,
    "the first half": lambda sound: sound[:len(sound) // 2],
    "not a whole page": lambda sound: sound[:len(sound) // 2 + 77],
    "zeros in the second page": lambda sound: zeros(sound, 4096, 4096),
    "zeros in the schema": lambda sound: zeros(sound, 100, 2000),
    "zeros in the ledger": lambda sound: zeros(sound, 8192, 16384),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_a_damaged_file_is_refused_and_left_alone(stopped, damaged, what):
    weir, _, sound = stopped
    content = DAMAGE[what](sound.read_bytes())
    damaged(content)
    message = refusal(weir)
    assert message.startswith("weir can't start: the ledger can't be opened"), message
    assert "malformed" in message or "not a database" in message, message
    assert weir.database.read_bytes() == content, "the evidence was changed"


def test_a_file_of_a_newer_version_is_refused(stopped, damaged):
    weir, _, sound = stopped
    damaged(sound.read_bytes())
    base = sqlite3.connect(weir.database)
    base.execute("PRAGMA user_version = 99")
    base.close()
    assert "newer version (99)" in refusal(weir)


def test_the_sound_file_still_serves(stopped, damaged):
    weir, key, sound = stopped
    damaged(sound.read_bytes())
    weir.start()
    assert weir.complete(key, "hi").status == 200 and len(weir.rows()) == 41
    assert weir.stop() == 0


@pytest.mark.parametrize("is_new", [True, False], ids=["new", "existing"])
def test_a_folder_that_cannot_be_written_is_refused(stopped, tmp_path, is_new):
    weir, key, sound = stopped
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk],
                      capture_output=True).returncode:
        pytest.skip("no tmpfs can be mounted here (that takes root)")
    text = weir.config.read_text()
    try:
        if not is_new:
            shutil.copy(sound, disk / "weir.db")
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        weir.config.write_text(text.replace(str(weir.database), str(disk / "weir.db")))
        assert "Read-only file system" in refusal(weir)
        doctor = subprocess.run([BINARY, "doctor", "--offline", "--config", weir.config],
                                capture_output=True, text=True, timeout=60)
        assert doctor.returncode == 1 and "can't be written" in doctor.stdout, doctor
    finally:
        weir.config.write_text(text)
        subprocess.run(["umount", "--lazy", disk], check=True)


def test_a_port_that_is_taken_is_told(stopped):
    weir, _, _ = stopped
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", weir.port))
        holder.listen()
        assert "in use" in refusal(weir)


@pytest.mark.parametrize("what", ["a file that is no ledger", "a port that is taken"])
def test_a_refusal_to_start_is_written_for_a_person(stopped, damaged, what):
    weir, _, _ = stopped
    with socket.socket() as holder:
        if what == "a port that is taken":
            holder.bind(("127.0.0.1", weir.port))
            holder.listen()
        else:
            damaged(b"this is no ledger\n" * 500)
        message = refusal(weir)
    assert not re.search(r"\w\(\"|\\'|descriptor:", message), message
    assert str(weir.port) in message or str(weir.database) in message


def test_a_setting_that_cannot_be_used_is_told_in_words(stopped, tmp_path):
    weir, _, _ = stopped
    text = weir.config.read_text()
    try:
        weir.config.write_text(text.replace("host: 127.0.0.1", "host: nowhere.invalid"))
        assert "no address is known for that name" in refusal(weir)
        file = f'"https://127.0.0.1:1", ca_file: {tmp_path / "none.pem"}'
        changed = re.sub(r'(anthropic: .*?base_url: )"[^"]*"', lambda found: found[1] + file, text)
        assert changed != text
        weir.config.write_text(changed)
        assert "none.pem: it takes a file of PEM certificates" in refusal(weir)
    finally:
        weir.config.write_text(text)


def demo(tmp_path, port):
    # No provider's key in its environment: the sandbox answers, nothing leaves this machine.
    return subprocess.Popen(
        [BINARY, "demo", "--port", str(port)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, start_new_session=True,
        env={"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path)})


def test_the_demo_serves_after_its_tour_until_it_is_told_to_end(tmp_path):
    """As `make run` starts it; what it prints to try works as printed."""
    process, told = demo(tmp_path, free_port()), ""
    try:
        for line in process.stdout:
            told += line
            if "Ctrl-C" in line:
                break
        for mark in ["POST /ai/complete", "state: settled", "cost_usd", "remaining",
                     "ai_budget_exceeded"]:
            assert mark in told, told
        command = re.search(r"curl .*?'\n", told, re.S).group().replace("\\\n", " ")
        answer = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=30)
        assert '"content":"Echo: Hello"' in answer.stdout, answer
        command = re.search(r"weir (usage show .*)\n", told).group(1).split()
        usage = subprocess.run([BINARY, *command], capture_output=True, text=True, timeout=30)
        assert usage.returncode == 0 and "total" in usage.stdout, usage
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    finally:
        if process.poll() is None:
            process.kill()
        process.stdout.close()


def test_the_demo_leaves_nothing_behind(tmp_path):
    done = subprocess.run(
        [BINARY, "demo", "--once", "--port", "0"], capture_output=True, timeout=60,
        env={"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path)})
    assert done.returncode == 0, done
    assert not list(pathlib.Path(tmp_path).iterdir())
