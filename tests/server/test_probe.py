"""What is held against what before a version may answer."""

import math
from pathlib import Path
from typing import Any

import pytest
from PIL.Image import Image

from molora.engine.interface import Adapter, Version
from molora.errors import BadRequest
from molora.server.probe import MOVED, Prober, check_agrees, check_moved, distance, messages, picture
from tests.server.fakes import FakeEngine

VERSION = Version(Adapter("charts", Path("charts")), 3)
BASE = [(3, -1.0), (5, -2.0), (7, -0.5)]


def shifted(by: float) -> list[tuple[int, float]]:
    return [(token, logprob + by) for token, logprob in BASE]


def test_the_distance_is_in_nats_and_infinite_for_other_tokens() -> None:
    assert distance(BASE, shifted(0.25)) == pytest.approx(0.25)
    assert distance(BASE, BASE[:2]) == distance([], []) == math.inf
    assert distance(BASE, [(4, -1.0), *BASE[1:]]) == math.inf


def test_an_adapter_must_change_something() -> None:
    check_moved(BASE, shifted(2 * MOVED))
    for same in (BASE, shifted(MOVED / 2)):
        with pytest.raises(BadRequest, match="as the bare backbone does"):
            check_moved(BASE, same)


@pytest.mark.parametrize(("noise", "error", "agrees"), [(0, 9e-4, True), (0, 2e-3, False), (0.1, 0.3, True)])
def test_the_engine_may_differ_from_the_reference_as_much_as_it_does_anyway(
    noise: float, error: float, agrees: bool
) -> None:
    expert, wanted = shifted(3.0), shifted(3.0 + error)
    if agrees:
        check_agrees(BASE, expert, shifted(noise), wanted)
        return
    with pytest.raises(BadRequest, match="as PEFT does"):
        check_agrees(BASE, expert, shifted(noise), wanted)


@pytest.mark.parametrize("wanted", [[(9, -1.0), (5, -2.0), (7, -0.5)], [(3, math.nan), (5, -2.0), (7, -0.5)]])
def test_other_tokens_or_no_numbers_never_agree(wanted: list[tuple[int, float]]) -> None:
    with pytest.raises(BadRequest):
        check_agrees(BASE, shifted(3.0), BASE, wanted)


class Reference:
    """Of the bare backbone and of an adapter; an exception is raised."""

    def __init__(self, base: Any, expert: Any) -> None:
        self.answers = {True: base, False: expert}

    async def prompt_logprobs(self, _: Image, text: str, adapter: Path | None) -> Any:
        assert text
        answer = self.answers[adapter is None]
        if isinstance(answer, Exception):
            raise answer
        return answer


ENGINE = ([(7, -1.0), (9, -2.0)], [(7, -2.0), (9, -2.0)])
"""What the hand-written engine tells of the backbone and of any adapter."""


@pytest.mark.parametrize(
    ("reference", "verified"),
    [
        (None, "moves"),
        (Reference(*ENGINE), "reference"),
        (Reference([(8, -1.0), (9, -2.0)], ENGINE[1]), "moves"),
        (Reference(OSError("no such model"), ENGINE[1]), "moves"),
    ],
)
async def test_it_is_told_what_was_verified(reference: Any, verified: str) -> None:
    assert await Prober(FakeEngine(), reference).verify(VERSION) == verified


@pytest.mark.parametrize("reference", [Reference(ENGINE[0], ENGINE[0]), Reference(ENGINE[0], KeyError("q_proj"))])
async def test_a_version_that_is_not_the_references_is_refused(reference: Any) -> None:
    with pytest.raises(BadRequest, match="PEFT"):
        await Prober(FakeEngine(), reference).verify(VERSION)


def test_the_question_is_the_same_every_time_and_has_a_picture() -> None:
    assert picture().tobytes() == picture().tobytes()
    assert [part["type"] for part in messages()[0]["content"]] == ["image_pil", "text"]
    assert len(picture().getcolors(112 * 112) or ()) > 100
