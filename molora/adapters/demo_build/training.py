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
from molora.adapters.demo_build.quiz import make_profiles, make_quiz
from molora.adapters.demo_build.vision import NUM_CLASSES, OWN, AttributeHeads, Tower, align, label, render, see
from molora.benchmarks.questions import ONE_TYPE, TWO_TYPES, sample_question
from molora.benchmarks.scenes import GRID, Scene

Report = Callable[[str, int, int, float], None]
"""Told of (stage, step, steps, loss) after every step."""

LORA_RANK = 16
LORA_TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


@dataclass(frozen=True)
class Plan:
    """How long each stage is, how many pictures a step sees, and how many questions are asked about each."""

    first_steps: int = 700
    vision_steps: int = 900
    vision_pictures: int = 64
    vision_pool: int = 12000
    describing_steps: int = 1600
    describing_pictures: int = 12
    relating_steps: int = 450
    relating_pictures: int = 8
    referring_steps: int = 450
    adapter_steps: int = 160
    adapter_pictures: int = 8
    adapter_questions: int = 16
    seed: int = 0

    def scaled(self, share: float) -> Plan:
        """The same plan with this share of every stage's steps, at least one."""
        names = (
            "first_steps",
            "vision_steps",
            "describing_steps",
            "relating_steps",
            "referring_steps",
            "adapter_steps",
        )
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


@dataclass(frozen=True)
class Look:
    """A round of the tower's training: a warm restart (Loshchilov and Hutter, 2017), new pictures, new readers."""

    steps: int
    pool: int
    """Pictures drawn for the round."""
    num_labels: int


