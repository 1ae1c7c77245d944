"""Every question asked of every arm, over HTTP by the `openai` client."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from openai import APIError, AsyncOpenAI, DefaultAsyncHttpxClient
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from molora.benchmarks.quality.answer import Answer
from molora.benchmarks.quality.arms import BASE, Arm
from molora.benchmarks.quality.item import Item
from molora.errors import Unavailable


@dataclass(frozen=True)
class Asking:
    """Greedily, at most `max_in_flight` at a time; an answer ends after `max_tokens`."""

    max_in_flight: int = 32
    max_tokens: int = 16
    instruction: str = ""


async def collect(url: str, arms: Sequence[Arm], items: Sequence[Item], asking: Asking) -> list[Answer]:
    """Raises Unavailable for a request that is refused."""
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    async with DefaultAsyncHttpxClient(trust_env=False) as http:
        client = AsyncOpenAI(base_url=f"{url}/v1", api_key="none", http_client=http, timeout=600)
        with Progress(*columns, transient=True) as progress:
            bar = progress.add_task("asking", total=len(arms) * len(items))
            slots = asyncio.Semaphore(asking.max_in_flight)
            asker = _Asker(client, asking, slots, lambda: progress.advance(bar))
            return await _gather([asker.ask(arm, index, item) for arm in arms for index, item in enumerate(items)])


async def _gather(calls: Sequence[Any]) -> list[Answer]:
    """The first failure ends the others."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except* Unavailable as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]


@dataclass(frozen=True)
class _Asker:
    client: AsyncOpenAI
    asking: Asking
    slots: asyncio.Semaphore
    advance: Callable[[], None]

    async def ask(self, arm: Arm, index: int, item: Item) -> Answer:
        async with self.slots:
            response = await self._send(arm, item)
        self.advance()
        answer = response.choices[0].message.content or ""
        routing = response.model_extra["routing"]
        return Answer(
            index,
            arm.name,
            item.kinds,
            item.question,
            item.answer,
            answer,
            largest(routing["gates"]),
            routing["gates"],
            routing.get("probabilities"),
            routing.get("confidence"),
            routing.get("source") or "",
            routing.get("router_ms") or 0.0,
            sum(token.logprob for token in response.choices[0].logprobs.content),
        )

    async def _send(self, arm: Arm, item: Item) -> Any:
        messages: Any = item.messages(self.asking.instruction)
        extra = {"routing": arm.routing} if arm.routing else None
        try:
            return await self.client.chat.completions.create(
                model=arm.model,
                messages=messages,
                temperature=0,
                max_tokens=self.asking.max_tokens,
                logprobs=True,
                extra_body=extra,
            )
        except APIError as error:
            raise Unavailable(f"{arm.name} was asked '{item.question}': {error.message}") from None


def largest(gates: dict[str, float]) -> str:
    """The expert with the largest gate; `base` where there is none."""
    return max(gates, key=gates.__getitem__, default=BASE)
