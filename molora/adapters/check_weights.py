"""The part of admission that reads adapter_model.safetensors: every tensor must fit a linear layer of the backbone."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from molora.adapters.backbone import Backbone, canonical
from molora.adapters.wording import shown

NAME = re.compile(r"base_model\.model\.(.+)\.lora_([AB])\.weight")
DTYPES = ("F32", "F16", "BF16")
TOWER = "visual."


def weight_faults(file: Path, rank: int | None, backbone: Backbone, tower: bool) -> tuple[list[str], tuple[str, ...]]:
    """The faults and the canonical modules. Ranks are not compared where `rank` is None."""
    try:
        with safe_open(file, framework="pt") as tensors:
            halves = _sort_names(tensors.keys())
            faults = [*_name_faults(tensors.keys(), halves), *_Layers(tensors, rank, backbone, tower).faults(halves)]
            return faults, tuple(sorted({canonical(module) for module in halves}))
    except SafetensorError as error:
        return [f"{file.name} cannot be read: {shown(str(error))}"], ()


def _sort_names(names: Iterable[str]) -> dict[str, str]:
    """Maps modules, as spelt, to the halves that they have: "A", "B" or "AB"."""
    halves: dict[str, str] = {}
    for name in sorted(names):
        if match := NAME.fullmatch(name):
            halves[match[1]] = halves.get(match[1], "") + match[2]
    return halves


def _name_faults(names: Iterable[str], halves: Iterable[str]) -> Iterator[str]:
    if not names:
        yield "adapter_model.safetensors holds no tensors"
    for name in names:
        if not NAME.fullmatch(name):
            yield f"{shown(name)} is no LoRA weight of a linear layer: base_model.model.<layer>.lora_A.weight or lora_B"
    for module, num in Counter(map(canonical, halves)).items():
        if num > 1:
            yield f"{shown(module)} has weights under {num} names"


class _Layers:
    """Holds A [rank, in] and B [out, rank] of every module against the backbone's layer."""

    def __init__(self, tensors: Any, rank: int | None, backbone: Backbone, tower: bool) -> None:
        self._tensors, self._rank, self._backbone, self._tower = tensors, rank, backbone, tower

    def faults(self, halves: dict[str, str]) -> list[str]:
        """Of all modules; values are read only where headers are right."""
        faults: list[str] = []
        changes = False
        for module, found in sorted(halves.items()):
            header = list(self._header_faults(module, found))
            faults += header or self._value_faults(module)
            changes = changes or bool(header) or self._has_effect(module)
        return faults if changes or not halves else [*faults, "it changes nothing: A or B is zero in every layer"]

    def _header_faults(self, module: str, found: str) -> Iterator[str]:
        name = canonical(module)
        linear = self._backbone.linears.get(name)
        if linear is None:
            yield f"{shown(name)} is no linear layer of the backbone"
        elif name.startswith(TOWER) and not self._tower:
            yield f"{shown(name)} is part of the vision tower, which this engine does not adapt"
        elif found != "AB":
            yield f"{shown(name)} has {found} without {'B' if found == 'A' else 'A'}"
        else:
            yield from self._half_faults(module, "A", (self._rank, linear[1]))
            yield from self._half_faults(module, "B", (linear[0], self._rank))

    def _half_faults(self, module: str, half: str, needed: tuple[int | None, int | None]) -> Iterator[str]:
        header = self._tensors.get_slice(_name(module, half))
        shape, dtype = header.get_shape(), header.get_dtype()
        label = f"{half} of {shown(canonical(module))}"
        if dtype not in DTYPES:
            yield f"{label} is {dtype}, not one of {', '.join(DTYPES)}"
        if len(shape) != 2 or any(size not in (None, have) for have, size in zip(shape, needed, strict=True)):
            yield f"{label} is {shown(shape)}, not [{', '.join('any' if n is None else str(n) for n in needed)}]"

    def _value_faults(self, module: str) -> list[str]:
        return [
            f"{half} of {shown(canonical(module))} holds values that are not finite"
            for half in "AB"
            if not self._read(module, half).isfinite().all()
        ]

    def _has_effect(self, module: str) -> bool:
        return all(bool(self._read(module, half).any()) for half in "AB")

    def _read(self, module: str, half: str) -> Any:
        return self._tensors.get_tensor(_name(module, half))


def _name(module: str, half: str) -> str:
    return f"base_model.model.{module}.lora_{half}.weight"
