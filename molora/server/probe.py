"""A fixed question to a version before it may answer anybody: do its weights do in the engine what they should?"""

import asyncio
import logging
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from molora.adapters.backbone import Backbone
from molora.adapters.reference import Reference
from molora.config import StoreConfig
from molora.engine.interface import Engine, Version
from molora.errors import AdapterRefused
from molora.server.registry import Verified

logger = logging.getLogger(__name__)

REFERENCE_TIMEOUT_S = 600.0
TEXT = "What is in the picture? Say where it is, how many there are, and what they look like."
MOVED = 1e-4
"""Log-probabilities nearer than this are the same: of an engine in float32, that sums in another order."""
ROUNDING = 1e-3
SLACK = 4.0
"""How much more than on the bare backbone the engine may differ from the reference."""

Logprobs = Sequence[tuple[int, float]]
"""Tokens of a prompt and their log-probabilities."""


class Prober:
    """Asks the engine, and the reference where there is one that reads the prompt as the engine does."""

    def __init__(self, engine: Engine, reference: Reference | None) -> None:
        self._engine, self._reference = engine, reference
        self._base: Logprobs | None = None
        self._wanted_base: Logprobs | None = None

    async def verify(self, version: Version) -> Verified:
        """Raises AdapterRefused for a version that must not answer."""
        base = self._base = self._base or await self._engine.prompt_logprobs(messages(), None)
        expert = await self._engine.prompt_logprobs(messages(), version)
        check_moved(base, expert)
        wanted_base = self._wanted_base = self._wanted_base or await self._refer(None)
        if wanted_base is None or not comparable(base, wanted_base):
            logger.warning("there is no reference to hold %s against", version.adapter.expert)
            return "moves"
        if (wanted := await self._refer(version.adapter.folder)) is None:
            raise AdapterRefused("the adapter is refused: PEFT cannot load it")
        check_agrees(base, expert, wanted_base, wanted)
        return "reference"

    async def _refer(self, adapter: Path | None) -> Logprobs | None:
        if self._reference is None:
            return None
        try:
            asked = self._reference.prompt_logprobs(picture(), TEXT, adapter)
            return await asyncio.wait_for(asked, REFERENCE_TIMEOUT_S)
        except Exception:  # of another process: whatever it is, it is no answer
            logger.exception("the reference failed")
            return None

    def stop(self) -> None:
        if self._reference is not None:
            self._reference.stop()


def make_prober(engine: Engine, backbone: Backbone, limits: StoreConfig) -> Prober:
    """With a reference, where a copy of the backbone in float32 is not too large."""
    fits = backbone.has_weights and backbone.num_parameters * 4 <= limits.reference_gib * 2**30
    return Prober(engine, Reference(backbone.folder) if fits else None)


def picture() -> Image.Image:
    """A gradient with a darker square in it: something of every colour to see, the same every time."""
    channels = [Image.linear_gradient("L").rotate(angle).resize((112, 112)) for angle in (0, 90, 180)]
    image = Image.merge("RGB", channels)
    image.paste((40, 40, 160), (20, 30, 60, 70))
    return image


def messages() -> list[dict[str, Any]]:
    parts = [{"type": "image_pil", "image_pil": picture()}, {"type": "text", "text": TEXT}]
    return [{"role": "user", "content": parts}]


def comparable(engine: Logprobs, reference: Logprobs) -> bool:
    """Of the bare backbone: whether both read the same tokens, and gave numbers."""
    return math.isfinite(distance(engine, reference))


def check_moved(base: Logprobs, expert: Logprobs) -> None:
    """Raises AdapterRefused for an adapter that changes nothing."""
    if distance(base, expert) <= MOVED:
        raise AdapterRefused("the adapter is refused: with it the engine answers as the bare backbone does")


def check_agrees(base: Logprobs, expert: Logprobs, wanted_base: Logprobs, wanted: Logprobs) -> None:
    """Raises AdapterRefused where the engine is not as near to the reference as it is without an adapter."""
    allowed = ROUNDING + SLACK * distance(base, wanted_base)
    if not distance(expert, wanted) <= allowed:
        raise AdapterRefused("the adapter is refused: with it the engine does not answer as PEFT does")


def distance(one: Logprobs, other: Logprobs) -> float:
    """Root of the mean squared difference, in nats; infinite for other tokens."""
    if [token for token, _ in one] != [token for token, _ in other] or not one:
        return math.inf
    return math.sqrt(sum((p - q) ** 2 for (_, p), (_, q) in zip(one, other, strict=True)) / len(one))
