"""The whole path on the real engine, through the `openai` SDK: plain, streaming, manual, auto."""

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx
import openai
import pytest
from openai import OpenAI
from openai.types.chat import ChatCompletion

from molora.benchmarks.messages import ask as as_messages
from molora.benchmarks.metrics import is_right
from molora.benchmarks.questions import ONE_TYPE, Example, make_examples
from molora.benchmarks.serving import ServerProcess

pytestmark = pytest.mark.engine

EXPERTS = ("spatial", "quantity", "physical", "social")
MODELS = ("base", *EXPERTS)
EXAMPLES = list(make_examples(991, 24, ONE_TYPE))


def complete(client: OpenAI, model: str, example: Example, **options: Any) -> ChatCompletion:
    messages: Any = as_messages(example)
    options = {"temperature": 0, "max_tokens": 8} | options
    return client.chat.completions.create(model=model, messages=messages, **options)


def text(completion: ChatCompletion) -> str:
    return completion.choices[0].message.content or ""


def routing(answer: Any) -> dict[str, Any]:
    decision: dict[str, Any] = answer.model_extra["routing"]
    return decision


def test_auto_answers_as_the_chosen_expert_does(client: OpenAI) -> None:
    for example in EXAMPLES[:8]:
        routed = complete(client, "auto", example)
        assert routed.model in EXPERTS
        assert routing(routed)["gates"] == {routed.model: 1.0}
        assert text(routed) == text(complete(client, routed.model, example))


def test_most_questions_find_their_expert_and_their_answer(client: OpenAI) -> None:
    answers = [complete(client, "auto", example) for example in EXAMPLES]
    pairs = list(zip(answers, EXAMPLES, strict=True))
    assert sum(answer.model == example.question.kinds[0] for answer, example in pairs) >= 0.9 * len(EXAMPLES)
    assert sum(is_right(text(answer), example.question.answer) for answer, example in pairs) >= 0.75 * len(EXAMPLES)


def test_answers_come_from_the_picture(client: OpenAI) -> None:
    """About its own picture a question is answered right more often than about another one."""
    examples = list(make_examples(992, 40, [("physical",), ("social",)]))
    swapped = [replace(e, scene=other.scene) for e, other in zip(examples, examples[1:] + examples[:1], strict=True)]
    assert num_right(client, examples) >= num_right(client, swapped) + 8


def num_right(client: OpenAI, examples: Sequence[Example]) -> int:
    return sum(is_right(text(complete(client, "auto", example)), example.question.answer) for example in examples)


def test_experts_answer_otherwise_than_the_backbone(client: OpenAI) -> None:
    answers = {model: [text(complete(client, model, example)) for example in EXAMPLES[:8]] for model in MODELS}
    for expert in EXPERTS:
        assert answers[expert] != answers["base"]


def test_a_mixed_batch_is_answered_as_its_requests_alone(client: OpenAI) -> None:
    asked = [(model, example) for example in EXAMPLES[:6] for model in MODELS]
    alone = [text(complete(client, *one)) for one in asked]
    with ThreadPoolExecutor(len(asked)) as threads:
        together = list(threads.map(lambda one: text(complete(client, *one)), asked))
    assert together == alone


def test_a_stream_says_the_same_and_begins_with_the_decision(client: OpenAI) -> None:
    plain = complete(client, "auto", EXAMPLES[0])
    messages: Any = as_messages(EXAMPLES[0])
    chunks = list(
        client.chat.completions.create(
            model="auto",
            messages=messages,
            temperature=0,
            max_tokens=8,
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    assert routing(chunks[0])["gates"] == routing(plain)["gates"]
    assert not any("routing" in (chunk.model_extra or {}) for chunk in chunks[1:])
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == text(plain)
    assert chunks[-1].usage == plain.usage


def test_headers_tell_the_decision(client: OpenAI) -> None:
    messages: Any = as_messages(EXAMPLES[0])
    raw = client.chat.completions.with_raw_response.create(model="auto", messages=messages, max_tokens=1)
    decision = routing(raw.parse())
    assert raw.headers["x-molora-expert"] in decision["gates"]
    assert raw.headers["x-molora-source"] == "router"
    assert float(raw.headers["x-molora-confidence"]) == pytest.approx(decision["confidence"], abs=1e-4)
    assert float(raw.headers["x-molora-router-ms"]) >= 0


def test_gates_by_hand_choose_the_expert(client: OpenAI) -> None:
    by_hand = complete(client, "auto", EXAMPLES[0], extra_body={"routing": {"gates": {"social": 1.0}}})
    assert (by_hand.model, routing(by_hand)["source"]) == ("social", "manual")
    assert text(by_hand) == text(complete(client, "social", EXAMPLES[0]))


def test_allow_and_deny_bound_the_router(client: OpenAI) -> None:
    chosen = complete(client, "auto", EXAMPLES[0]).model
    denied = complete(client, "auto", EXAMPLES[0], extra_body={"routing": {"deny": [chosen]}})
    assert denied.model != chosen
    allowed = complete(client, "auto", EXAMPLES[0], extra_body={"routing": {"allow": ["physical"]}})
    assert (allowed.model, routing(allowed)["probabilities"]) == ("physical", {"physical": 1.0})


def test_questions_without_a_picture_are_answered(client: OpenAI) -> None:
    messages: Any = [{"role": "user", "content": "How many balls are there?"}]
    assert client.chat.completions.create(model="auto", messages=messages, max_tokens=4).choices


def test_vllms_own_features_pass_through(client: OpenAI) -> None:
    answer = complete(client, "auto", EXAMPLES[0], n=2, logprobs=True, top_logprobs=3, temperature=1, seed=7)
    assert len(answer.choices) == 2
    assert answer.choices[0].logprobs
    assert answer.choices[0].logprobs.content
    shape = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"enum": ["left", "right"]}}}
    assert json.loads(text(complete(client, "auto", EXAMPLES[0], response_format=shape))) in ("left", "right")


