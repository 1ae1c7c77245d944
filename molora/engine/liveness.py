"""Whether vLLM's engine lives: the steps it tells of, a token when it is idle, and its end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from multiprocessing import active_children
from typing import Any, TypeVar
from uuid import uuid4

import psutil
from vllm import SamplingParams
from vllm.inputs import TokensPrompt
from vllm.v1.engine.exceptions import EngineDeadError
from vllm.v1.metrics.loggers import StatLoggerBase

from molora.engine.errors import DEAD, FAILURES
from molora.errors import Unavailable

ENGINE_NAME = "EngineCore"
Answer = TypeVar("Answer")


class Pulse(StatLoggerBase):
    """One of vLLM's stat loggers: counts the steps that the engine tells of, those without a token too."""

    def __init__(self, *_: Any) -> None:
        self.num_steps = 0

    def record(self, *_: Any, **__: Any) -> None:
        self.num_steps += 1

    def log_engine_initialized(self) -> None:
        pass


async def beat(client: Any) -> None:
    """One token of the bare backbone. Raises Unavailable."""
    prompt = TokensPrompt(prompt_token_ids=[0])
    params = SamplingParams(max_tokens=1, temperature=0, detokenize=False)
    try:
        async for _ in client.generate(prompt, params, f"beat-{uuid4().hex}"):
            pass
    except FAILURES as error:
        raise Unavailable(DEAD) from error


async def unless_dead(client: Any, call: Awaitable[Answer]) -> Answer:
    """What the engine is asked; vLLM waits for ever for one that dies meanwhile. Raises Unavailable instead."""
    asked = asyncio.ensure_future(call)
    try:
        await asyncio.wait({asked, client.output_handler}, return_when=asyncio.FIRST_COMPLETED)
        if asked.done():
            return asked.result()
    except EngineDeadError:
        pass
    finally:
        asked.cancel()
    raise Unavailable(DEAD)


def kill_engines() -> None:
    """All of vLLM's processes below this one, at once: one that is stopped can do nothing else."""
    for engine in active_children():
        if engine.name.startswith(ENGINE_NAME):
            with suppress(psutil.NoSuchProcess):
                own = psutil.Process(engine.pid)
                for process in [*own.children(recursive=True), own]:
                    _kill(process)


def _kill(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        process.kill()
