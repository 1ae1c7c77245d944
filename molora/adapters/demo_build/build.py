"""`molora adapters build-demo`: rebuild the demo world's weights from a seed, a stage at a time, resumable."""

from __future__ import annotations

import shutil
from pathlib import Path

import torch
from transformers import Qwen2VLForConditionalGeneration
from transformers.models.qwen2.tokenization_qwen2 import Qwen2Tokenizer

from molora.adapters.demo_build.model import make_model, save_backbone, train_tokenizer
from molora.adapters.demo_build.packing import Packer
from molora.adapters.demo_build.training import (
    Plan,
    Report,
    all_looks,
    describing,
    first_looks,
    referring,
    relating,
    replace_tower,
    train_adapter,
    train_backbone,
    train_vision,
)
from molora.benchmarks.questions import FAMILIES, KINDS, make_examples

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def build_demo(output: Path, plan: Plan, report: Report) -> None:
    """Write `backbone/` and one adapter folder a type under `output`; what is there already is kept and built upon.

    `described/` and `related/` are the backbone on its way: they may be deleted once `backbone/` is there.
    """
    described, related, backbone = (output / name for name in ("described", "related", "backbone"))
    if not any(folder.exists() for folder in (described, related, backbone)):
        _build_described(described, plan, report)
    if not any(folder.exists() for folder in (related, backbone)):
        _build_related(described, related, plan, report)
    if not backbone.exists():
        _build_backbone(related, backbone, plan, report)
    for kind in KINDS:
        if not (output / kind).exists():
            _build_adapter(backbone, output / kind, kind, plan, report)


def _build_described(folder: Path, plan: Plan, report: Report) -> None:
    """A tower that sees what each cell shows, and a language model that learns from it to look and to describe."""
    torch.manual_seed(plan.seed)
    tokenizer = train_tokenizer(_corpus(plan.seed))
    model = make_model(tokenizer).to(DEVICE)
    train_vision(model.model.visual, first_looks(plan), plan, report)
    train_backbone(model, Packer(tokenizer), describing(plan), plan, report)
    _save_backbone(model, tokenizer, folder)


def _build_related(described: Path, folder: Path, plan: Plan, report: Report) -> None:
    """A tower that sees surroundings and counts as well takes the place of the first one."""
    torch.manual_seed(plan.seed)
    model, tokenizer = _load(described)
    tower = make_model(tokenizer).model.visual.to(DEVICE)
    train_vision(tower, all_looks(plan), plan, report)
    replace_tower(model, tower, plan)
    train_backbone(model, Packer(tokenizer), relating(plan), plan, report)
    _save_backbone(model, tokenizer, folder)


def _build_backbone(related: Path, folder: Path, plan: Plan, report: Report) -> None:
    model, tokenizer = _load(related)
    train_backbone(model, Packer(tokenizer), referring(plan), plan, report)
    _save_backbone(model, tokenizer, folder)


def _load(backbone: Path) -> tuple[Qwen2VLForConditionalGeneration, Qwen2Tokenizer]:
    """As it was stored, rounding and all."""
    model = Qwen2VLForConditionalGeneration.from_pretrained(backbone, dtype=torch.float32).to(DEVICE)
    return model, Qwen2Tokenizer.from_pretrained(backbone)


def _save_backbone(model: Qwen2VLForConditionalGeneration, tokenizer: Qwen2Tokenizer, folder: Path) -> None:
    save_backbone(model.to(torch.bfloat16), tokenizer, _fresh(folder))
    _finish(folder)


def _build_adapter(backbone: Path, folder: Path, kind: str, plan: Plan, report: Report) -> None:
    torch.manual_seed(plan.seed)
    model, tokenizer = _load(backbone)
    tuned = train_adapter(model.requires_grad_(False), Packer(tokenizer), kind, plan, report)
    tuned.peft_config["default"].base_model_name_or_path = "../backbone"
    tuned.to(torch.bfloat16).save_pretrained(_fresh(folder), save_embedding_layers=False)
    (_unfinished(folder) / "README.md").unlink(missing_ok=True)
    _finish(folder)


def _corpus(seed: int) -> list[str]:
    """Texts that hold every word of the demo world, as conversations hold them."""
    examples = list(make_examples(seed, 6000, tuple(FAMILIES)))
    turns = [f"user\n{e.question.text}\nassistant\n{e.question.answer}" for e in examples]
    return (
        turns + [e.scene.describe() for e in examples[:600]] + ["Describe the picture.", "What is in row 1, column 1?"]
    )


def _unfinished(folder: Path) -> Path:
    return folder.with_name(folder.name + ".unfinished")


def _fresh(folder: Path) -> Path:
    shutil.rmtree(_unfinished(folder), ignore_errors=True)
    _unfinished(folder).mkdir(parents=True)
    return _unfinished(folder)


def _finish(folder: Path) -> None:
    """A folder has its name only when all of it is written."""
    _unfinished(folder).rename(folder)
