"""Mixtures through the real engine are what PEFT makes of the same adapters and gates."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
import torch
import yaml
from openai import DefaultHttpxClient, OpenAI
from rich.console import Console

from molora.compat import mend_torch_companions

mend_torch_companions()

from peft import PeftModel  # noqa: E402
from transformers import AutoProcessor, Qwen2VLForConditionalGeneration  # noqa: E402

from molora.benchmarks import serving  # noqa: E402
from molora.benchmarks.messages import ask  # noqa: E402
from molora.benchmarks.questions import ONE_TYPE, Example, make_examples  # noqa: E402

pytestmark = pytest.mark.engine

DEMO = Path("molora/adapters/demo")
EXPERTS = ("spatial", "quantity", "physical", "social")
EXAMPLES = list(make_examples(773, 12, ONE_TYPE))
MIXTURES: list[dict[str, float]] = [
    {"spatial": 0.7, "social": 0.3},
    {"quantity": 1.3, "physical": -0.4},
    {"spatial": 0.1, "quantity": 0.2, "physical": 0.3, "social": 0.4},
    {"physical": 0.3},
    {"social": 1.5},
    {"social": 1.0},
]


@pytest.fixture(scope="module")
def reference() -> PeftModel:
    model = Qwen2VLForConditionalGeneration.from_pretrained(DEMO / "backbone", dtype=torch.float32)
    tuned = PeftModel.from_pretrained(model, DEMO / EXPERTS[0], adapter_name=EXPERTS[0])
    for name in EXPERTS[1:]:
        tuned.load_adapter(DEMO / name, adapter_name=name)
    return tuned.eval()


@pytest.fixture(scope="module")
def processor() -> Any:
    return AutoProcessor.from_pretrained(DEMO / "backbone")


def answer(client: OpenAI, example: Example, gates: Mapping[str, float], **options: Any) -> Any:
    messages: Any = ask(example)
    body = {"routing": {"gates": gates}} if gates else {}
    options = {"temperature": 0, "max_tokens": 4} | options
    return client.chat.completions.create(
        model="auto" if gates else "base", messages=messages, extra_body=body, **options
    )


def tokens(completion: Any) -> list[tuple[str, dict[str, float]]]:
    """Each answer token with the log-probabilities of the likeliest ones."""
    return [
        (one.token, {t.token: t.logprob for t in one.top_logprobs}) for one in completion.choices[0].logprobs.content
    ]


@torch.inference_mode()
def expected(
    reference: PeftModel, processor: Any, example: Example, gates: Mapping[str, float], said: str
) -> torch.Tensor:
    """Log-probabilities [said tokens, vocabulary] by PEFT's concatenated adapter."""
    reference.set_adapter(EXPERTS[0])
    if "mixture" in reference.peft_config:
        reference.delete_adapter("mixture")
    reference.add_weighted_adapter(list(gates), list(gates.values()), "mixture", combination_type="cat")
    reference.set_adapter("mixture")
    parts = [{"type": "image"}, {"type": "text", "text": example.question.text}]
    asked = processor.apply_chat_template([{"role": "user", "content": parts}], add_generation_prompt=True)
    inputs = processor(text=[asked + said], images=[example.scene.render()], return_tensors="pt")
    num = len(processor.tokenizer(said).input_ids)
    logits: torch.Tensor = reference(**inputs).logits[0, -num - 1 : -1]
    return logits.log_softmax(-1)


@pytest.mark.parametrize("gates", MIXTURES, ids=str)
def test_logprobs_are_those_of_pefts_weighted_adapter(
    client: OpenAI, reference: PeftModel, processor: Any, gates: dict[str, float]
) -> None:
    for example in EXAMPLES[:3]:
        served = tokens(answer(client, example, gates, logprobs=True, top_logprobs=5))
        said = "".join(token for token, _ in served)
        wanted = expected(reference, processor, example, gates, said)
        ids = processor.tokenizer(said).input_ids
        for (token, likeliest), row, number in zip(served, wanted, ids, strict=False):
            assert processor.tokenizer.decode([number]) == token
            assert row[number].item() == pytest.approx(likeliest[token], abs=1e-3)


def test_a_batch_of_all_kinds_is_answered_as_its_requests_alone(client: OpenAI) -> None:
    kinds: list[dict[str, float]] = [*MIXTURES, {}, *({name: 1.0} for name in EXPERTS)]
    asked = [(example, gates) for example in EXAMPLES[:4] for gates in kinds]

    def logprobs(one: tuple[Example, dict[str, float]]) -> list[tuple[str, float]]:
        completion = answer(client, *one, logprobs=True)
        return [(t.token, t.logprob) for t in completion.choices[0].logprobs.content]

    alone = [logprobs(one) for one in asked]
    with ThreadPoolExecutor(len(asked)) as threads:
        together = list(threads.map(logprobs, asked))
    for one, other in zip(alone, together, strict=True):
        assert [token for token, _ in one] == [token for token, _ in other]
        assert [p for _, p in one] == pytest.approx([p for _, p in other], abs=1e-4)


def test_two_hundred_mixtures_at_once_are_all_answered(client: OpenAI) -> None:
    gates = [{"spatial": k / 200, "social": 1 - k / 200} for k in range(1, 200)]
    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(lambda one: answer(client, EXAMPLES[0], one), gates))
    assert [one.model_extra["routing"]["gates"] for one in answers] == gates
    assert answers[0].choices[0].message.content == answer(client, EXAMPLES[0], gates[0]).choices[0].message.content


