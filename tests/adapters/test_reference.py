"""PEFT in a process of its own, on the demo backbone."""

from collections.abc import Iterator
from concurrent.futures import BrokenExecutor

import psutil
import pytest
from PIL import Image

from molora.adapters.reference import Reference
from tests.adapters.faulty import DEMO

pytestmark = pytest.mark.engine

PICTURE, TEXT = Image.new("RGB", (56, 56), "red"), "What is there?"


@pytest.fixture(scope="module")
def reference() -> Iterator[Reference]:
    made = Reference(DEMO / "backbone")
    yield made
    made.stop()


async def test_an_adapter_leaves_nothing_in_the_backbone(reference: Reference) -> None:
    base = await reference.prompt_logprobs(PICTURE, TEXT, None)
    tuned = await reference.prompt_logprobs(PICTURE, TEXT, DEMO / "spatial")
    assert tuned != base
    assert [token for token, _ in tuned] == [token for token, _ in base]
    assert await reference.prompt_logprobs(PICTURE, TEXT, None) == base


async def test_a_process_that_was_killed_is_replaced(reference: Reference) -> None:
    base = await reference.prompt_logprobs(PICTURE, TEXT, None)
    for child in psutil.Process().children():
        if "spawn_main" in " ".join(child.cmdline()):
            child.kill()
    with pytest.raises(BrokenExecutor):
        await reference.prompt_logprobs(PICTURE, TEXT, None)
    assert await reference.prompt_logprobs(PICTURE, TEXT, None) == base
