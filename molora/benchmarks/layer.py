"""The LoRA of one linear layer, each way of computing it: `molora bench layer`.

Rows as in a step of vLLM: few ones are of as many requests that decode, many ones of prompts, each in one run. From the
same times come the costs by which `products.is_dense` chooses.
"""

import itertools
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch import Tensor
from vllm.lora.layers import LoRAMapping
from vllm.lora.punica_wrapper.punica_cpu import PunicaWrapperCPU

from molora.engine.products import Costs, RowGates, add_apart, add_dense, is_dense

WAYS = BACKBONE, VLLM, DENSE, APART = "backbone", "vLLM", "dense", "apart"
DECODING, PROMPT = 32, 64
"""Up to so many rows there are as many requests; above, each has so many rows."""
WIDTHS, RANKS, SLOTS, ROWS = (192, 1536, 4096), (8, 16, 64), (4, 8, 16, 64), (1, 32, 256)


@dataclass(frozen=True)
class Case:
    """A square layer [width, width]; `rows` rows, each of `mixed` adapters; `named` of the `slots` are in use."""

    width: int
    rank: int
    slots: int
    rows: int
    named: int
    mixed: int

    @property
    def gates(self) -> RowGates:
        matrix = torch.zeros(self.rows, self.slots)
        for step in range(self.mixed):
            matrix[torch.arange(self.rows), (self.requests + step) % self.named] = 1 / self.mixed
        return RowGates(matrix)

    @property
    def requests(self) -> Tensor:
        """[rows]: to which each belongs."""
        return torch.arange(self.rows) // (1 if self.rows <= DECODING else PROMPT)


@dataclass(frozen=True)
class Times:
    """Medians, in microseconds; none of vLLM for mixtures."""

    case: Case
    us: dict[str, float]

    @property
    def chosen(self) -> str:
        return DENSE if is_dense(self.case.gates, self.case.rank, 2 * self.case.width, Costs()) else APART


def make_cases() -> Iterator[Case]:
    for width, rank, slots, rows in itertools.product(WIDTHS, RANKS, SLOTS, ROWS):
        yield from (Case(width, rank, slots, rows, named, 1) for named in sorted({1, min(slots, rows)}))
        yield Case(width, rank, slots, rows, slots, 2)
        yield Case(width, rank, slots, rows, slots, slots)


@torch.inference_mode()
def measure(cases: Sequence[Case], repeats: int, console: Console) -> list[Times]:
    return [_measure(case, repeats) for case in track(cases, "cases", console=console, transient=True)]


def _measure(case: Case, repeats: int) -> Times:
    """The ways take turns."""
    ways = make_ways(case)
    samples: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        way()
    for _ in range(repeats):
        for name in random.sample(list(ways), len(ways)):
            started = time.perf_counter()
            ways[name]()
            samples[name].append(1e6 * (time.perf_counter() - started))
    return Times(case, {name: statistics.median(taken) for name, taken in samples.items()})


def make_ways(case: Case) -> dict[str, Callable[[], Any]]:
    x, y = torch.randn(case.rows, case.width), torch.randn(case.rows, case.width)
    weight = torch.randn(case.width, case.width)
    a = torch.randn(case.slots, 1, case.rank, case.width)
    b = torch.randn(case.slots, 1, case.rank, case.width).transpose(2, 3)
    gates = case.gates
    ways: dict[str, Callable[[], Any]] = {
        BACKBONE: lambda: x @ weight.T,
        DENSE: lambda: add_dense([y], x, [a], [b], gates),
        APART: lambda: add_apart([y], x, [a], [b], gates),
    }
    return ways if case.mixed > 1 else ways | {VLLM: _vllm(case, y, x, a, b.contiguous())}


def _vllm(case: Case, y: Tensor, x: Tensor, a: Tensor, b: Tensor) -> Callable[[], Any]:
    wrapper = PunicaWrapperCPU(case.rows, case.rows, "cpu", lora_config=SimpleNamespace(max_loras=case.slots))
    rows = tuple((case.requests % case.named + 1).tolist())
    wrapper.update_metadata(LoRAMapping(rows, rows, is_prefill=True), list(range(1, case.slots + 1)), case.slots, 0)
    return lambda: wrapper.add_lora_linear(y, x, (a,), (b,), 1.0, (case.width,))


def fit_costs(times: Sequence[Times]) -> Costs:
    """The least squares of (dense - apart) time over what each way does more than the other.

    Each difference is weighed by the faster of the two, so that large layers do not outvote small ones.
    """
    weights = np.array([1 / min(one.us[DENSE], one.us[APART]) for one in times])
    slower = np.array([one.us[DENSE] - one.us[APART] for one in times])
    more = np.array([_more(one.case) for one in times])
    per_add, *others = np.linalg.lstsq(more * weights[:, None], slower * weights, rcond=None)[0]
    return Costs(*(float(other / per_add) for other in others))


def _more(case: Case) -> tuple[int, int, int, int]:
    """What dense does more than apart: multiply-adds, segments, elements in place, elements gathered."""
    width = 2 * case.width
    segments, in_place, gathered = case.gates.work_apart
    idle = case.rows * case.slots - in_place - gathered
    return idle * case.rank * width, 1 - segments, (case.rows - in_place) * width, -gathered * width


def lost_by_choice(times: Sequence[Times]) -> float:
    """How much longer the chosen ways take than the faster ones would, as a mean of ratios; 0 is none."""
    return statistics.mean(one.us[one.chosen] / min(one.us[DENSE], one.us[APART]) for one in times) - 1


def print_table(console: Console, times: Sequence[Times]) -> None:
    table = Table(
        *("width", "rank", "slots", "rows", "named", *WAYS, "to vLLM"),
        title="LoRA of one layer, microseconds; *: the way that is chosen; 'mix 2': every row mixes two",
    )
    for one in times:
        case, us = one.case, one.us
        named = f"mix {case.mixed}" if case.mixed > 1 else str(case.named)
        figures = (f"{us[way]:.0f}{'*' * (way == one.chosen)}" if way in us else "" for way in WAYS)
        ratio = f"{us[one.chosen] / us[VLLM]:.2f}" if VLLM in us else ""
        table.add_row(*map(str, (case.width, case.rank, case.slots, case.rows, named)), *figures, ratio)
    console.print(table)


def summarise(times: Sequence[Times]) -> dict[str, Any]:
    """The one JSON line that ends the benchmark."""
    return {
        "benchmark": "layer",
        "costs": Costs()._asdict(),
        "fitted_costs": fit_costs(times)._asdict(),
        "lost_by_choice": lost_by_choice(times),
        "cases": [asdict(one.case) | {"us": one.us, "chosen": one.chosen} for one in times],
    }
