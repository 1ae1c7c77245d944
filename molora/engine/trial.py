"""What an answer's shape costs, found out in a process that may be killed, before event loop and engine read it.

A schema of a few bytes can ask for hours, and for all the memory there is.
"""

import asyncio
import hashlib
import os
import random
import resource
import signal
from collections import OrderedDict
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

import numpy as np

from molora.errors import BadRequest, ConfigError, Unavailable

LIMITS: dict[str, Any] = {"step_lexer_fuel": 50_000, "max_lexer_states": 20_000}
"""Of llguidance, which gives up over them: a step takes some milliseconds, a tenth of a second at worst, and all steps
together some tens of megabytes."""
READ_S = 0.5
"""Of computing, to read a shape: the event loop does it as well."""
BUILD_S = 1.0
"""Then, to get it ready and take the first steps."""
NUM_STEPS = 32
MAX_MEMORY = 2 * 2**30
NUM_REMEMBERED = 1024
SIMPLEST = 'start: "a"'


class Trial:
    """Of one shape at a time, written as a grammar of llguidance; what was found is remembered."""

    def __init__(self, tokenizer: str, eos_token: int) -> None:
        """The tokenizer is a fast one's JSON."""
        self._tokenizer, self._eos_token = tokenizer, eos_token
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._turn = asyncio.Lock()
        self._found: OrderedDict[bytes, asyncio.Task[bool | None]] = OrderedDict()

    async def start(self) -> None:
        """Raises ConfigError for a tokenizer that no shape can be tried with."""
        if not await self._find(SIMPLEST):
            raise ConfigError("engine.model: there are no structured outputs with its tokenizer")

    async def check(self, grammar: str, param: str) -> None:
        """Raises BadRequest for what costs too much. What is wrong with a shape that costs little vLLM says itself."""
        is_cheap = await asyncio.shield(self._find(grammar))
        if is_cheap is None:
            raise Unavailable("the shape of an answer cannot be tried now")
        if not is_cheap:
            raise BadRequest(f"{param} takes more work than the shape of an answer may", param=param)

    def stop(self) -> None:
        """May be called twice."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
        self._process = self._pipe = None

    def _find(self, grammar: str) -> asyncio.Task[bool | None]:
        key = hashlib.sha256(grammar.encode()).digest()
        if key not in self._found:
            self._found[key] = asyncio.ensure_future(self._try(grammar, key))
            while len(self._found) > NUM_REMEMBERED:
                self._found.popitem(last=False)
        self._found.move_to_end(key)
        return self._found[key]

    async def _try(self, grammar: str, key: bytes) -> bool | None:
        """None where the process has failed, not the shape: the next trial starts another."""
        async with self._turn:
            try:
                return await asyncio.to_thread(self._ask, grammar)
            except (EOFError, OSError):
                self.stop()
                self._found.pop(key, None)
                return None

    def _ask(self, grammar: str) -> bool:
        pipe = self._pipe or self._begin()
        pipe.send(grammar)
        is_cheap: bool = pipe.recv()
        return is_cheap

    def _begin(self) -> Connection:
        spawn = get_context("spawn")
        self._pipe, theirs = spawn.Pipe()
        self._process = spawn.Process(target=serve, args=(theirs, self._tokenizer, self._eos_token), daemon=True)
        self._process.start()
        theirs.close()
        return self._pipe


def serve(pipe: Connection, tokenizer: str, eos_token: int) -> None:
    """Until the server is gone. A trial is made by a copy of this process, which has only this to do."""
    from llguidance import LLTokenizer

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    read = LLTokenizer(tokenizer, eos_token=eos_token)
    with suppress(EOFError):
        while True:
            pipe.send(is_cheap(read, pipe.recv()))


def is_cheap(tokenizer: Any, grammar: str) -> bool:
    child = os.fork()
    if child == 0:
        fits = False
        with suppress(BaseException):
            fits = _try_here(tokenizer, grammar)
        os._exit(not fits)
    return os.waitpid(child, 0)[1] == 0


def _try_here(tokenizer: Any, grammar: str) -> bool:
    """Ends the process where it takes too long; so does llguidance where it gets no memory."""
    from llguidance import LLMatcher, LLParserLimits

    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.setitimer(signal.ITIMER_PROF, READ_S)
    if fault := LLMatcher.validate_grammar(grammar):
        return "panic" not in fault
    signal.setitimer(signal.ITIMER_PROF, BUILD_S)
    matcher = LLMatcher(tokenizer, grammar, log_level=0, limits=LLParserLimits(**LIMITS))
    return _can_step(matcher, tokenizer.eos_token)


def _can_step(matcher: Any, eos_token: int) -> bool:
    """By tokens at random, as long as the shape goes on."""
    chance = random.Random(0)
    for _ in range(NUM_STEPS):
        mask = np.unpackbits(np.frombuffer(matcher.compute_bitmask(), np.uint8), bitorder="little")
        allowed = np.flatnonzero(mask)
        allowed = allowed[allowed != eos_token]
        if matcher.is_error() or not len(allowed):
            break
        matcher.consume_token(int(chance.choice(allowed)))
    return not matcher.is_error()
