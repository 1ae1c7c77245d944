"""Exact match on scenes never trained on, over HTTP: the bare backbone, every expert, and the routed choice.

`molora bench quality --config configs/demo.yaml --scenes 2000`.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from openai import AsyncOpenAI, DefaultAsyncHttpxClient
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from molora.benchmarks.messages import ask
from molora.benchmarks.quality_report import BASE, Answer
from molora.benchmarks.questions import ONE_TYPE, TWO_TYPES, Example, Question, make_examples

SEED = 90_210_000
"""Far from every seed used in training."""
MAX_TOKENS = 16


def draw_examples(num_scenes: int, seed: int = SEED) -> list[Example]:
    """`num_scenes` questions of one type each, the types taking turns, then a quarter as many that need two."""
    return [*make_examples(seed, num_scenes, ONE_TYPE), *make_examples(seed + 1, num_scenes // 4, TWO_TYPES)]


async def collect(url: str, arms: Sequence[str], examples: Sequence[Example], max_in_flight: int) -> list[Answer]:
    """Every example asked of every arm (a model's name), greedily, at most `max_in_flight` at a time."""
    asked = [(example.question, ask(example)) for example in examples]
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    async with DefaultAsyncHttpxClient(trust_env=False) as http:
        client = AsyncOpenAI(base_url=f"{url}/v1", api_key="none", http_client=http, timeout=600)
        with Progress(*columns, transient=True) as progress:
            bar = progress.add_task("asking", total=len(arms) * len(asked))
            asker = _Asker(client, asyncio.Semaphore(max_in_flight), lambda: progress.advance(bar))
            calls = [asker.ask(arm, i, *one) for arm in arms for i, one in enumerate(asked)]
            return await asyncio.gather(*calls)


@dataclass(frozen=True)
class _Asker:
    client: AsyncOpenAI
    slots: asyncio.Semaphore
    advance: Callable[[], None]

    async def ask(self, arm: str, index: int, question: Question, messages: Any) -> Answer:
        async with self.slots:
            response = await self.client.chat.completions.create(
                model=arm, messages=messages, temperature=0, max_tokens=MAX_TOKENS
            )
        self.advance()
        answer = response.choices[0].message.content or ""
        return Answer(index, arm, question.kinds, question.text, question.answer, answer, expert_of(response))


def expert_of(response: Any) -> str:
    """The expert with the largest gate in a response's `routing`; `base` where there is none."""
    gates: dict[str, float] = response.model_extra["routing"]["gates"]
    return max(gates, key=gates.__getitem__, default=BASE)
