"""The real engine under the server: it aborts what nobody waits for, and its metrics stand beside ours."""

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

pytestmark = pytest.mark.engine

LONG: dict[str, Any] = {
    "model": "social",
    "messages": [{"role": "user", "content": "Who smiles?"}],
    "max_tokens": 900,
    "ignore_eos": True,
}


@pytest.fixture
def http(server_url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server_url, trust_env=False, timeout=600) as client:
        yield client


def read(http: httpx.Client, name: str, **labels: str) -> float:
    """The sum of the samples of that name that carry these labels."""
    return sum(
        sample.value
        for family in text_string_to_metric_families(http.get("/metrics").text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def num_generated(http: httpx.Client) -> float:
    """Tokens, those by which an idle engine is watched among them."""
    return read(http, "vllm:generation_tokens_total")


def wait_until_idle(http: httpx.Client) -> None:
    deadline = time.monotonic() + 300
    while read(http, "vllm:num_requests_running") or read(http, "molora_requests_in_flight"):
        assert time.monotonic() < deadline, "the engine still works for a client that is gone"
        time.sleep(0.1)


def test_closing_a_stream_aborts_the_generation(http: httpx.Client) -> None:
    before = num_generated(http)
    with http.stream("POST", "/v1/chat/completions", json=LONG | {"stream": True}) as response:
        next(response.iter_lines())
    wait_until_idle(http)
    assert num_generated(http) < before + LONG["max_tokens"]


def test_hanging_up_aborts_the_generation(http: httpx.Client) -> None:
    before = hang_up(http)
    wait_until_idle(http)
    assert num_generated(http) < before + LONG["max_tokens"]


def hang_up(http: httpx.Client) -> float:
    """Tokens generated before. The engine may keep this process from the processor until the answer is there."""
    for _ in range(5):
        before = num_generated(http)
        with suppress(httpx.ReadTimeout):
            http.post("/v1/chat/completions", json=LONG, timeout=0.3)
            continue
        return before
    pytest.fail("every answer came before this process could hang up")


def test_our_metrics_and_vllms_stand_side_by_side(http: httpx.Client) -> None:
    asked = read(http, "molora_requests_total", expert="base", source="manual")
    prompts = read(http, "vllm:prompt_tokens_total")
    http.post("/v1/chat/completions", json=LONG | {"model": "base", "max_tokens": 2})
    assert read(http, "molora_requests_total", expert="base", source="manual") == asked + 1
    assert read(http, "vllm:prompt_tokens_total") > prompts


def test_live_and_ready(http: httpx.Client) -> None:
    assert http.get("/live").status_code == 200
    assert http.get("/ready").status_code == 200
