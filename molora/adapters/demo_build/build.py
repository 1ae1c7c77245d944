"""`molora adapters build-demo`: rebuild the demo world's weights from a seed, a stage at a time, resumable."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import torch
from transformers import Qwen2VLForConditionalGeneration
from transformers.models.qwen2.tokenization_qwen2 import Qwen2Tokenizer

from molora.adapters.demo_build.beginning import begin
from molora.adapters.demo_build.model import make_model, save_backbone, train_tokenizer
from molora.adapters.demo_build.notes import FAR, NEAR, make_notes
from molora.adapters.demo_build.packing import Packer
from molora.adapters.demo_build.sights import Code
from molora.adapters.demo_build.training import Plan, Report, train_adapter, train_language, train_tower
from molora.benchmarks.questions import FAMILIES, KINDS, make_examples

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def build_demo(output: Path, plan: Plan, report: Report) -> None:
    """Write `backbone/` and one adapter folder a type under `output`; what is there already is kept and built upon."""
    backbone = output / "backbone"
    if not backbone.exists():
        _build_backbone(backbone, plan, report)
    for kind in KINDS:
        if not (output / kind).exists():
            _build_adapter(backbone, output / kind, kind, plan, report)


def _build_backbone(folder: Path, plan: Plan, report: Report) -> None:
    torch.manual_seed(plan.seed)
    tokenizer = train_tokenizer(_corpus(plan.seed))
    model = make_model(tokenizer).to(DEVICE)
    code = Code.draw(model.config.text_config.hidden_size, torch.Generator().manual_seed(plan.seed)).to(DEVICE)
    train_tower(model.model.visual, code, plan, report)
    begin(model, tokenizer, code)
    train_language(model, Packer(tokenizer), plan, report)
    save_backbone(model.to(torch.bfloat16), tokenizer, _fresh(folder))
    _finish(folder)


def _load(backbone: Path) -> tuple[Qwen2VLForConditionalGeneration, Qwen2Tokenizer]:
    """As it was stored, rounding and all."""
    model = Qwen2VLForConditionalGeneration.from_pretrained(backbone, dtype=torch.float32).to(DEVICE)
    return model, Qwen2Tokenizer.from_pretrained(backbone)


def _build_adapter(backbone: Path, folder: Path, kind: str, plan: Plan, report: Report) -> None:
    torch.manual_seed(plan.seed)
    model, tokenizer = _load(backbone)
    tuned = train_adapter(model.requires_grad_(False), Packer(tokenizer), kind, plan, report)
    tuned.peft_config["default"].base_model_name_or_path = "../backbone"
    tuned.to(torch.bfloat16).save_pretrained(_fresh(folder), save_embedding_layers=False)
    (_unfinished(folder) / "README.md").unlink(missing_ok=True)
    _finish(folder)


def _corpus(seed: int) -> list[str]:
    """Texts that hold every word of the demo world, as conversations and notes hold them."""
    examples = list(make_examples(seed, 6000, tuple(FAMILIES)))
    turns = [f"user\n{e.question.text}\nassistant\n{e.question.answer}" for e in examples]
    rng = random.Random(seed)
    facts = [fact for e in examples[:600] for fact in make_notes(e.scene, rng, 10, (NEAR, FAR), reach=1.0)]
    return turns + [f"{noted}\n{value}" for noted, value in facts]


def _unfinished(folder: Path) -> Path:
    return folder.with_name(folder.name + ".unfinished")


def _fresh(folder: Path) -> Path:
    shutil.rmtree(_unfinished(folder), ignore_errors=True)
    _unfinished(folder).mkdir(parents=True)
    return _unfinished(folder)


def _finish(folder: Path) -> None:
    """A folder has its name only when all of it is written."""
    _unfinished(folder).rename(folder)
