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

from peft import LoraConfig, PeftModel, get_peft_model  # noqa: E402
from safetensors.torch import load_file  # noqa: E402
from transformers import AutoProcessor, Qwen2VLForConditionalGeneration  # noqa: E402

from molora.benchmarks import serving  # noqa: E402
from molora.benchmarks.messages import ask  # noqa: E402
from molora.benchmarks.questions import ONE_TYPE, Example, make_examples  # noqa: E402

pytestmark = pytest.mark.engine

DEMO = Path("molora/adapters/demo")
EXPERTS = ("spatial", "quantity", "physical", "social")
DEMO_ADAPTERS = {name: DEMO / name for name in EXPERTS}
EXAMPLES = list(make_examples(773, 12, ONE_TYPE))
MIXTURES: list[dict[str, float]] = [
    {"spatial": 0.7, "social": 0.3},
    {"quantity": 1.3, "physical": -0.4},
    {"spatial": 0.1, "quantity": 0.2, "physical": 0.3, "social": 0.4},
    {"physical": 0.3},
    {"social": 1.5},
    {"social": 1.0},
]
TOWER = ("qkv", "fc1", "fc2", "mlp.0", "mlp.2")
"""Layers of the vision tower and its merger."""
ROUNDING = 2e-5
"""Of the server's float32, in a log-probability."""


def load_backbone() -> Qwen2VLForConditionalGeneration:
    return Qwen2VLForConditionalGeneration.from_pretrained(DEMO / "backbone", dtype=torch.float64).eval()


@pytest.fixture(scope="module")
def reference() -> PeftModel:
    """In float64, so that what differs is the server's rounding."""
    first, *others = EXPERTS
    tuned = PeftModel.from_pretrained(load_backbone(), DEMO / first, adapter_name=first)
    for name in others:
        tuned.load_adapter(DEMO / name, adapter_name=name)
    return tuned.double().eval()


@pytest.fixture(scope="module")
def processor() -> Any:
    return AutoProcessor.from_pretrained(DEMO / "backbone")


def answer(client: OpenAI, example: Example, gates: Mapping[str, float], **options: Any) -> Any:
    messages: Any = ask(example)
    body = {"routing": {"gates": gates}} if gates else {}
    options = {"temperature": 0, "max_tokens": 4} | options
    body |= options.pop("extra_body", {})
    return client.chat.completions.create(
        model="auto" if gates else "base", messages=messages, extra_body=body, **options
    )


def tokens(completion: Any) -> list[tuple[str, dict[str, float]]]:
    """Each answer token with the log-probabilities of the likeliest ones."""
    return [
        (one.token, {t.token: t.logprob for t in one.top_logprobs}) for one in completion.choices[0].logprobs.content
    ]


def mix(reference: PeftModel, gates: Mapping[str, float]) -> PeftModel:
    """PEFT's concatenated adapter."""
    reference.set_adapter(next(iter(gates)))
    if "mixture" in reference.peft_config:
        reference.delete_adapter("mixture")
    reference.add_weighted_adapter(list(gates), list(gates.values()), "mixture", combination_type="cat")
    reference.set_adapter("mixture")
    return reference


def merge(folders: Mapping[str, Path], gates: Mapping[str, float]) -> Qwen2VLForConditionalGeneration:
    """W + the sum of g * scale * B A, by hand."""
    model = load_backbone()
    for name, gate in gates.items():
        config = LoraConfig.from_pretrained(folders[name])
        scale = config.lora_alpha / (config.r**0.5 if config.use_rslora else config.r)
        weights = load_file(folders[name] / "adapter_model.safetensors")
        for key in (key for key in weights if ".lora_A." in key):
            a, b = weights[key].double(), weights[key.replace(".lora_A.", ".lora_B.")].double()
            module = model.get_submodule(key.removeprefix("base_model.model.").removesuffix(".lora_A.weight"))
            module.weight.data += gate * scale * b @ a
    return model


