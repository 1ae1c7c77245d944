"""Annotation over real HTTP, with the official SDK."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from molora.errors import ConfigError
from molora.router.annotation.annotate import MAX_REFUSED, MAX_RETRIES, Annotator, annotate, open_client
from molora.router.annotation.annotations import LabelFile, Question
from molora.router.cli import app
from molora.router.training.rows import BadRows, read_samples
from tests.pictures import data_url, png
from tests.router.annotation.annotator import FakeAnnotator, serving

EXPERTS = {"spatial": "Where things are.", "social": "Who feels what."}
QUESTIONS = [Question("Who is sad?"), Question("Where is he?"), Question("Why?")]
Label = Callable[..., Awaitable[int]]


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "labels.jsonl"


@pytest.fixture
def label(output: Path) -> Label:
    """Labels by a server; the number of questions refused."""

    async def run(server: FakeAnnotator, questions: Sequence[Question] = QUESTIONS, concurrency: int = 1) -> int:
        async with serving(server) as url, open_client(url) as client:
            annotator = Annotator(client, "judge", EXPERTS)
            return await annotate(questions, LabelFile(output, "judge"), annotator, concurrency, lambda *_: None)

    return run


def rows(output: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.read_text().splitlines()]


def experts(output: Path) -> dict[str, str]:
    return {row["question"]: row["expert"] for row in rows(output)}


def cut_off(output: Path) -> list[dict[str, Any]]:
    """As if the last row had not been written to its end; the rows before."""
    whole = rows(output)
    output.write_bytes(output.read_bytes()[:-5])
    return whole


async def test_every_question_gets_the_expert_the_model_names(label: Label, output: Path) -> None:
    server = FakeAnnotator({"Where is he?": '{"expert": "spatial"}'})
    assert await label(server) == 0
    assert rows(output)[1] == {"question": "Where is he?", "expert": "spatial", "model": "judge"}
    assert experts(output) == {"Who is sad?": "social", "Where is he?": "spatial", "Why?": "social"}


async def test_the_model_is_told_of_the_experts_and_held_to_their_names(label: Label) -> None:
    server = FakeAnnotator()
    await label(server)
    system, user = server.bodies[0]["messages"]
    assert "- spatial: Where things are.\n- social: Who feels what." in system["content"]
    assert user == {"role": "user", "content": "Who is sad?"}
    schema = server.bodies[0]["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["expert"]["enum"] == ["spatial", "social"]
    assert server.bodies[0]["model"] == "judge"


async def test_a_picture_goes_along_and_its_path_fits_the_file_of_labels(
    label: Label, output: Path, tmp_path: Path
) -> None:
    picture = tmp_path / "photos" / "1.png"
    picture.parent.mkdir()
    picture.write_bytes(png())
    server = FakeAnnotator()
    await label(server, [Question("Who is sad?", picture)])
    first, _ = server.bodies[0]["messages"][-1]["content"]
    assert first == {"type": "image_url", "image_url": {"url": data_url(png())}}
    assert rows(output)[0]["image"] == "photos/1.png"
    assert LabelFile(output, "judge").labels == {Question("Who is sad?", picture): "social"}


async def test_the_key_is_the_environments(label: Label, monkeypatch: pytest.MonkeyPatch) -> None:
    server = FakeAnnotator()
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    await label(server, QUESTIONS[:1])
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    await label(server, QUESTIONS[1:2])
    assert server.keys == ["Bearer none", "Bearer sk-1"]


async def test_an_answer_that_names_no_expert_is_kept_as_it_is(label: Label, output: Path) -> None:
    await label(FakeAnnotator({"Why?": "Hard to say; social or spatial."}))
    assert rows(output)[2] == {
        "question": "Why?",
        "expert": None,
        "model": "judge",
        "answer": "Hard to say; social or spatial.",
    }
    assert LabelFile(output, "judge").labels[Question("Why?")] is None


async def test_training_reads_the_labels_and_leaves_out_what_nobody_knew(label: Label, output: Path) -> None:
    await label(FakeAnnotator({"Why?": "?"}))
    samples = read_samples([output], tuple(EXPERTS), BadRows(0), looks=False)
    assert [(sample.query.text, sample.targets) for sample in samples] == [
        ("Who is sad?", {"social": 1.0}),
        ("Where is he?", {"social": 1.0}),
    ]


async def test_what_is_labelled_is_not_asked_again(label: Label) -> None:
    server = FakeAnnotator({"Why?": "?"})
    await label(server)
    await label(server, [*QUESTIONS, Question("Who is glad?")])
    assert server.asked == ["Who is sad?", "Where is he?", "Why?", "Who is glad?"]


async def test_a_run_that_is_ended_midway_goes_on_where_it_was(label: Label, output: Path) -> None:
    server = FakeAnnotator(held=("Where is he?",))
    run = asyncio.ensure_future(label(server))
    await server.crowded.wait()
    run.cancel()
    await asyncio.wait([run])
    assert run.cancelled()
    assert experts(output) == {"Who is sad?": "social"}
    server.free.set()
    await label(server)
    assert list(experts(output)) == ["Who is sad?", "Where is he?", "Why?"]
    assert server.asked.count("Who is sad?") == 1


async def test_a_row_that_was_cut_off_is_asked_for_anew(label: Label, output: Path) -> None:
    server = FakeAnnotator()
    await label(server)
    whole = cut_off(output)
    await label(server)
    assert rows(output) == whole
    assert server.asked[3:] == ["Why?"]


@pytest.mark.parametrize("status", [429, 503])
async def test_a_busy_server_is_asked_again(label: Label, output: Path, status: int) -> None:
    server = FakeAnnotator(failures=[status, status])
    assert await label(server) == 0
    assert server.asked == ["Who is sad?"] * 3 + ["Where is he?", "Why?"]
    assert len(experts(output)) == 3


async def test_a_server_that_stays_busy_ends_the_run_and_the_labels_so_far_are_kept(label: Label, output: Path) -> None:
    server = FakeAnnotator()
    await label(server, QUESTIONS[:1])
    server.failures = [429] * (MAX_RETRIES + 1)
    with pytest.raises(ConfigError, match=r"judge cannot be asked: .*429.*kept"):
        await label(server)
    assert experts(output) == {"Who is sad?": "social"}


async def test_no_more_are_asked_at_once_than_allowed(label: Label, output: Path) -> None:
    many = [Question(f"Who is number {number}?") for number in range(12)]
    server = FakeAnnotator(held=tuple(question.text for question in many), crowd=3)
    run = asyncio.ensure_future(label(server, many, concurrency=3))
    await server.crowded.wait()
    server.free.set()
    await run
    assert server.max_in_flight == 3
    assert len(rows(output)) == 12


@pytest.mark.parametrize("unknown", [("response_format",), ("temperature",), ("response_format", "temperature")])
async def test_fields_the_server_does_not_take_are_left_out_from_then_on(
    label: Label, output: Path, unknown: tuple[str, ...]
) -> None:
    server = FakeAnnotator(unknown_fields=unknown)
    assert await label(server) == 0
    assert len(experts(output)) == 3
    assert not any(name in body for body in server.bodies[-2:] for name in unknown)
    assert server.asked[-2:] == ["Where is he?", "Why?"]
    assert server.asked.count("Where is he?") == 1
    assert ("response_format" in server.bodies[-1]) == ("response_format" not in unknown)


async def test_a_question_that_is_refused_stays_unlabelled(label: Label, output: Path) -> None:
    server = FakeAnnotator(failures=[400] * 4)
    assert await label(server) == 1
    assert list(experts(output)) == ["Where is he?", "Why?"]


async def test_a_server_that_refuses_whatever_is_asked_ends_the_run(label: Label) -> None:
    many = [Question(f"Who is number {number}?") for number in range(2 * MAX_REFUSED)]
    server = FakeAnnotator(unknown_fields=("model",))
    with pytest.raises(ConfigError, match="400"):
        await label(server, many)
    assert len(set(server.asked)) == MAX_REFUSED + 1


async def test_another_models_file_is_left_alone(label: Label, output: Path) -> None:
    await label(FakeAnnotator())
    with pytest.raises(ConfigError, match=r"labels\.jsonl:1: a label by judge"):
        LabelFile(output, "other")


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    """Of the command, without the endpoint."""
    (tmp_path / "questions.jsonl").write_text('{"question": "Who?"}\n{"question": "Who?"}\n{"question": "Why?"}\n')
    (tmp_path / "experts.yaml").write_text("spatial: Where things are.\nsocial: Who feels what.\n")
    files = [str(tmp_path / name) for name in ("questions.jsonl", "labels.jsonl")]
    return [*files, "--model", "judge", "--experts", str(tmp_path / "experts.yaml")]


async def test_the_command_tells_what_it_labelled(arguments: list[str]) -> None:
    async with serving(FakeAnnotator({"Why?": "?"})) as url:
        command = ["annotate", *arguments, "--base-url", url]
        result = await asyncio.to_thread(CliRunner().invoke, app, command, catch_exceptions=False)
    told = json.loads(result.stdout.splitlines()[-1])
    assert told.pop("seconds") > 0
    assert told == {
        "model": "judge",
        "num_labelled": 2,
        "num_refused": 0,
        "num_questions": 2,
        "num_unclear": 1,
        "experts": {"social": 1},
    }