def first_looks(plan: Plan) -> list[Look]:
    """What a cell itself shows."""
    return [Look(plan.first_steps, plan.vision_pool // 2, len(OWN))]


def all_looks(plan: Plan) -> list[Look]:
    """Its surroundings and counts of the whole picture as well."""
    return [Look(plan.vision_steps, plan.vision_pool, len(NUM_CLASSES))] * 2


def train_vision(visual: Tower, looks: Sequence[Look], plan: Plan, report: Report) -> None:
    """The tower alone learns to put into each visual token what it should tell."""
    for number, look in enumerate(looks):
        _train_round(visual, look, f"vision{number or ''}", plan, report)


def _train_round(visual: Tower, look: Look, name: str, plan: Plan, report: Report) -> None:
    rng = random.Random(f"{plan.seed} {name}")
    scenes = [Scene.draw(rng) for _ in range(look.pool)]
    patches = torch.cat([render(scenes[start : start + 500]) for start in range(0, len(scenes), 500)])
    labels = label(scenes)[..., : look.num_labels]
    heads = AttributeHeads(visual.merger.mlp[-1].out_features, look.num_labels).to(visual.device)
    optimizer = Optimizer(*_split([visual, heads]), look.steps, 2e-3)
    generator = torch.Generator().manual_seed(plan.seed + (name != "vision"))
    for step in range(look.steps):
        chosen = torch.randint(len(scenes), (plan.vision_pictures,), generator=generator)
        loss, right = heads(see(visual, patches[chosen].to(visual.device)), labels[chosen].to(visual.device))
        optimizer.step(loss)
        report(f"{name}, {look.num_labels} labels", step + 1, look.steps, 1 - right.item())


def replace_tower(model: Qwen2VLForConditionalGeneration, tower: Tower, plan: Plan) -> None:
    """The new tower's tokens are brought near the old one's, so that the language model goes on reading them."""
    rng = random.Random(f"{plan.seed} aligning")
    patches = render([Scene.draw(rng) for _ in range(500)]).to(model.device)
    with torch.no_grad():
        known = see(model.model.visual, patches)
    model.model.visual = tower
    align(tower, known, patches)


@dataclass(frozen=True)
class Lesson:
    """A stage of the backbone's training: the turns it makes of a scene, and whether the tower learns too."""

    name: str
    turns: Callable[[Scene, random.Random], list[Turn]]
    steps: int
    pictures: int
    with_tower: bool


def describing(plan: Plan) -> Lesson:
    """Describe pictures; with it a thin mixture of questions of every type."""
    return Lesson("backbone", _describe, plan.describing_steps, plan.describing_pictures, with_tower=True)


def relating(plan: Plan) -> Lesson:
    """Count and relate, from terse facts; questions are thinner still."""
    return Lesson("backbone, relating", _relate, plan.relating_steps, plan.relating_pictures, with_tower=False)


def referring(plan: Plan) -> Lesson:
    """Find what is named, and tell all about it."""
    return Lesson("backbone, referring", _refer, plan.referring_steps, plan.relating_pictures, with_tower=False)


def train_backbone(
    model: Qwen2VLForConditionalGeneration, packer: Packer, lesson: Lesson, plan: Plan, report: Report
) -> None:
    rng = random.Random(f"{plan.seed} {lesson.name}")
    model.model.visual.requires_grad_(lesson.with_tower)
    learners = [model.model] if lesson.with_tower else [model.model.language_model]
    optimizer = Optimizer(*_split(learners), lesson.steps, 2e-3)
    for step in range(lesson.steps):
        loss = _answer_loss(model, packer, _draw(rng, lesson.pictures, lesson.turns))
        optimizer.step(loss)
        report(lesson.name, step + 1, lesson.steps, loss.item())


def train_adapter(
    model: Qwen2VLForConditionalGeneration, packer: Packer, kind: str, plan: Plan, report: Report
) -> PeftModel:
    """A LoRA adapter (Hu et al., 2021) on every linear layer of the frozen language model learns one type."""
    rng = random.Random(f"{plan.seed} {kind}")
    config = LoraConfig(r=LORA_RANK, lora_alpha=2 * LORA_RANK, target_modules=LORA_TARGETS, task_type="CAUSAL_LM")
    tuned = get_peft_model(model, config)
    learnt = [p for p in tuned.parameters() if p.requires_grad]
    optimizer = Optimizer([], learnt, plan.adapter_steps, 1.5e-3)
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


def _describe(scene: Scene, rng: random.Random) -> list[Turn]:
    described = [("Describe the picture.", scene.describe())]
    cells = [_ask_cell(scene, rng) for _ in range(4)]
    return [*described, *cells, *_ask(scene, rng, [*ONE_TYPE, *ONE_TYPE, *TWO_TYPES], 6)]


def _relate(scene: Scene, rng: random.Random) -> list[Turn]:
    told = [("Describe the picture.", scene.describe()), make_quiz(scene, rng, 24)]
    return [*told, _ask_cell(scene, rng), *_ask(scene, rng, [*ONE_TYPE, *TWO_TYPES], 2)]


def _refer(scene: Scene, rng: random.Random) -> list[Turn]:
    return [
        make_profiles(scene, rng, 7),
        _ask_cell(scene, rng),
        *_ask(scene, rng, [*ONE_TYPE, *ONE_TYPE, *TWO_TYPES], 5),
    ]


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
    batch = packer.pack([turns for _, turns in rows]).to(model.device)
    hidden = read(model, packer, batch, [scene for scene, _ in rows])
    return functional.cross_entropy(model.lm_head(hidden), batch.wanted)


def read(model: Qwen2VLForConditionalGeneration, packer: Packer, batch: Batch, scenes: list[Scene]) -> Tensor:
    """Last hidden states where an answer token is predicted: [answer tokens, hidden]."""
    embedded = model.model.language_model.embed_tokens(batch.ids).clone()
    embedded[:, packer.image_slice] = see(model.model.visual, render(scenes).to(model.device))
    output = model.model.language_model(
        inputs_embeds=embedded, position_ids=batch.positions, attention_mask=batch.mask, use_cache=False
    )
    hidden: Tensor = output.last_hidden_state
    return hidden.flatten(0, 1)[batch.at]
