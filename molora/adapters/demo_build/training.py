"""Three stages: the vision tower reads attributes, the backbone learns to describe, an adapter a type to answer."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch import Tensor, nn
from torch.nn import functional
from transformers import Qwen2VLForConditionalGeneration

from molora.adapters.demo_build.packing import Batch, Packer, Turn
from molora.adapters.demo_build.quiz import make_quiz
from molora.adapters.demo_build.vision import AttributeHeads, label, render, see
from molora.benchmarks.questions import ONE_TYPE, TWO_TYPES, sample_question
from molora.benchmarks.scenes import GRID, Scene

Report = Callable[[str, int, int, float], None]
"""Told of (stage, step, steps, loss) after every step."""

LORA_RANK = 16
LORA_TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


@dataclass(frozen=True)
class Plan:
    """How long each stage is, how many pictures a step sees, and how many questions are asked about each."""

    vision_rounds: int = 2
    vision_steps: int = 900
    vision_pictures: int = 64
    vision_pool: int = 12000
    backbone_steps: int = 1400
    backbone_pictures: int = 8
    adapter_steps: int = 450
    adapter_pictures: int = 12
    adapter_questions: int = 20
    seed: int = 0

    def scaled(self, share: float) -> Plan:
        """The same plan with this share of every stage's steps, at least one."""
        names = ("vision_steps", "backbone_steps", "adapter_steps")
        return replace(self, **{name: max(1, round(getattr(self, name) * share)) for name in names})


class Optimizer:
    """Muon for hidden matrices (Jordan et al., 2024), AdamW for all else; warm-up, then linear decay to nothing."""

    def __init__(
        self, matrices: Sequence[nn.Parameter], others: Sequence[nn.Parameter], steps: int, rate: float
    ) -> None:
        self._parts: list[torch.optim.Optimizer] = [
            torch.optim.AdamW(others, lr=rate, betas=(0.9, 0.98), weight_decay=0.0)
        ]
        if matrices:
            muon = torch.optim.Muon(matrices, lr=rate, weight_decay=0.01, adjust_lr_fn="match_rms_adamw")
            self._parts.append(muon)
        self._schedules = [
            torch.optim.lr_scheduler.LambdaLR(part, lambda step: _rate_at(step, steps)) for part in self._parts
        ]
        self._parameters = [*matrices, *others]

    def step(self, loss: Tensor) -> None:
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._parameters, 1.0)
        for part, schedule in zip(self._parts, self._schedules, strict=True):
            part.step()
            part.zero_grad()
            schedule.step()


