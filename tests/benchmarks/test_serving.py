import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from molora.benchmarks.serving import Command, ServerProcess, answers_ok, free_port, running
from molora.errors import Unavailable

SERVE = ("-m", "http.server", "{port}", "--bind", "127.0.0.1")


def command(*arguments: str) -> Command:
    return Command("a server", [sys.executable, *arguments], "/")


def test_a_server_is_up_inside_and_gone_outside(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with running(command(*SERVE), tmp_path / "logs" / "log", Console(width=200)) as server:
        assert answers_ok(server.url)
    assert not answers_ok(server.url)
    assert "a server is ready after" in capsys.readouterr().out


def test_a_server_is_stopped_when_the_work_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), running(command(*SERVE), tmp_path / "log", Console(quiet=True)) as server:
        _ = 1 / 0
    assert not answers_ok(server.url)


def test_a_server_that_ends_at_once_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    broken = command("-c", "print('no such adapter'); raise SystemExit(3)")
    with (
        pytest.raises(Unavailable, match=r"exit code 3(.|\n)*no such adapter"),
        running(broken, tmp_path / "log", Console(quiet=True)),
    ):
        pass


def test_a_server_that_is_never_ready_is_given_up(tmp_path: Path) -> None:
    server = ServerProcess(command("-c", "import time; time.sleep(60)"), tmp_path / "log")
    try:
        with pytest.raises(Unavailable, match="not ready after"):
            server.wait_ready(timeout_s=0.1)
    finally:
        server.stop()


SPAWNS_ENGINE = """
import subprocess, sys
engine = "import ctypes, time; ctypes.CDLL(None).prctl(15, b'VLLM::Engine'); held = bytearray(2**26); time.sleep(60)"
subprocess.run([sys.executable, "-c", engine])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a process names itself by prctl")
def test_the_engines_memory_is_told_apart_from_the_servers(tmp_path: Path) -> None:
    server = ServerProcess(command("-c", SPAWNS_ENGINE), tmp_path / "log")
    try:
        wait_until(lambda: server.engine_bytes() > 2**26)
        assert server.engine_bytes() < 2**27
    finally:
        server.stop()


def test_what_a_server_leaves_behind_is_ended_too(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    code = (
        "import subprocess, sys, time;"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        f"open({str(pid_file)!r}, 'w').write(f'{{child.pid}} ');"
        "time.sleep(60)"
    )
    server = ServerProcess(command("-c", code), tmp_path / "log")
    wait_until(lambda: pid_file.exists() and pid_file.read_text().endswith(" "))
    server.stop()
    child = int(pid_file.read_text())
    wait_until(lambda: not is_alive(child))


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_free_ports_are_free() -> None:
    assert not answers_ok(f"http://127.0.0.1:{free_port()}/")
