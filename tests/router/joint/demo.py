"""The demo world's backbone and adapters for tests of joint training, PEFT as oracle, and a small untrained router."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from molora.adapters.backbone import Backbone, read_backbone
from molora.benchmarks.questions import KINDS, ONE_TYPE, TWO_TYPES
from molora.router.features import text_only
from molora.router.joint.adapters import Adapter, read_adapter
from molora.router.joint.batches import Collator
from molora.router.joint.examples import draw_lessons
from molora.router.joint.gated import GatedMixture
from molora.router.joint.loading import load_backbone
from molora.router.joint.parts import Material, Parts
from molora.router.training.network import HeadNetwork, Sizes
from tests.conftest import ROOT

DEMO = ROOT / "molora" / "adapters" / "demo"
CPU = torch.device("cpu")
FOLDERS = {kind: DEMO / kind for kind in KINDS}
LESSONS = draw_lessons(4_400_000, 8, [*ONE_TYPE, *TWO_TYPES])


@cache
def backbone() -> Backbone:
    return read_backbone(str(DEMO / "backbone"))


def read(folder: Path) -> Adapter:
    return read_adapter(folder, backbone(), 16)


def load() -> tuple[Any, Any]:
    """Another model each time: mixtures change theirs."""
    return load_backbone(DEMO / "backbone", CPU)


def make_mixture(folders: Mapping[str, Path] = FOLDERS) -> tuple[GatedMixture, Collator]:
    model, processor = load()
    return GatedMixture(model, [read(folder) for folder in folders.values()]), Collator(processor)


def make_parts() -> Parts:
    """A router that knows nothing yet."""
    torch.manual_seed(0)
    network = HeadNetwork(Sizes(text=3, image=0, hidden=8, buckets=64, classes=len(KINDS)), 0.0)
    mixture, collate = make_mixture()
    return Parts(network, mixture, collate, 1.0, CPU)


def make_material(num: int, seed: int = 0) -> Material:
    """The vectors tell of which type a question is, or the first of its types."""
    lessons = draw_lessons(4_500_000 + seed, num, [*ONE_TYPE, *TWO_TYPES])
    told = np.eye(4, 3)[[KINDS.index(lesson.kinds[0]) for lesson in lessons]]
    noise = np.random.default_rng(seed).normal(scale=0.1, size=told.shape)
    return Material(lessons, text_only((told + noise).astype(np.float32)))
