"""Labels questions with experts by any OpenAI-compatible endpoint. Command: `molora router annotate`."""

import asyncio
import base64
import mimetypes
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openai import AsyncOpenAI, BadRequestError, DefaultAsyncHttpxClient, OpenAIError, UnprocessableEntityError

from molora.errors import ConfigError
from molora.router.annotation.annotations import LabelFile, Question
from molora.router.annotation.instructions import make_instructions, make_response_format, read_answer

MAX_RETRIES = 5
"""Of a request, by the SDK: after 429, 5xx or a lost connection."""
TIMEOUT_S = 300
OnStep = Callable[[str, int, int], None]
"""Told what is done, how much of it, and how much there is."""
Form = dict[str, Any]
"""Fields of a request that not every server or model takes."""
REFUSALS = (BadRequestError, UnprocessableEntityError)
MAX_REFUSED = 20
"""Questions the server takes in no form; more end the run."""


def open_client(base_url: str) -> AsyncOpenAI:
    """With the key in OPENAI_API_KEY, if any."""
    is_local = base_url.startswith(("http://127.0.0.1", "http://localhost"))
    http = DefaultAsyncHttpxClient(trust_env=not is_local)  # no proxy stands before a server on this machine
    key = os.environ.get("OPENAI_API_KEY") or "none"
    return AsyncOpenAI(base_url=base_url, api_key=key, http_client=http, max_retries=MAX_RETRIES, timeout=TIMEOUT_S)


class Annotator:
    """One model that is told of the experts, names and descriptions."""

    def __init__(self, client: AsyncOpenAI, model: str, experts: Mapping[str, str]) -> None:
        self._client, self.model, self.experts = client, model, experts
        self._instructions = make_instructions(experts)
        greedy: Form = {"temperature": 0}
        constrained: Form = {"response_format": make_response_format(experts)}
        self._forms: list[Form] = [greedy | constrained, constrained, greedy, {}]

    async def ask(self, question: Question) -> str:
        """In the first form that the server takes; those before it are not tried again.

        Raises OpenAIError; one of REFUSALS where the server takes the question in no form.
        """
        forms = self._forms
        for place, form in enumerate(forms[:-1]):
            with suppress(*REFUSALS):
                answer = await self._complete(question, form)
                self._forms = forms[place:]
                return answer
        answer = await self._complete(question, forms[-1])
        self._forms = forms[-1:]
        return answer

    async def _complete(self, question: Question, form: Form) -> str:
        messages: Any = [{"role": "system", "content": self._instructions}, {"role": "user", "content": _say(question)}]
        response = await self._client.chat.completions.create(model=self.model, messages=messages, **form)
        return (response.choices[0].message.content or "") if response.choices else ""


async def annotate(
    questions: Sequence[Question], file: LabelFile, annotator: Annotator, concurrency: int, on_step: OnStep
) -> int:
    """Labels what the file has no label of, at most `concurrency` at a time; the number of questions refused, which
    stay unlabelled. Raises ConfigError where the server gives up; what is labelled by then is kept."""
    left = [question for question in questions if question not in file.labels]
    run, queue = _Run(file, annotator, lambda num: on_step("labelling", num, len(left))), iter(left)
    workers = [asyncio.create_task(run.work(queue)) for _ in range(concurrency)]
    try:
        await asyncio.gather(*workers)
    except OpenAIError as error:
        raise ConfigError(f"{annotator.model} cannot be asked: {error}; the labels so far are kept") from None
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
    return run.num_refused


@dataclass
class _Run:
    """What the workers share; `on_asked` is told the number of questions that are done with."""

    file: LabelFile
    annotator: Annotator
    on_asked: Callable[[int], None]
    num_asked: int = 0
    num_refused: int = 0

    async def work(self, queue: Iterator[Question]) -> None:
        for question in queue:
            await self._label(question)
            self.num_asked += 1
            self.on_asked(self.num_asked)

    async def _label(self, question: Question) -> None:
        try:
            answer = await self.annotator.ask(question)
        except REFUSALS:
            self.num_refused += 1
            if self.num_refused > MAX_REFUSED:
                raise
        else:
            self.file.append(question, read_answer(answer, self.annotator.experts), answer)


def _say(question: Question) -> str | list[dict[str, Any]]:
    """The content of a user message."""
    if question.image is None:
        return question.text
    return [
        {"type": "image_url", "image_url": {"url": _data_url(question.image)}},
        {"type": "text", "text": question.text},
    ]


def _data_url(picture: Path) -> str:
    """Raises ConfigError for a picture that cannot be read."""
    try:
        content = base64.b64encode(picture.read_bytes()).decode("ascii")
    except OSError as error:
        raise ConfigError(f"{picture}: cannot be read: {error.strerror}") from None
    return f"data:{mimetypes.guess_type(picture.name)[0] or 'image/png'};base64,{content}"
