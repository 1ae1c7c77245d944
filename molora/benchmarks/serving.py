"""Servers as child processes on a free loopback port: Molora, or another that says over HTTP when it is ready."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from rich.console import Console

from molora.errors import Unavailable
from molora.server.keys import API_KEYS

HOST = "127.0.0.1"
READY_TIMEOUT_S = 1800.0
STOP_TIMEOUT_S = 60.0
ENVIRONMENT = {"VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_NO_USAGE_STATS": "1", "VLLM_WORKER_MULTIPROC_METHOD": "spawn"}
"""For every server alike, where the environment does not say otherwise: 1 GiB of cache on a CPU."""


@dataclass(frozen=True)
class Command:
    """How to start a server. `{port}` in `arguments` becomes the port, `ready_path` answers 200 once it can serve."""

    name: str
    arguments: Sequence[str]
    ready_path: str
    environment: Mapping[str, str] = field(default_factory=dict)


def molora_command(config: Path) -> Command:
    """On loopback and without clients' keys, whatever keys the environment has for other servers."""
    arguments = [script("molora"), "serve", "--config", str(config), "--host", HOST, "--port", "{port}"]
    return Command("molora", arguments, "/ready", {API_KEYS: "", f"{API_KEYS}_FILE": ""})


def script(name: str) -> str:
    """A console script of this Python's environment."""
    return str(Path(sys.executable).with_name(name))


class ServerProcess:
    """A running server. Its output goes to `log`; `stop` ends it and all it started."""

    def __init__(self, command: Command, log: Path) -> None:
        self.name, self.log = command.name, log
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        self._ready_url = self.url + command.ready_path
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [argument.replace("{port}", str(self.port)) for argument in command.arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**ENVIRONMENT, **os.environ, **command.environment},
                start_new_session=True,
            )

    def wait_ready(self, timeout_s: float = READY_TIMEOUT_S) -> None:
        """Returns once the server can answer. Raises Unavailable, with the end of the log, when it never will."""
        deadline = time.monotonic() + timeout_s
        while not answers_ok(self._ready_url):
            if self._process.poll() is not None:
                raise Unavailable(f"{self.name} ended with exit code {self._process.returncode}:\n{self._log_end()}")
            if time.monotonic() > deadline:
                raise Unavailable(f"{self.name} was not ready after {timeout_s:.0f} s:\n{self._log_end()}")
            time.sleep(0.2)

    def engine_bytes(self) -> int:
        """Memory that vLLM's processes below it have for themselves."""
        engines = [process for process in self.processes() if process.name().startswith("VLLM")]
        return sum(process.memory_full_info().uss for process in engines)

    def processes(self) -> list[psutil.Process]:
        """Its own and all below it."""
        own = psutil.Process(self._process.pid)
        return [own, *own.children(recursive=True)]

    def kill(self) -> None:
        """Its own process alone, as the kernel would for lack of memory."""
        self._process.kill()
        self._process.wait()

    def wait(self) -> int:
        """Its exit code."""
        return self._process.wait(STOP_TIMEOUT_S)

    def stop(self) -> None:
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_TIMEOUT_S)
        with contextlib.suppress(ProcessLookupError):  # its own session: nothing of it may outlive it
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _log_end(self, num_lines: int = 15) -> str:
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join([*lines[-num_lines:], f"(all of it: {self.log})"])


@contextlib.contextmanager
def running(command: Command, log: Path, console: Console) -> Iterator[ServerProcess]:
    """Start a server, show that it is being waited for, and stop it at the end whatever happens."""
    console.print(f"Starting {command.name} (log: {log})")
    started = time.monotonic()
    server = ServerProcess(command, log)
    try:
        with console.status(f"Waiting for {command.name} at {server.url}{command.ready_path}"):
            server.wait_ready()
        console.print(f"{command.name} is ready after {time.monotonic() - started:.0f} s")
        yield server
    finally:
        server.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def answers_ok(url: str) -> bool:
    """Whether a GET is answered 200; proxies of the environment are for other hosts than this one."""
    try:
        with _DIRECT.open(url, timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