@torch.inference_mode()
def expected(model: torch.nn.Module, processor: Any, example: Example, said: str) -> torch.Tensor:
    """Log-probabilities [said tokens, vocabulary]."""
    parts = [{"type": "image"}, {"type": "text", "text": example.question.text}]
    asked = processor.apply_chat_template([{"role": "user", "content": parts}], add_generation_prompt=True)
    inputs = processor(text=[asked + said], images=[example.scene.render()], return_tensors="pt")
    num = len(processor.tokenizer(said).input_ids)
    logits: torch.Tensor = model(**inputs).logits[0, -num - 1 : -1]
    return logits.log_softmax(-1)


def assert_served_as(
    model: torch.nn.Module, client: OpenAI, processor: Any, example: Example, gates: Mapping[str, float]
) -> None:
    served = tokens(answer(client, example, gates, logprobs=True, top_logprobs=5))
    said = "".join(token for token, _ in served)
    wanted = expected(model, processor, example, said)
    ids = processor.tokenizer(said).input_ids
    for (token, likeliest), row, number in zip(served, wanted, ids, strict=False):
        assert processor.tokenizer.decode([number]) == token
        assert row[number].item() == pytest.approx(likeliest[token], abs=ROUNDING)


@pytest.mark.parametrize("gates", MIXTURES, ids=str)
def test_logprobs_are_those_of_pefts_weighted_adapter(
    client: OpenAI, reference: PeftModel, processor: Any, gates: dict[str, float]
) -> None:
    for example in EXAMPLES[:3]:
        assert_served_as(mix(reference, gates), client, processor, example, gates)


@pytest.mark.parametrize("gates", MIXTURES[:3], ids=str)
def test_logprobs_are_those_of_a_merged_model(client: OpenAI, processor: Any, gates: dict[str, float]) -> None:
    model = merge(DEMO_ADAPTERS, gates)
    for example in EXAMPLES[:3]:
        assert_served_as(model, client, processor, example, gates)


def test_one_expert_at_full_strength_among_gates_of_zero_is_that_expert_bit_for_bit(client: OpenAI) -> None:
    for example in EXAMPLES[:3]:
        mixed = tokens(answer(client, example, {"social": 1.0, "spatial": 0.0}, logprobs=True, top_logprobs=5))
        assert mixed == tokens(answer(client, example, {"social": 1.0}, logprobs=True, top_logprobs=5))


def test_a_mixture_with_an_expert_that_is_not_there_is_refused_and_the_rest_of_the_batch_goes_on(
    client: OpenAI,
) -> None:
    asked = [MIXTURES[0], {"spatial": 0.5, "gone": 0.5}] * 8
    with ThreadPoolExecutor(len(asked)) as threads:
        futures = [threads.submit(answer, client, EXAMPLES[0], gates) for gates in asked]
    said = {future.result().choices[0].message.content for future in futures[::2]}
    assert said == {answer(client, EXAMPLES[0], MIXTURES[0]).choices[0].message.content}
    assert all(isinstance(future.exception(), openai.BadRequestError) for future in futures[1::2])


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
HITS = "vllm:prefix_cache_hits_total"


def series(client: OpenAI, metric: str) -> list[str]:
    """The lines of one of the server's metrics."""
    metrics = httpx.get(str(client.base_url.copy_with(path="/metrics")), trust_env=False).text
    return [line for line in metrics.splitlines() if line.startswith(metric)]


def count(client: OpenAI, metric: str) -> float:
    """The sum of one of the server's counters so far."""
    return sum(float(line.rsplit(" ", 1)[1]) for line in series(client, metric))


def test_many_mixtures_leave_one_series_of_the_adapters_that_run(client: OpenAI) -> None:
    for number in range(1, 6):
        answer(client, EXAMPLES[0], {"spatial": 1 / number, "social": 1.5})
    assert len(series(client, "vllm:lora_requests_info{")) == 1


