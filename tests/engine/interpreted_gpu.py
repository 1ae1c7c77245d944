"""The CUDA path on a CPU: vLLM's real Triton kernels, run by Triton's interpreter. A program of its own, because the
interpreter has to be chosen before anything imports Triton. `test_gated_gpu.py` runs it.
"""

# ruff: noqa: E402, T201
import os

os.environ |= {"TRITON_INTERPRET": "1", "VLLM_PLUGINS": ""}

from types import SimpleNamespace
from typing import Any

import torch
import triton  # type: ignore[import-untyped]
from torch import Tensor

from molora.compat import mend_torch_companions

mend_torch_companions()

from vllm import triton_utils

triton_utils.triton, triton_utils.tl, triton_utils.HAS_TRITON = triton, triton.language, True

from vllm.lora.layers import LoRAMapping
from vllm.lora.ops.triton_ops import lora_expand_op, lora_shrink_op, utils
from vllm.lora.request import LoRARequest

for op in (lora_shrink_op, lora_expand_op):
    op.supports_pdl = lambda _: False  # asks the driver

from molora.engine.gated_gpu import GatedGPU, GPUModelManager
from molora.engine.gates import Mixtures
from molora.engine.mapping import GatedMapping
from tests.engine.definition import defined

IN_SLOTS = (5, 7, 9)
RANK, WIDTH, SLICES = 16, 96, (64, 32)
ADAPTERS = {name: LoRARequest(name, number, "/a") for name, number in zip("abc", IN_SLOTS, strict=True)}
MIXTURES = Mixtures()
GATES: tuple[dict[str, float], ...] = (
    {"a": 1},
    {},
    {"a": 0.25, "c": -1.5},
    {"a": 0.2, "b": 0.3, "c": 0.5},
    {"b": 1.5},
    {"c": 1},
)


def main() -> None:
    torch.manual_seed(0)
    a = tuple(torch.randn(len(IN_SLOTS), 1, RANK, WIDTH).div(WIDTH**0.5).half() for _ in SLICES)
    plain_b = tuple(torch.randn(len(IN_SLOTS), 1, out, RANK).div(RANK**0.5).half() for out in SLICES)
    b = tuple(GPUModelManager.lay_out(one).copy_(one) for one in plain_b)
    x, before = torch.randn(len(GATES), WIDTH).half(), torch.randn(len(GATES), sum(SLICES)).half()
    lora = GatedGPU(32, 32, torch.device("cpu"), lora_config=config())

    check("mixed", run(lora, GATES, x, before, a, b), wanted(GATES, x, before, a, plain_b), before)
    none: tuple[dict[str, float], ...] = ({},) * len(GATES)
    assert torch.equal(run(lora, none, x, before, a, b), before), "a step without an adapter adds something"
    check("after", run(lora, GATES[::-1], x, before, a, b), wanted(GATES[::-1], x, before, a, plain_b), before)
    only = run(lora, GATES, x, before, a, b, add_inputs=False)
    check("alone", only[[0, 2, 3, 4, 5]], (wanted(GATES, x, before, a, plain_b) - before)[[0, 2, 3, 4, 5]], None)
    spoilt = tuple(slice_.clone() for slice_ in a)
    for slice_ in spoilt:
        slice_[2] = float("inf")
    rows = [0, 1, 4]  # without the third adapter
    assert torch.equal(run(lora, GATES, x, before, spoilt, b)[rows], run(lora, GATES, x, before, a, b)[rows])


def config() -> SimpleNamespace:
    return SimpleNamespace(max_loras=len(IN_SLOTS), specialize_active_lora=False)


def run(lora: Any, gates: tuple[dict[str, float], ...], x: Tensor, before: Tensor, *weights: Any, **kw: Any) -> Tensor:
    requests = [MIXTURES.request((ADAPTERS[name], gate) for name, gate in one.items()) for one in gates]
    rows = tuple(0 if one is None else one.lora_int_id for one in requests)
    mapping = GatedMapping.of(LoRAMapping(rows, rows, is_prefill=True), {one for one in requests if one is not None})
    lora.update_metadata(mapping, list(IN_SLOTS), len(IN_SLOTS), 100)
    utils._LORA_A_PTR_DICT.clear()  # by address: tensors of an earlier run may have lain there
    utils._LORA_B_PTR_DICT.clear()
    y = before.clone()
    lora.add_lora_linear(y, x, *weights, 1.0, SLICES, **kw)
    return y


def wanted(
    gates: tuple[dict[str, float], ...], x: Tensor, before: Tensor, a: tuple[Tensor, ...], b: tuple[Tensor, ...]
) -> Tensor:
    matrix = torch.tensor([[one.get(name, 0.0) for name in ADAPTERS] for one in gates], dtype=torch.float64)
    return before.double() + torch.cat([defined(x, *slice_, matrix) for slice_ in zip(a, b, strict=True)], dim=1)


def check(what: str, found: Tensor, right: Tensor, untouched: Tensor | None) -> None:
    error = (found.double() - right).abs().max().item()
    print(f"{what}: largest error {error:.1e}")
    assert error < 1e-2 * right.abs().max().item(), what
    if untouched is not None:
        rows = (right == untouched.double()).all(1)
        assert rows.any()
        assert torch.equal(found[rows], untouched[rows]), f"{what}: rows without an adapter were touched"


main()