@pytest.mark.parametrize("mode", ["top2", "soft"])
def test_the_router_mixes(client: OpenAI, mode: str) -> None:
    messages: Any = ask(EXAMPLES[0])
    routed = client.chat.completions.create(model="auto", messages=messages, extra_body={"routing": {"mode": mode}})
    decision = (routed.model_extra or {})["routing"]
    assert decision["mode"] == mode
    assert len(decision["gates"]) == (2 if mode == "top2" else 4)
    assert sum(decision["gates"].values()) == pytest.approx(1)
    assert routed.model == max(decision["gates"], key=decision["gates"].__getitem__)


def test_a_mixture_streams(client: OpenAI) -> None:
    gates = MIXTURES[0]
    messages: Any = ask(EXAMPLES[0])
    body = {"routing": {"gates": gates}}
    stream: Any = client.chat.completions.create(
        model="auto",
        messages=messages,
        temperature=0,
        max_tokens=4,
        stream=True,
        extra_body=body,
    )
    chunks = list(stream)
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert said == answer(client, EXAMPLES[0], gates).choices[0].message.content
    assert {chunk.model for chunk in chunks} == {"spatial"}


LONG = "How many red boxes are left of the blue ball, and how many people look at them? " * 25
"""Several blocks of the prefix cache."""


def num_hits(server_url: str) -> float:
    """Tokens that were found in the prefix cache so far."""
    metrics = httpx.get(f"{server_url}/metrics", trust_env=False).text
    lines = [line for line in metrics.splitlines() if line.startswith("vllm:prefix_cache_hits_total")]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


def test_the_prefix_cache_is_shared_by_equal_gates_alone(client: OpenAI, server_url: str) -> None:
    def hits(gates: Mapping[str, float]) -> float:
        before = num_hits(server_url)
        client.chat.completions.create(
            model="auto",
            messages=[{"role": "user", "content": LONG}],
            max_tokens=1,
            extra_body={"routing": {"gates": gates}},
        )
        return num_hits(server_url) - before

    gates = {"spatial": 0.6, "social": 0.4}
    nearly = {"spatial": 0.6, "social": 0.4000000000000001}
    assert hits(gates) == 0
    assert hits(nearly) == 0
    assert hits(dict(reversed(gates.items()))) > 0
    assert hits({"spatial": 1.0}) == 0


def test_what_else_a_request_may_ask_for_goes_with_mixtures(client: OpenAI) -> None:
    gates, example = MIXTURES[0], EXAMPLES[0]
    said = answer(client, example, gates).choices[0].message.content
    several = answer(client, example, gates, n=2, temperature=1e-3)  # vLLM wants n = 1 where nothing is drawn
    assert [choice.message.content for choice in several.choices] == [said, said]
    messages: Any = ask(example)
    options: dict[str, Any] = {"routing": {"gates": gates}, "structured_outputs": {"choice": ["maybe", "never"]}}
    guided = client.chat.completions.create(model="auto", messages=messages, temperature=0, extra_body=options)
    assert guided.choices[0].message.content in ("maybe", "never")
    options = {"routing": {"gates": gates}, "prompt_logprobs": 1}
    told = client.chat.completions.create(model="auto", messages=messages, max_tokens=1, extra_body=options)
    assert len((told.model_extra or {})["prompt_logprobs"]) == told.usage.prompt_tokens  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def tight(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenAI]:
    """A server with two slots for its four experts, and few tokens a step, so that prompts come in chunks."""
    folder = tmp_path_factory.mktemp("tight")
    body = yaml.safe_load(Path("configs/demo.yaml").read_text())
    body["engine"] |= {"model": str(DEMO.absolute() / "backbone"), "max_loras": 2}
    body["engine"]["options"] |= {"max_num_batched_tokens": 256, "max_num_seqs": 16}
    for name in EXPERTS:
        body["experts"][name]["adapter"] = str(DEMO.absolute() / name)
    body["router"]["head"] = str(Path("molora/router/demo/head.safetensors").absolute())
    config = folder / "tight.yaml"
    config.write_text(yaml.safe_dump(body))
    with (
        serving.running(serving.molora_command(config), folder / "molora.log", Console(quiet=True)) as server,
        DefaultHttpxClient(trust_env=False) as http,
    ):
        yield OpenAI(base_url=f"{server.url}/v1", api_key="none", http_client=http, max_retries=0, timeout=600)


def test_more_adapters_than_slots_take_turns(client: OpenAI, tight: OpenAI) -> None:
    pairs = [{one: 0.6, other: 0.5} for one in EXPERTS for other in EXPERTS if one != other]
    kinds: list[dict[str, float]] = [*pairs, {}, *({name: 1.0} for name in EXPERTS)]
    asked = [(example, gates) for example in EXAMPLES[:3] for gates in kinds]
    with ThreadPoolExecutor(len(asked)) as threads:
        answers = list(threads.map(lambda one: answer(tight, *one).choices[0].message.content, asked))
    assert answers == [answer(client, *one).choices[0].message.content for one in asked]


def test_more_gates_than_slots_are_refused_at_once(tight: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="4 experts at once") as caught:
        answer(tight, EXAMPLES[0], dict.fromkeys(EXPERTS, 0.25))
    assert caught.value.param == "routing.gates"
