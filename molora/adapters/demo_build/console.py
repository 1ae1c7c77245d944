"""Progress bars while the demo world is built, and a table of what each adapter answers right when it is done."""

from __future__ import annotations

from pathlib import Path

import torch
from peft import PeftModel
from rich.console import Console
from rich.table import Table
from transformers import Qwen2VLForConditionalGeneration
from transformers.models.qwen2.tokenization_qwen2 import Qwen2Tokenizer

from molora.adapters.demo_build.build import build_demo
from molora.adapters.demo_build.measure import measure
from molora.adapters.demo_build.packing import Packer
from molora.adapters.demo_build.training import Plan
from molora.benchmarks.questions import KINDS
from molora.progress import Bars, make_progress


def build_with_progress(output: Path, seed: int, scale: float, measured: int) -> None:
    console = Console()
    with make_progress(console) as progress:
        build_demo(output, Plan(seed=seed).scaled(scale), Bars(progress))
    if measured:
        console.print(_make_table(output, measured))


def _make_table(folder: Path, num: int) -> Table:
    """Exact match of the bare backbone and of every adapter on unseen questions of every type."""
    table = Table("weights", *KINDS, title=f"exact match on {num} unseen scenes a type")
    model = Qwen2VLForConditionalGeneration.from_pretrained(folder / "backbone", dtype=torch.float32)
    packer = Packer(Qwen2Tokenizer.from_pretrained(folder / "backbone"))
    table.add_row("backbone alone", *_measure_all(model, packer, num))
    for name in KINDS:
        tuned = PeftModel.from_pretrained(model, folder / name)  # changes the model's own layers
        table.add_row(name, *_measure_all(model, packer, num))
        model = tuned.unload()
    return table


def _measure_all(model: Qwen2VLForConditionalGeneration, packer: Packer, num: int) -> list[str]:
    return [f"{measure(model, packer, (kind,), num):.3f}" for kind in KINDS]
