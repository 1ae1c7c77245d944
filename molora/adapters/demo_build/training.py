"""Three stages: the tower learns to see, the backbone to find and to tell, an adapter a type to answer questions."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch import Tensor, nn
from torch.nn import functional
from transformers import Qwen2VLForConditionalGeneration

from molora.adapters.demo_build.notes import ASKED, FAR, HARD, NEAR, Fact, Sorts, make_notes
from molora.adapters.demo_build.packing import Batch, Packer, Turn, conversation, note
from molora.adapters.demo_build.sights import Code, label
from molora.adapters.demo_build.vision import Tower, render, see
from molora.benchmarks.questions import ONE_TYPE, TWO_TYPES, sample_question
from molora.benchmarks.scenes import Scene

Report = Callable[[str, int, int, float], None]
"""Told of (stage, step, steps, loss) after every step."""

HEARD = [*ONE_TYPE, *ONE_TYPE, *TWO_TYPES]
"""Types of the questions that the backbone hears: those of one type twice as often."""
LORA_RANK = 16
LORA_TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


@dataclass(frozen=True)
class Plan:
    """How long each stage is, how many pictures a step sees, and how much is said about each."""

    seeing_steps: int = 1200
    seeing_pictures: int = 64
    seeing_pool: int = 10000
    telling_steps: int = 2600
    choosing_steps: int = 1300
    hearing_steps: int = 600
    telling_pictures: int = 12
    adapter_steps: int = 1000
    adapter_pictures: int = 8
    adapter_questions: int = 16
    seed: int = 0

    def scaled(self, share: float) -> Plan:
        """The same plan with this share of every stage's steps, and of the pool of pictures; at least one."""
        names = [field.name for field in fields(self) if field.name.endswith(("_steps", "_pool"))]
        return replace(self, **{name: max(1, round(getattr(self, name) * share)) for name in names})


class Optimizer:
    """Muon for hidden matrices (Jordan et al., 2024), AdamW for all else; warm-up, then linear decay to nothing."""

    def __init__(
        self, matrices: Sequence[nn.Parameter], others: Sequence[nn.Parameter], steps: int, rate: float
    ) -> None:
        self._parts: list[torch.optim.Optimizer] = []
        if matrices:
            muon = torch.optim.Muon(matrices, lr=rate, weight_decay=0.01, adjust_lr_fn="match_rms_adamw")
            self._parts.append(muon)
        self._parts.append(torch.optim.AdamW(others, lr=rate, betas=(0.9, 0.98), weight_decay=0.0))
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


def _split(module: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Parameters that Muon suits, and the others: embeddings, norms, biases and the patch convolution."""
    named = list(module.named_parameters())
    suits = [p.ndim == 2 and "embed" not in name for name, p in named]
    return [p for (_, p), ok in zip(named, suits, strict=True) if ok], [
        p for (_, p), ok in zip(named, suits, strict=True) if not ok
    ]


def train_tower(visual: Tower, code: Code, plan: Plan, report: Report) -> None:
    """The tower alone learns to tell, in each visual token, of its cell and of what surrounds it."""
    rng = random.Random(f"{plan.seed} seeing")
    scenes = [Scene.draw(rng) for _ in range(plan.seeing_pool)]
    patches = torch.cat([render(scenes[start : start + 500]) for start in range(0, len(scenes), 500)])
    labels = label(scenes)
    optimizer = Optimizer(*_split(visual), plan.seeing_steps, 3e-3)
    generator = torch.Generator().manual_seed(plan.seed)
    for step in range(plan.seeing_steps):
        chosen = torch.randint(len(scenes), (plan.seeing_pictures,), generator=generator)
        loss, right = code.mark(see(visual, patches[chosen].to(visual.device)), labels[chosen].to(visual.device))
        optimizer.step(loss)
        report("tower", step + 1, plan.seeing_steps, 1 - right.item())


def _dictate(fact: Fact, rng: random.Random) -> Turn:
    del rng
    return note(*fact)


def _loosen(fact: Fact, rng: random.Random) -> Turn:
    """As a conversation, or with gaps, so that no circuit leans on how far apart words stand.

    Randomised positional encodings (Ruoss et al., 2023): without them what is known of notes is lost on questions.
    """
    if rng.random() < 0.5:
        return conversation(*fact)
    return note(*fact, gaps=(rng.randrange(8), *rng.choices((0, 0, 0, 1, 2, 4), k=16)))


@dataclass(frozen=True)
class Lesson:
    """A round of the language model's training, with a warm restart (Loshchilov and Hutter, 2017)."""

    name: str
    steps: int
    rate: float
    sorts: tuple[Sorts, Sorts] = (FAR, HARD)
    """What is noted, before and after."""
    reach: Callable[[float], float] = lambda _: 1.0
    """Share of notes of the second sort, by progress through the lesson."""
    form: Callable[[Fact, random.Random], Turn] = _dictate
    """How a note is put."""
    notes: int = 36
    """To a picture."""
    questions: float = 0.4
    """To a picture: the thin mixture of questions that the backbone hears."""


def lessons(plan: Plan) -> list[Lesson]:
    """To find and tell, from near to far: none far in the first tenth, all from a third on. To choose. To be asked."""
    return [
        Lesson("telling", plan.telling_steps, 8e-3, (NEAR, FAR), lambda progress: (progress - 0.1) / 0.2),
        Lesson("choosing", plan.choosing_steps, 5e-3),
        Lesson("hearing", plan.hearing_steps, 5e-3, (FAR, ASKED), form=_loosen, notes=28, questions=0.5),
    ]


def train_language(model: Qwen2VLForConditionalGeneration, packer: Packer, plan: Plan, report: Report) -> None:
    """The language model learns to find and tell what the frozen tower sees."""
    model.model.visual.requires_grad_(False)
    for lesson in lessons(plan):
        _teach(model, packer, lesson, plan, report)


def _teach(model: Qwen2VLForConditionalGeneration, packer: Packer, lesson: Lesson, plan: Plan, report: Report) -> None:
    rng = random.Random(f"{plan.seed} {lesson.name}")
    optimizer = Optimizer(*_split(model.model.language_model), lesson.steps, lesson.rate)
    for step in range(lesson.steps):
        turns = partial(_tell, lesson=lesson, reach=lesson.reach(step / lesson.steps))
        loss = _answer_loss(model, packer, _draw(rng, plan.telling_pictures, turns))
        optimizer.step(loss)
        report(f"backbone, {lesson.name}", step + 1, lesson.steps, loss.item())


def _tell(scene: Scene, rng: random.Random, *, lesson: Lesson, reach: float) -> list[Turn]:
    facts = make_notes(scene, rng, lesson.notes, lesson.sorts, reach)
    whole = int(lesson.questions)
    asked = whole + (rng.random() < lesson.questions - whole)
    return [*(lesson.form(fact, rng) for fact in facts), *_ask(scene, rng, HEARD, asked)]


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


def _ask(scene: Scene, rng: random.Random, kinds: Sequence[tuple[str, ...]], num: int) -> Iterator[Turn]:
    """Up to `num` questions: a kind that finds nothing to ask is passed over."""
    for _ in range(num):
        question = sample_question(scene, rng.choice(kinds), rng)
        if question:
            yield conversation(question.text, question.answer)


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
