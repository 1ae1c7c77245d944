"""What a server under soak holds and says of itself, every few seconds: memory and open files, `/ready`, `/metrics`."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import aiohttp
import psutil
from prometheus_client.parser import text_string_to_metric_families

IDLE_TIMEOUT_S = 60.0
GAUGES = {
    "molora_requests_in_flight": "in flight",
    "vllm:num_requests_running": "running",
    "vllm:num_requests_waiting": "waiting",
    "vllm:kv_cache_usage_perc": "KV cache in use",
}
FRONT, OTHERS, ENGINE = "front", "others", "VLLM::"
"""Parts of a server: a process of the engine is named as vLLM names it, the others are PEFT's, and Python's own."""


@dataclass(frozen=True)
class Sample:
    """One process of the server at one time."""

    at_s: float
    part: str
    pid: int
    rss_bytes: int
    uss_bytes: int
    num_files: int


@dataclass(frozen=True)
class State:
    """`gauges` is empty where `/metrics` was not answered."""

    at_s: float
    is_ready: bool
    gauges: dict[str, float]

    @property
    def is_idle(self) -> bool:
        return bool(self.gauges) and not any(self.gauges.values())


class Watch:
    """`processes` gives those of the server, its own first; of a server elsewhere none."""

    def __init__(
        self, session: aiohttp.ClientSession, url: str, processes: Callable[[], Sequence[psutil.Process]]
    ) -> None:
        self._session, self._url, self._processes = session, url, processes
        self.samples: list[Sample] = []
        self.states: list[State] = []

    async def look(self) -> None:
        with suppress(psutil.NoSuchProcess):
            self.samples += await asyncio.to_thread(measure, self._processes(), time.perf_counter())
        self.states.append(await self._ask())

    async def idle(self, timeout_s: float = IDLE_TIMEOUT_S) -> None:
        """Looks until there is nothing to do, or it takes too long."""
        deadline = time.monotonic() + timeout_s
        await self.look()
        while not self.states[-1].is_idle and time.monotonic() < deadline:
            await asyncio.sleep(0.5)
            await self.look()

    async def _ask(self) -> State:
        at_s = time.perf_counter()
        status, _ = await self._get("/ready")
        _, text = await self._get("/metrics")
        return State(at_s, status == 200, read_gauges(text))

    async def _get(self, path: str) -> tuple[int, str]:
        try:
            async with self._session.get(self._url + path) as response:
                return response.status, await response.text()
        except (aiohttp.ClientError, TimeoutError):
            return 0, ""


def read_gauges(text: str) -> dict[str, float]:
    found = {}
    for family in text_string_to_metric_families(text):
        if family.name in GAUGES:
            found[GAUGES[family.name]] = sum(sample.value for sample in family.samples)
    return found


def measure(processes: Sequence[psutil.Process], at_s: float) -> list[Sample]:
    samples = []
    for number, process in enumerate(processes):
        with suppress(psutil.NoSuchProcess):
            memory, part = process.memory_full_info(), part_of(process.name(), number)
            samples.append(Sample(at_s, part, process.pid, memory.rss, memory.uss, process.num_fds()))
    return samples


def part_of(name: str, number: int) -> str:
    if number == 0:
        return FRONT
    return name.removeprefix(ENGINE) if name.startswith(ENGINE) else OTHERS
