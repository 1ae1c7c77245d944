"""Shapes that would take for ever end a process that is there for it; honest ones pass, and are remembered."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

import psutil
import pytest

from molora.compat import mend_torch_companions
from molora.engine import trial
from molora.engine.trial import Trial
from molora.errors import BadRequest, ConfigError
from tests.server.fakes import WEIGHTS

pytestmark = pytest.mark.engine

TOKENIZER = (WEIGHTS / "backbone" / "tokenizer.json").read_text()
CAT = {"type": "object", "properties": {"kind": {"const": "cat"}, "lives": {"type": "integer"}}, "required": ["kind"]}
DOG = {"type": "object", "properties": {"kind": {"const": "dog"}, "barks": {"type": "boolean"}}, "required": ["kind"]}
TREE = {"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": "#"}}}}
HONEST: dict[str, dict[str, Any]] = {
    "words": {"regex": r"[a-z]+( [a-z]+){0,5}"},
    "named group": {"regex": r"(?P<year>\d{4})-\d{2}"},
    "counted": {"regex": "(ab{1,50}){1,50}"},
    "stars": {"regex": "((((a*)*)*)*)*"},
    "alternatives": {"regex": "(a|a|a)*b"},
    "choice": {"choice": [f"answer {i}" for i in range(500)]},
    "object": {"json_object": True},
    "anything": {"json": {}},
    "union": {"json": {"oneOf": [CAT, DOG]}},
    "tree": {"json": TREE},
    "many values": {"json": {"enum": [f"value {i}" for i in range(3000)]}},
    "many properties": {"json": {"type": "object", "properties": {f"p{i}": {"type": "string"} for i in range(200)}}},
    "bounds": {"json": {"type": "array", "items": {"type": "number", "minimum": -9.5}, "minItems": 2, "maxItems": 99}},
    "long text": {"json": {"type": "string", "minLength": 10, "maxLength": 5000}},
    "broken": {"regex": "("},
    "unknown type": {"json": {"type": "nothing"}},
}
BOMBS: dict[str, dict[str, Any]] = {
    "nested counts": {"regex": "(((a{1,30}){1,30}){1,30}){1,30}"},
    "nested dots": {"regex": "(.{0,50}){0,50}"},
    "a long count": {"regex": "a{2000000000}"},
    "optional": {"regex": "(a?){1000}a{1000}"},
    "pattern": {"json": {"type": "string", "pattern": "^(.{0,50}){0,50}$"}},
    "multiples": {"json": {"allOf": [{"type": "integer", "multipleOf": m} for m in (9973, 9967, 9949, 9941)]}},
    "a multiple": {"json": {"type": "integer", "multipleOf": 1_000_003}},
    "many items": {"json": {"type": "array", "minItems": 10**9}},
    "up to many items": {"json": {"type": "array", "maxItems": 10**6}},
    "itself": {"json": {"$ref": "#"}},
    "too many properties": {"json": {"type": "object", "properties": {f"p{i}": {} for i in range(2000)}}},
}


SERVER = """
import asyncio, os, signal, sys
from molora.engine.trial import Trial

async def serve():
    trial = Trial(sys.argv[1], 738)
    await trial.start()
    print(trial._process.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(serve())
"""
"""Its tokenizer as an argument; says its trial's process, and is killed."""


@pytest.fixture(scope="module", autouse=True)
def mended() -> None:
    mend_torch_companions()


@pytest.fixture(scope="module")
async def tried() -> AsyncIterator[Trial]:
    made = Trial(TOKENIZER, 738)
    await made.start()
    yield made
    made.stop()


def grammar(shape: dict[str, Any]) -> str:
    from vllm.config import StructuredOutputsConfig
    from vllm.sampling_params import StructuredOutputsParams

    from molora.engine.grammars import as_grammar

    return as_grammar(StructuredOutputsParams(**shape), StructuredOutputsConfig(backend="guidance"))


@pytest.mark.parametrize("name", HONEST)
async def test_an_honest_shape_passes(tried: Trial, name: str) -> None:
    await tried.check(grammar(HONEST[name]), "response_format")


@pytest.mark.parametrize("name", BOMBS)
async def test_a_bomb_is_refused(tried: Trial, name: str) -> None:
    with pytest.raises(BadRequest) as caught:
        await tried.check(grammar(BOMBS[name]), "response_format")
    assert caught.value.param == "response_format"


async def test_what_was_found_is_remembered(tried: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    shape = grammar({"regex": "remembered"})
    await tried.check(shape, "a")
    monkeypatch.setattr(tried, "_ask", None)
    await asyncio.gather(*(tried.check(shape, "a") for _ in range(5)))


async def test_only_so_much_is_remembered(tried: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "NUM_REMEMBERED", 3)
    for i in range(9):
        await tried.check(grammar({"regex": f"a{i}"}), "a")
    assert len(tried._found) == 3


async def test_who_does_not_wait_for_a_bomb_leaves_the_next_one_unharmed(tried: Trial) -> None:
    bomb = asyncio.ensure_future(tried.check(grammar({"json": {"type": "array", "minItems": 10**9 + 1}}), "a"))
    await asyncio.sleep(0)
    bomb.cancel()
    await tried.check(grammar({"regex": "next"}), "a")


async def test_a_process_that_was_killed_is_replaced(tried: Trial) -> None:
    assert tried._process
    psutil.Process(tried._process.pid).kill()
    tried._process.join()
    with pytest.raises(Exception, match="cannot be tried now"):
        await tried.check(grammar({"regex": "gone"}), "a")
    await tried.check(grammar({"regex": "gone"}), "a")


def test_it_ends_with_its_server() -> None:
    started = subprocess.run([sys.executable, "-c", SERVER, TOKENIZER], capture_output=True, text=True, check=False)
    assert started.returncode == -signal.SIGKILL, started.stderr
    deadline = time.monotonic() + 60
    while psutil.pid_exists(int(started.stdout)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not psutil.pid_exists(int(started.stdout))


async def test_a_tokenizer_that_no_shape_can_be_tried_with_is_refused_at_start() -> None:
    refused = Trial(json.dumps({}), 0)
    with pytest.raises(ConfigError, match="tokenizer"):
        await refused.start()
    refused.stop()
    refused.stop()
