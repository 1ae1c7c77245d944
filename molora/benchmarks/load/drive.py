"""One arm's turn: its questions are sent by vLLM's load generator, and their time stamps come back."""

import contextlib
import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from molora.benchmarks.load.asker import BODIES, Asker, Heard
from molora.benchmarks.load.timing import Load, Timing
from molora.compat import mend_torch_companions
from molora.errors import Unavailable

BACKEND = "molora"
"""By which vLLM's load generator knows our request function."""
MAX_TOKENS = 16
"""Of an answer that may end by itself."""


@dataclass(frozen=True)
class Query:
    """A question as it is sent: `bodies` are the fields beside `messages` of each request that it takes."""

    messages: list[dict[str, Any]]
    bodies: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Turn:
    """`num_tokens` is the length that every answer is given; 0 lets answers end by themselves."""

    arm: str
    url: str
    load: Load
    round: int
    queries: Sequence[Query]
    num_tokens: int


async def run_turn(turn: Turn) -> list[Timing]:
    """In order of the questions. Raises Unavailable, in the server's words, where one was not answered."""
    mend_torch_companions()
    import numpy as np
    from vllm.benchmarks import serve

    asker = Asker()
    serve.ASYNC_REQUEST_FUNCS[BACKEND] = asker
    np.random.seed(turn.round)  # vLLM draws arrival times from it: the same for all arms of a round
    with _without_proxies(turn.url), contextlib.redirect_stdout(io.StringIO()):
        told = await serve.benchmark(**_arguments(turn))
    heard = [asker.heard[_name(turn, index)] for index in range(len(turn.queries))]
    for error, one in zip(told["errors"], heard, strict=True):
        if error:
            raise Unavailable(f"{turn.arm} failed with {one.error or error}")
    return [_timing(turn, index, told, one) for index, one in enumerate(heard)]


def _arguments(turn: Turn) -> dict[str, Any]:
    from vllm.benchmarks.serve import TaskType

    return {
        "task_type": TaskType.GENERATION,
        "endpoint_type": BACKEND,
        "api_url": f"{turn.url}/v1/chat/completions",
        "base_url": turn.url,
        "model_id": "",  # each request names its own
        "model_name": "",
        "tokenizer": None,
        "input_requests": [_sample(turn, index) for index in range(len(turn.queries))],
        "logprobs": None,
        "request_rate": turn.load.rate or float("inf"),
        "burstiness": 1.0,
        "disable_tqdm": True,
        "num_warmups": 0,
        "profile": False,
        "selected_percentile_metrics": [],
        "selected_percentiles": [],
        "ignore_eos": turn.num_tokens > 0,
        "goodput_config_dict": {},
        "max_concurrency": turn.load.concurrency,
        "lora_modules": None,
        "extra_headers": None,
        "extra_body": None,
        "ready_check_timeout_sec": 0,
    }


def _sample(turn: Turn, index: int) -> Any:
    from vllm.benchmarks.datasets import SampleRequest

    query = turn.queries[index]
    return SampleRequest(
        prompt="",
        prompt_len=0,
        expected_output_len=turn.num_tokens or MAX_TOKENS,
        request_id=_name(turn, index),
        chat_messages=query.messages,
        request_overrides={BODIES: [{"temperature": 0, **body} for body in query.bodies]},
    )


def _name(turn: Turn, index: int) -> str:
    return f"{turn.arm}-{turn.round}-{index}"


def _timing(turn: Turn, index: int, told: dict[str, Any], heard: Heard) -> Timing:
    sent_s = told["start_times"][index]
    return Timing(
        arm=turn.arm,
        load=turn.load,
        round=turn.round,
        index=index,
        sent_s=sent_s,
        first_token_s=sent_s + told["ttfts"][index],
        end_s=sent_s + told["latencies"][index],
        num_tokens=told["output_lens"][index],
        expert=heard.expert or turn.queries[index].bodies[0]["model"],
        router_ms=heard.router_ms,
    )


@contextlib.contextmanager
def _without_proxies(url: str) -> Iterator[None]:
    """vLLM's load generator goes by the environment's proxies, which are for other hosts than this one."""
    before = os.environ.get("no_proxy")
    os.environ["no_proxy"] = str(urlsplit(url).hostname)
    try:
        yield
    finally:
        if before is None:
            del os.environ["no_proxy"]
        else:
            os.environ["no_proxy"] = before
