"""`molora demo`: a real server, real questions about real pictures, and which expert answered each.

The server is a child process on a free loopback port; the questions go through the `openai` SDK with model `auto`.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openai import DefaultHttpxClient, OpenAI
from PIL import Image
from rich.console import Console, JustifyMethod
from rich.table import Table

from molora.benchmarks.messages import ask
from molora.benchmarks.metrics import is_right
from molora.benchmarks.questions import ONE_TYPE, TWO_TYPES, Example, Question, make_examples
from molora.benchmarks.serving import molora_command, running
from molora.server.contact_sheet import Tile, draw_sheet

SEED = 20_260_701
MAX_TOKENS = 16
LOG = Path("build/molora.log")
HEADINGS = ("picture", "question", "expert", "probability", "answer", "right?", "ms")
WORDS = ("question", "answer", "right?")
NUMBERS = ("picture", "probability", "ms")


@dataclass(frozen=True)
class Shown:
    """One question as it was asked and answered; `ms` is the whole request, `expert` had the largest gate."""

    picture: Image.Image
    question: Question
    answer: str
    expert: str
    probability: float
    ms: float

    @property
    def right(self) -> bool:
        return is_right(self.answer, self.question.answer)

    @property
    def verdict(self) -> str:
        return "right" if self.right else f"wrong: {self.question.answer}"


def run_demo(config: Path, num_questions: int, output: Path, console: Console) -> None:
    """Raises MoloraError when the server does not come up."""
    examples = draw_examples(num_questions)
    with running(molora_command(config), LOG, console) as server, DefaultHttpxClient(trust_env=False) as http:
        client = OpenAI(base_url=f"{server.url}/v1", api_key="none", http_client=http, timeout=600)
        with console.status(f"Asking {num_questions} questions with model auto"):
            shown = [ask_one(client, example) for example in examples]
    console.print(make_table(shown))
    console.print(f"{sum(s.right for s in shown)} of {len(shown)} right")
    save_sheet(shown, output)
    console.print(f"Contact sheet: {output}")


def draw_examples(num: int) -> list[Example]:
    """Every type in turn; every sixth question needs two types."""
    num_two = num // 6
    return [*make_examples(SEED, num - num_two, ONE_TYPE), *make_examples(SEED + 1, num_two, TWO_TYPES)]


def ask_one(client: OpenAI, example: Example) -> Shown:
    picture = example.scene.render()
    messages: Any = ask(example, picture)
    started = time.perf_counter()
    response = client.chat.completions.create(model="auto", messages=messages, temperature=0, max_tokens=MAX_TOKENS)
    ms = (time.perf_counter() - started) * 1000
    routing: dict[str, Any] = (response.model_extra or {})["routing"]
    expert = max(routing["gates"], key=routing["gates"].__getitem__)
    answer = (response.choices[0].message.content or "").strip()
    return Shown(picture, example.question, answer, expert, routing["probabilities"][expert], ms)


def make_table(shown: Sequence[Shown]) -> Table:
    table = Table(title="One endpoint, the right expert for each question")
    for heading in HEADINGS:
        justify: JustifyMethod = "right" if heading in NUMBERS else "left"
        table.add_column(heading, justify=justify, no_wrap=heading not in WORDS)
    for number, one in enumerate(shown, start=1):
        verdict = f"[{'green' if one.right else 'red'}]{one.verdict}[/]"
        cells = (one.question.text, one.expert, f"{one.probability:.2f}", one.answer, verdict)
        table.add_row(str(number), *cells, f"{one.ms:.0f}")
    return table


def save_sheet(shown: Sequence[Shown], output: Path) -> None:
    tiles = [
        Tile(one.picture, f"{i}. {one.question.text}", f"{one.expert}: {one.answer} ({one.verdict})", one.right)
        for i, one in enumerate(shown, start=1)
    ]
    output.parent.mkdir(parents=True, exist_ok=True)
    draw_sheet(tiles).save(output)
