"""Whether picture embeddings are worth handing to the engine: `molora bench handover`.

A deployment's engine, without server and router, answers the same questions about the same pictures twice: given the
pictures, and given their embeddings, made beforehand by a pass of our own through the whole vision tower. Every turn
has pictures of its own, and embeddings never hit what pictures have left in a cache: nothing is found there.
"""

import asyncio
import itertools
import random
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import torch
from PIL.Image import Image
from rich.console import Console
from rich.progress import track
from torch import Tensor
from transformers import AutoModel
from vllm import SamplingParams
from vllm.inputs import TextPrompt
from vllm.renderers.inputs.preprocess import parse_model_prompt
from vllm.sampling_params import RequestOutputKind
from vllm.v1.engine.async_llm import AsyncLLM

from molora.benchmarks.handover_report import Turn
from molora.benchmarks.questions import ONE_TYPE, make_examples
from molora.config import Config
from molora.engine.vllm_config import make_vllm_config, set_environment
from molora.router.encoders.fit import fit
from molora.router.encoders.loading import load_config, load_image_processor, load_model, naming
from molora.router.encoders.qwen_vl import cut_layers
from molora.router.encoders.torch_thread import one_torch_thread

SEED = 79_000_000


class Question(NamedTuple):
    text: str
    picture: Image


class Plan(NamedTuple):
    """Round 0 warms up and is not counted. With `pictures_first` the engine gets pictures before embeddings."""

    round: int
    num_tokens: int
    questions: Sequence[Question]
    pictures_first: bool


def plan_turns(num_rounds: int, batches: Sequence[int], lengths: Sequence[int], side: int) -> Iterator[Plan]:
    """In each round every size of batch and of answer takes its turn, with questions of its own, in shuffled order."""
    kinds = list(itertools.product(batches, lengths))
    for number in range(num_rounds + 1):
        rng = random.Random(number)
        for place, (batch, num_tokens) in enumerate(rng.sample(kinds, len(kinds))):
            examples = make_examples(SEED + len(kinds) * number + place, batch, ONE_TYPE)
            questions = [Question(e.question.text, e.scene.render().resize((side, side))) for e in examples]
            yield Plan(number, num_tokens, questions, rng.random() < 0.5)


def fixed_size(side: int) -> dict[str, int]:
    """An image processor's `size` by which square pictures with this side stay as they are."""
    return {"shortest_edge": side * side, "longest_edge": side * side}


def taking_embeddings(config: Config, side: int) -> Config:
    """The deployment with an engine that takes embeddings as well as pictures."""
    more = {"enable_mm_embeds": True, "mm_processor_kwargs": {"size": fixed_size(side)}}
    engine = config.engine.model_copy(update={"options": config.engine.options | more})
    return config.model_copy(update={"engine": engine})


class Tower:
    """The whole of a Qwen-VL's vision tower, of which the router's encoder runs half: in float32, on one thread of the
    CPU, as there."""

    def __init__(self, folder: Path, side: int, *, trained: bool) -> None:
        """Raises ConfigError. Without trained weights it has random ones."""
        with naming("image", folder):
            config = cut_layers(load_config(folder), 1)
            model = load_model(folder, config) if trained else AutoModel.from_config(config, dtype=torch.float32).eval()
            model.language_model = None
            self._model, self._processor, self._size = model, load_image_processor(folder), fixed_size(side)

    def embed(self, pictures: Sequence[Image]) -> list[dict[str, Tensor]]:
        """Of each picture what vLLM takes in its place."""
        with one_torch_thread(), torch.inference_mode():
            inputs = self._processor(images=list(map(fit, pictures)), size=self._size, return_tensors="pt")
            seen = self._model.get_image_features(**inputs).pooler_output
        grids = inputs["image_grid_thw"].split(1)
        return [{"image_embeds": tokens, "image_grid_thw": grid} for tokens, grid in zip(seen, grids, strict=True)]


async def measure(config: Config, plans: Sequence[Plan], side: int, console: Console) -> list[Turn]:
    async with running_engine(taking_embeddings(config, side)) as client:
        tower = Tower(Path(config.engine.model), side, trained=is_trained(config))
        turns = [
            await take_turn(client, tower, plan) for plan in track(plans, "turns", console=console, transient=True)
        ]
    return [turn for turn in turns if turn.round > 0]


def is_trained(config: Config) -> bool:
    """Whether the backbone's weights are on disk, not made up."""
    return config.engine.options.get("load_format") != "dummy"


@asynccontextmanager
async def running_engine(config: Config) -> AsyncIterator[AsyncLLM]:
    set_environment(config)
    client = await asyncio.to_thread(AsyncLLM.from_vllm_config, make_vllm_config(config))
    try:
        yield client
    finally:
        await asyncio.to_thread(client.shutdown)


async def take_turn(client: AsyncLLM, tower: Tower, plan: Plan) -> Turn:
    pictures = [question.picture for question in plan.questions]
    started = time.perf_counter()
    embedded = tower.embed(pictures)
    tower_s = time.perf_counter() - started
    arms: dict[bool, Sequence[Any]] = {True: pictures, False: embedded}
    asked = {arm: await ask_all(client, plan, arms[arm]) for arm in sorted(arms, reverse=plan.pictures_first)}
    (pictures_s, by_pictures), (embeddings_s, by_embeddings) = asked[True], asked[False]
    num_same = sum(a == b for a, b in zip(by_pictures, by_embeddings, strict=True))
    return Turn(plan.round, len(pictures), plan.num_tokens, pictures_s, embeddings_s, tower_s, num_same)


async def ask_all(client: AsyncLLM, plan: Plan, seen: Sequence[Any]) -> tuple[float, list[list[int]]]:
    """Seconds from the first request to the last answer, and the answers. `seen`: pictures, or their embeddings."""
    started = time.perf_counter()
    pairs = zip(plan.questions, seen, strict=True)
    answers = await asyncio.gather(*(ask(client, question.text, image, plan.num_tokens) for question, image in pairs))
    return time.perf_counter() - started, answers


async def ask(client: AsyncLLM, text: str, image: Any, num_tokens: int) -> list[int]:
    """Rendered as for vLLM's chat route. The greedy answer's tokens."""
    content = [{"type": "image"}, {"type": "text", "text": text}]
    chat = [{"role": "user", "content": content}]
    asked = client.get_tokenizer().apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    prompt = TextPrompt(prompt=asked, multi_modal_data={"image": image})
    parsed = parse_model_prompt(client.model_config, prompt)
    (rendered,) = await client.renderer.render_cmpl_async([parsed], client.renderer.default_cmpl_tok_params)
    kind = RequestOutputKind.FINAL_ONLY
    params = SamplingParams(max_tokens=num_tokens, temperature=0, ignore_eos=True, detokenize=False, output_kind=kind)
    async for output in client.generate(rendered, params, uuid4().hex):
        answer = list(output.outputs[0].token_ids)
    return answer
