"""vLLM's AsyncLLM brought up, asked, and brought down again."""

import asyncio
from collections.abc import Mapping, Sequence
from copy import deepcopy
from itertools import count
from typing import Any

from molora.compat import mend_torch_companions
from molora.config import Config
from molora.engine.interface import Adapter, Body, Completion, Residency, Stream, Version
from molora.engine.kernels import can_mix
from molora.engine.trial import Trial
from molora.engine.vllm_config import make_vllm_config, set_environment
from molora.errors import BadRequest, ConfigError, Unavailable

POLL_S = 0.1
TOLD_S = 10.0
"""In which vLLM tells those who wait for an engine that it is dead."""


class VllmEngine:
    """The engine of a deployment; vLLM is imported when it is made, and nothing runs before `start`.

    It may be started again after `stop`: an engine without versions, that gives none of the old numbers.
    """

    def __init__(self, config: Config) -> None:
        """Raises ConfigError for an engine configuration that vLLM does not accept."""
        set_environment(config)
        mend_torch_companions()
        self._config = config
        self._vllm_config = make_vllm_config(config)
        self._client: Any = None
        self._chat: Any = None
        self._versions: Any = None
        self._trial: Trial | None = None
        self._pulse: Any = None
        self._numbers = count(1)

    async def start(self) -> None:
        from molora.engine.chat import build_chat
        from molora.engine.grammars import make_trial
        from molora.engine.liveness import beat
        from molora.engine.versions import Versions

        try:
            self._client = await self._launch()
            await beat(self._client)
        except (RuntimeError, Unavailable) as error:
            raise ConfigError(f"engine: {error}") from error
        await self._client.reset_mm_cache()  # of what it was profiled with
        self._trial = make_trial(self._client.get_tokenizer())
        await self._trial.start()
        self._chat = await asyncio.to_thread(build_chat, self._client, self._config.engine.model, self._trial)
        self._versions = Versions(self._client, self._numbers)

    async def _launch(self) -> Any:
        """vLLM's AsyncLLM, made in a thread: the event loop goes on. Cancelled, it leaves no process behind."""
        from vllm.v1.engine.async_llm import AsyncLLM

        from molora.engine.liveness import Pulse, kill_engines
        from molora.engine.vllm_metrics import BoundedStatLogger

        self._pulse = Pulse()
        config, loggers = deepcopy(self._vllm_config), [lambda *_: self._pulse, BoundedStatLogger]
        making = asyncio.ensure_future(asyncio.to_thread(AsyncLLM.from_vllm_config, config, stat_loggers=loggers))
        try:
            return await asyncio.shield(making)
        except asyncio.CancelledError:
            while not making.done():
                kill_engines()
                await asyncio.wait([making], timeout=POLL_S)
            raise

    async def stop(self) -> None:
        if self._client is not None:
            await asyncio.to_thread(self._client.shutdown)
        if self._trial is not None:
            self._trial.stop()
        self._client = self._chat = self._versions = self._trial = None

    async def kill(self) -> None:
        from molora.engine.liveness import kill_engines

        kill_engines()
        if self._versions is not None:
            await asyncio.wait([self._client.output_handler], timeout=TOLD_S)

    @property
    def num_steps(self) -> int:
        return self._pulse.num_steps if self._pulse else 0

    async def beat(self) -> None:
        from molora.engine.liveness import beat

        await self.check_health()
        await beat(self._client)

    async def check_health(self) -> None:
        if self._versions is None or self._client.errored:  # a client alone is one that is being started
            raise Unavailable("the engine is not running")

    def parse(self, body: Body) -> Any:
        from molora.engine.chat import parse

        return parse(body)

    async def chat(self, request: Any, messages: Sequence[Body], gates: Mapping[str, float]) -> Completion | Stream:
        from molora.engine.chat import answer

        await self.check_health()
        check_gates(gates, self._versions.adapters(gates), self._vllm_config.lora_config.max_loras)
        adapters = self._versions.request(gates)
        with self._versions.entering(adapters):
            return await answer(self._chat, request, messages, adapters)

    async def load(self, adapter: Adapter) -> Version:
        await self.check_health()
        version: Version = await self._versions.load(adapter)
        return version

    def name(self, expert: str, version: Version | None) -> None:
        self._versions.name(expert, version)

    async def unload(self, version: Version) -> None:
        await self.check_health()
        await self._versions.unload(version)

    def num_in_flight(self, version: Version) -> int:
        return int(self._versions.num_in_flight(version))

    async def residency(self) -> Residency:
        await self.check_health()
        now: Residency = await self._versions.residency()
        return now

    async def prompt_logprobs(self, messages: Sequence[Body], version: Version | None) -> list[tuple[int, float]]:
        from molora.engine.chat import read_prompt_logprobs
        from molora.engine.versions import lora_request

        return await read_prompt_logprobs(self._chat, messages, version and lora_request(version))


def check_gates(gates: Mapping[str, float], adapters: Mapping[str, Adapter], max_loras: int) -> None:
    """Raises BadRequest for a mixture that could never be scheduled, or that there are no kernels for."""
    if len(gates) > max_loras:
        raise BadRequest(
            f"{len(gates)} experts at once are more than the {max_loras} the engine holds", param="routing.gates"
        )
    if all(gate == 1 for gate in gates.values()) and len(gates) < 2:
        return
    if not can_mix():
        raise BadRequest("this server has no mixtures: it gives one expert, at full strength", param="routing.gates")
    for name in gates:
        if apart := adapters[name].apart:
            raise BadRequest(f"'{name}' cannot be mixed: it adapts {', '.join(apart)}", param="routing.gates")