def test_models_are_listed(client: OpenAI) -> None:
    cards = client.models.list().data
    assert [card.id for card in cards] == ["auto", *MODELS]
    digests = {card.model_dump().get("digest") for card in cards if card.id in EXPERTS}
    assert len(digests) == len(EXPERTS)


def test_the_sdk_tells_refusals_apart(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as unknown:
        complete(client, "nobody", EXAMPLES[0])
    assert unknown.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as refused:
        complete(client, "auto", EXAMPLES[0], n=0)
    assert (refused.value.param, refused.value.type) == ("n", "invalid_request_error")


def test_questions_are_routed_in_batches(server_url: str) -> None:
    queries = [{"question": example.question.text} for example in EXAMPLES]
    with httpx.Client(trust_env=False, timeout=600) as http:
        data = http.post(f"{server_url}/v1/route", json={"queries": queries}).json()["data"]
    experts = [next(iter(decision["gates"])) for decision in data]
    right = sum(expert == example.question.kinds[0] for expert, example in zip(experts, EXAMPLES, strict=True))
    assert right >= 0.9 * len(EXAMPLES)


def log_line(server: ServerProcess, request_id: str) -> dict[str, Any]:
    """The one that the request leaves, right after its end."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        texts = server.log.read_text(errors="replace").splitlines()
        lines = [json.loads(text) for text in texts if text.startswith("{") and text.endswith("}")]
        if named := [line for line in lines if line.get("request_id") == request_id]:
            (line,) = named
            return dict(line)
        time.sleep(0.1)
    raise AssertionError("no line was written")


def test_a_request_is_found_in_the_log_by_its_name(client: OpenAI, server: ServerProcess) -> None:
    messages: Any = as_messages(EXAMPLES[0])
    named = {"x-request-id": "found-in-the-log"}
    raw = client.chat.completions.with_raw_response.create(
        model="auto", messages=messages, max_tokens=4, extra_headers=named
    )
    answer = raw.parse()
    assert raw.headers["x-request-id"] == "found-in-the-log"
    assert answer.id == "chatcmpl-found-in-the-log"
    line = log_line(server, "found-in-the-log")
    assert answer.usage
    assert line["expert"] == answer.model
    assert line["prompt_tokens"] == answer.usage.prompt_tokens
    assert line["completion_tokens"] == answer.usage.completion_tokens
    assert (line["status"], line["source"], line["pictures"]) == (200, "router", 1)
    assert "HTTP/1.1" not in server.log.read_text(errors="replace")  # as in a second line, the web server's own


def test_a_streams_tokens_are_logged_whether_its_client_asks_or_stays(client: OpenAI, server: ServerProcess) -> None:
    two: dict[str, Any] = {"temperature": 1, "n": 2, "extra_body": {"ignore_eos": True}}
    plain = complete(client, "auto", EXAMPLES[0], **two)
    assert plain.usage
    options: dict[str, Any] = {"model": "auto", "messages": as_messages(EXAMPLES[0]), "max_tokens": 8, **two}
    options |= {"stream": True}
    list(client.chat.completions.create(**options, extra_headers={"x-request-id": "a-stream"}))
    line = log_line(server, "a-stream")
    assert (line["prompt_tokens"], line["completion_tokens"]) == (plain.usage.prompt_tokens, 16)
    assert plain.usage.completion_tokens == 16
    assert line["ttft_ms"] <= line["duration_ms"]
    options |= {"n": 1, "max_tokens": 900}
    line = cut_short(client, server, options)
    assert line["prompt_tokens"] == plain.usage.prompt_tokens
    assert 0 < line["completion_tokens"] < 900


def cut_short(client: OpenAI, server: ServerProcess, options: dict[str, Any]) -> dict[str, Any]:
    """The log's line of a stream whose client left. The engine may keep this process from the processor until the
    stream has ended."""
    for number in range(5):
        name = f"cut-short-{number}"
        with client.chat.completions.create(**options, extra_headers={"x-request-id": name}) as chunks:
            for _ in zip(range(4), chunks, strict=False):
                pass
        line = log_line(server, name)
        if line.get("disconnected"):
            return line
    pytest.fail("no stream was seen to be cut short")


def test_requests_of_one_name_at_once_are_each_answered(client: OpenAI) -> None:
    named: dict[str, Any] = {"extra_headers": {"x-request-id": "twice"}}
    alone = [text(complete(client, model, EXAMPLES[0])) for model in MODELS]
    with ThreadPoolExecutor(len(MODELS)) as threads:
        together = list(threads.map(lambda model: complete(client, model, EXAMPLES[0], **named), MODELS))
    assert [text(answer) for answer in together] == alone
    assert {answer.id for answer in together} == {"chatcmpl-twice"}