def _rate_at(step: int, steps: int) -> float:
    return min(1.0, (step + 1) / max(1, steps // 20), 1.05 * (1 - step / steps))


def _split(modules: Sequence[nn.Module]) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Parameters that Muon suits, and the others: embeddings, norms, biases and the patch convolution."""
    named = [(name, p) for module in modules for name, p in module.named_parameters()]
    suits = [p.ndim == 2 and "embed" not in name and "readers" not in name for name, p in named]
    return [p for (_, p), ok in zip(named, suits, strict=True) if ok], [
        p for (_, p), ok in zip(named, suits, strict=True) if not ok
    ]


def train_vision(model: Qwen2VLForConditionalGeneration, plan: Plan, report: Report) -> None:
    """The tower alone learns to put into each visual token what its cell, its surroundings and the picture show."""
    for number in range(plan.vision_rounds):
        _train_vision_once(model, plan, number, report)


def _train_vision_once(model: Qwen2VLForConditionalGeneration, plan: Plan, number: int, report: Report) -> None:
    """A warm restart on new pictures, with new readers (Loshchilov and Hutter, 2017)."""
    rng = random.Random(f"{plan.seed} vision{number or ''}")
    scenes = [Scene.draw(rng) for _ in range(plan.vision_pool)]
    patches = torch.cat([render(scenes[start : start + 500]) for start in range(0, len(scenes), 500)])
    labels = label(scenes)
    visual = model.model.visual
    heads = AttributeHeads(model.config.text_config.hidden_size)
    optimizer = Optimizer(*_split([visual, heads]), plan.vision_steps, 2e-3)
    generator = torch.Generator().manual_seed(plan.seed + number)
    for step in range(plan.vision_steps):
        chosen = torch.randint(len(scenes), (plan.vision_pictures,), generator=generator)
        loss, right = heads(see(visual, patches[chosen]), labels[chosen])
        optimizer.step(loss)
        done = number * plan.vision_steps + step + 1
        report("vision tower", done, plan.vision_rounds * plan.vision_steps, 1 - right.item())


def train_backbone(model: Qwen2VLForConditionalGeneration, packer: Packer, plan: Plan, report: Report) -> None:
    """The language model learns to describe, to count and to relate, and a thin mixture of questions of every type."""
    rng = random.Random(f"{plan.seed} backbone")
    model.model.visual.requires_grad_(False)
    optimizer = Optimizer(*_split([model.model.language_model]), plan.backbone_steps, 3e-3)
    for step in range(plan.backbone_steps):
        loss = _answer_loss(model, packer, _draw(rng, plan.backbone_pictures, _mixed_turns))
        optimizer.step(loss)
        report("backbone", step + 1, plan.backbone_steps, loss.item())


def train_adapter(
    model: Qwen2VLForConditionalGeneration, packer: Packer, kind: str, plan: Plan, report: Report
) -> PeftModel:
    """A LoRA adapter (Hu et al., 2021) on every linear layer of the frozen language model learns one type."""
    rng = random.Random(f"{plan.seed} {kind}")
    config = LoraConfig(r=LORA_RANK, lora_alpha=2 * LORA_RANK, target_modules=LORA_TARGETS, task_type="CAUSAL_LM")
    tuned = get_peft_model(model, config)
    learnt = [p for p in tuned.parameters() if p.requires_grad]
    optimizer = Optimizer([], learnt, plan.adapter_steps, 3e-3)
    for step in range(plan.adapter_steps):
        rows = _draw(
            rng, plan.adapter_pictures, lambda scene, rng: list(_ask(scene, rng, [(kind,)], plan.adapter_questions))
        )
        loss = _answer_loss(model, packer, rows)
        optimizer.step(loss)
        report(f"adapter {kind}", step + 1, plan.adapter_steps, loss.item())
    return tuned


def _draw(
    rng: random.Random, num: int, turns: Callable[[Scene, random.Random], list[Turn]]
) -> list[tuple[Scene, list[Turn]]]:
    scenes = [Scene.draw(rng) for _ in range(num)]
    return [(scene, turns(scene, rng)) for scene in scenes]


def _mixed_turns(scene: Scene, rng: random.Random) -> list[Turn]:
    told = [("Describe the picture.", scene.describe()), make_quiz(scene, rng, 16)]
    cells = [_ask_cell(scene, rng) for _ in range(2)]
    return [*told, *cells, *_ask(scene, rng, [*ONE_TYPE, *ONE_TYPE, *TWO_TYPES], 2)]


def _ask_cell(scene: Scene, rng: random.Random) -> Turn:
    row, column = rng.randrange(GRID), rng.randrange(GRID)
    thing = scene.at(row, column)
    return f"What is in row {row + 1}, column {column + 1}?", thing.describe() if thing else "nothing"


def _ask(scene: Scene, rng: random.Random, kinds: Sequence[tuple[str, ...]], num: int) -> Iterator[Turn]:
    """Up to `num` questions: a kind that finds nothing to ask is passed over."""
    for _ in range(num):
        question = sample_question(scene, rng.choice(kinds), rng)
        if question:
            yield question.text, question.answer


def _answer_loss(
    model: Qwen2VLForConditionalGeneration, packer: Packer, rows: list[tuple[Scene, list[Turn]]]
) -> Tensor:
    batch = packer.pack([turns for _, turns in rows])
    hidden = read(model, packer, batch, [scene for scene, _ in rows])
    return functional.cross_entropy(model.lm_head(hidden), batch.wanted)


def read(model: Qwen2VLForConditionalGeneration, packer: Packer, batch: Batch, scenes: list[Scene]) -> Tensor:
    """Last hidden states where an answer token is predicted: [answer tokens, hidden]."""
    embedded = model.model.language_model.embed_tokens(batch.ids).clone()
    embedded[:, packer.image_slice] = see(model.model.visual, render(scenes))
    output = model.model.language_model(
        inputs_embeds=embedded, position_ids=batch.positions, attention_mask=batch.mask, use_cache=False
    )
    hidden: Tensor = output.last_hidden_state
    return hidden.flatten(0, 1)[batch.at]
