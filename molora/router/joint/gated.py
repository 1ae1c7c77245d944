"""A backbone whose adapted layers answer `y = W x + sum_k g_k s_k B_k A_k x`, every example with gates of its own.

The engine computes the same (`engine/products.py`), and so does PEFT's `add_weighted_adapter` with `cat`; here
gradients reach the gates, and the adapters too where they are to be learnt.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from molora.adapters.backbone import canonical
from molora.errors import ConfigError
from molora.router.joint.adapters import Adapter, Halves


@dataclass
class BatchGates:
    """Of the examples under way: their gates by scaling [batch, experts], and the patches of their pictures [batch]."""

    scaled: Tensor | None = None
    patches: Tensor | None = None

    def of_rows(self, x: Tensor) -> Tensor:
        """For x [batch, tokens, dim]: [batch, 1, experts]; for the vision tower's [rows, dim], where the pictures lie
        one behind the other: [rows, experts]."""
        assert self.scaled is not None, "gates come with a batch"
        if x.ndim == 3:
            return self.scaled[:, None]
        assert self.patches is not None
        return self.scaled.repeat_interleave(self.patches * len(x) // self.patches.sum(), dim=0)


class GatedLinear(nn.Module):
    """The A of all experts that adapt the layer are one matrix [ranks, in], and their B another, [out, ranks].

    Both stay float32 beside a backbone in half precision: small steps would be lost in that.
    """

    owners: Tensor
    """The expert that each rank belongs to."""

    def __init__(self, linear: nn.Linear, parts: Mapping[int, Halves], batch: BatchGates) -> None:
        super().__init__()
        self.linear = linear
        self.experts = tuple(parts)
        self.ranks = [len(a) for a, _ in parts.values()]
        device = linear.weight.device
        self.a = nn.Parameter(torch.cat([a for a, _ in parts.values()]).to(device))
        self.b = nn.Parameter(torch.cat([b for _, b in parts.values()], dim=1).to(device))
        owners = torch.repeat_interleave(torch.tensor(self.experts), torch.tensor(self.ranks))
        self.register_buffer("owners", owners.to(device))
        self._batch = batch

    def forward(self, x: Tensor) -> Tensor:
        shrunk = x @ self.a.T.to(x.dtype)
        gated = shrunk * self._batch.of_rows(x)[..., self.owners].to(x.dtype)
        answered: Tensor = self.linear(x) + gated @ self.b.T.to(x.dtype)
        return answered

    def part(self, expert: int) -> Halves:
        place = self.experts.index(expert)
        a, b = torch.split_with_sizes(self.a, self.ranks), torch.split_with_sizes(self.b, self.ranks, dim=1)
        return a[place], b[place]


class GatedMixture(nn.Module):
    """`model` is transformers' own, frozen and changed in place: its adapted layers become gated ones.

    Gates [batch, experts] are in the order of `adapters`.
    """

    def __init__(self, model: Any, adapters: Sequence[Adapter]) -> None:
        super().__init__()
        self.model = model.requires_grad_(False).eval()
        self._adapters = tuple(adapters)
        self._batch = BatchGates()
        self._names: dict[str, str] = {
            canonical(name): name for name, one in model.named_modules() if isinstance(one, nn.Linear)
        }
        self._scalings = torch.tensor([adapter.scaling for adapter in adapters])
        for name, parts in self._collect().items():
            gated = GatedLinear(model.get_submodule(name), parts, self._batch)
            model.set_submodule(name, gated.requires_grad_(False))

    def _collect(self) -> dict[str, dict[int, Halves]]:
        """By the model's own name of a layer: the parts of the experts that adapt it."""
        layers: dict[str, dict[int, Halves]] = {}
        for expert, adapter in enumerate(self._adapters):
            for module, halves in adapter.layers.items():
                layers.setdefault(self._find(module, adapter), {})[expert] = halves
        return layers

    def _find(self, module: str, adapter: Adapter) -> str:
        try:
            return self._names[canonical(module)]
        except KeyError:
            raise ConfigError(f"{adapter.folder}: {module} is no linear layer of the backbone") from None

    @contextmanager
    def gated(self, gates: Tensor, patches: Tensor) -> Iterator[Any]:
        """The model, for as long as its examples are those with these gates and pictures of so many patches."""
        self._batch.scaled = gates * self._scalings.to(gates.device)
        self._batch.patches = patches
        try:
            yield self.model
        finally:
            self._batch.scaled = self._batch.patches = None

    def unfreeze(self) -> list[nn.Parameter]:
        """The adapters' weights, which gradients reach from now on."""
        for parameter in self.weights():
            parameter.requires_grad = True
        return self.weights()

    def weights(self) -> list[nn.Parameter]:
        """Of the adapters, frozen until `unfreeze`."""
        return [p for layer in self._layers().values() for p in (layer.a, layer.b)]

    def adapters(self) -> list[Adapter]:
        """As they are now."""
        layers = self._layers()

        def now(expert: int, adapter: Adapter) -> Adapter:
            parts = {module: layers[self._names[canonical(module)]].part(expert) for module in adapter.layers}
            return replace(adapter, layers=parts)

        return [now(expert, adapter) for expert, adapter in enumerate(self._adapters)]

    def _layers(self) -> dict[str, GatedLinear]:
        return {name: one for name, one in self.model.named_modules() if isinstance(one, GatedLinear)}