def test_the_prefix_cache_is_shared_by_equal_gates_alone(client: OpenAI) -> None:
    def hits(gates: Mapping[str, float]) -> float:
        before = count(client, HITS)
        client.chat.completions.create(
            model="auto",
            messages=[{"role": "user", "content": LONG}],
            max_tokens=1,
            extra_body={"routing": {"gates": gates}},
        )
        return count(client, HITS) - before

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
def odd_adapters(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Other ranks, alphas and layers than the demo's, of the vision tower as well; rank-stabilised scaling.

    The last is by Kalajdzievski, 2023, arXiv:2312.03732.
    """
    folder = tmp_path_factory.mktemp("odd")
    configs = {
        "physical": LoraConfig(r=4, lora_alpha=3, use_rslora=True, target_modules=["q_proj", "v_proj"]),
        "social": LoraConfig(r=8, lora_alpha=4, target_modules=["gate_proj", "down_proj", "o_proj", *TOWER]),
    }
    torch.manual_seed(0)
    for name, config in configs.items():
        config.init_lora_weights = False  # B is not zero
        get_peft_model(load_backbone().float(), config).save_pretrained(folder / name)
    return {name: folder / name if name in configs else DEMO / name for name in EXPERTS}


@pytest.fixture(scope="module")
def tight(tmp_path_factory: pytest.TempPathFactory, odd_adapters: Mapping[str, Path]) -> Iterator[OpenAI]:
    """Two slots for four experts; few tokens a step, so that prompts come in chunks; room for five long answers."""
    folder = tmp_path_factory.mktemp("tight")
    body = yaml.safe_load(Path("configs/demo.yaml").read_text())
    body["engine"] |= {"model": str(DEMO.absolute() / "backbone"), "max_loras": 2}
    body["engine"]["options"] |= {"max_num_batched_tokens": 256, "max_num_seqs": 16}
    body["engine"]["options"] |= {"num_gpu_blocks_override": 16, "enable_prefix_caching": False}
    body["engine"]["options"] |= {"enable_tower_connector_lora": True}
    for name in EXPERTS:
        body["experts"][name]["adapter"] = str(odd_adapters[name].absolute())
    body["router"]["head"] = str(Path("molora/router/demo/head.safetensors").absolute())
    config = folder / "tight.yaml"
    config.write_text(yaml.safe_dump(body))
    with (
        serving.running(serving.molora_command(config), folder / "molora.log", Console(quiet=True)) as server,
        DefaultHttpxClient(trust_env=False) as http,
    ):
        yield OpenAI(base_url=f"{server.url}/v1", api_key="none", http_client=http, max_retries=0, timeout=600)


@pytest.mark.parametrize("gates", [{"physical": 0.7, "social": 0.6}, {"physical": 0.8, "spatial": 0.4}], ids=str)
def test_adapters_of_other_ranks_scalings_and_layers_mix(
    tight: OpenAI, odd_adapters: Mapping[str, Path], processor: Any, gates: dict[str, float]
) -> None:
    assert_served_as(merge(odd_adapters, gates), tight, processor, EXAMPLES[0], gates)


def test_more_adapters_than_slots_take_turns(tight: OpenAI) -> None:
    pairs = [{one: 0.6, other: 0.5} for one in EXPERTS for other in EXPERTS if one != other]
    kinds: list[dict[str, float]] = [*pairs, {}, *({name: 1.0} for name in EXPERTS)]
    asked = [(example, gates) for example in EXAMPLES[:3] for gates in kinds]
    with ThreadPoolExecutor(len(asked)) as threads:
        answers = list(threads.map(lambda one: answer(tight, *one).choices[0].message.content, asked))
    assert answers == [answer(tight, *one).choices[0].message.content for one in asked]


def test_mixtures_survive_preemption(tight: OpenAI) -> None:
    """Sixteen answers of 230 tokens, three blocks each at their ends, are more than the cache holds."""
    pairs = [{"spatial": k / 16, "social": 1 - k / 16} for k in range(1, 17)]

    def say(gates: Mapping[str, float]) -> str:
        said = answer(tight, EXAMPLES[0], gates, max_tokens=230, extra_body={"ignore_eos": True})
        return str(said.choices[0].message.content)

    before = count(tight, "vllm:num_preemptions_total")
    with ThreadPoolExecutor(len(pairs)) as threads:
        together = list(threads.map(say, pairs))
    assert count(tight, "vllm:num_preemptions_total") > before
    assert together == [say(gates) for gates in pairs]


def test_more_gates_than_slots_are_refused_at_once(tight: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="4 experts at once") as caught:
        answer(tight, EXAMPLES[0], dict.fromkeys(EXPERTS, 0.25))
    assert caught.value.param == "routing.gates"
