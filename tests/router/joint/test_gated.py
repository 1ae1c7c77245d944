"""What PEFT makes of the same adapters and weights is what every example of a batch gets; gradients reach its gates."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from torch import Tensor

from molora.compat import mend_torch_companions
from molora.errors import ConfigError
from molora.router.joint.asking import find_right, read_answers
from molora.router.joint.batches import Batch, Collator
from molora.router.joint.gated import GatedMixture
from molora.router.joint.losses import find_answer_loss
from tests.router.joint.demo import FOLDERS, LESSONS, load, make_mixture, read

mend_torch_companions()

from peft import LoraConfig, PeftModel, get_peft_model  # noqa: E402

KINDS = tuple(FOLDERS)
GATES = torch.tensor(
    [
        [0.7, 0.0, 0.0, 0.3],
        [0.0, 1.0, 0.0, 0.0],
        [0.1, 0.2, 0.3, 0.4],
        [0.0, 1.3, -0.4, 0.0],
        [0.0, 0.0, 0.5, 0.0],
    ]
)
TOWER = ["qkv", "proj", "fc1", "fc2", "mlp.0", "mlp.2"]


@pytest.fixture(scope="module")
def made() -> tuple[GatedMixture, Collator]:
    return make_mixture()


@pytest.fixture(scope="module")
def odd_folders(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Adapters of other ranks, scalings and layers, of the vision tower as well."""
    folder = tmp_path_factory.mktemp("odd")
    configs = {
        "physical": LoraConfig(r=4, lora_alpha=3, use_rslora=True, target_modules=["q_proj", "v_proj"]),
        "social": LoraConfig(r=8, lora_alpha=4, target_modules=["gate_proj", "o_proj", *TOWER[:1], *TOWER[2:]]),
    }
    torch.manual_seed(0)
    for name, config in configs.items():
        config.init_lora_weights = False  # B is not zero
        get_peft_model(load()[0], config).save_pretrained(folder / name)
    return {name: folder / name if name in configs else FOLDERS[name] for name in KINDS}


@torch.no_grad()
def answered(mixture: GatedMixture, batch: Batch, gates: Tensor) -> Tensor:
    return read_answers(mixture, batch, gates)


@torch.no_grad()
def plain(model: torch.nn.Module, batch: Batch) -> Tensor:
    logits: Tensor = model(**batch.inputs).logits
    return logits[:, -batch.answers.shape[1] - 1 : -1]


def test_every_example_of_a_batch_is_answered_as_pefts_weighted_adapter_would(made) -> None:
    mixture, collate = made
    batch = collate(LESSONS[: len(GATES)])
    logits = answered(mixture, batch, GATES)
    first, *others = FOLDERS
    reference = PeftModel.from_pretrained(load()[0], FOLDERS[first], adapter_name=first)
    for name in others:
        reference.load_adapter(FOLDERS[name], adapter_name=name)
    for row, gates in enumerate(GATES.tolist()):
        named = {name: gate for name, gate in zip(KINDS, gates, strict=True) if gate}
        reference.add_weighted_adapter(list(named), list(named.values()), str(row), combination_type="cat")
        reference.set_adapter(str(row))
        assert torch.allclose(logits[row], plain(reference.eval(), batch)[row], atol=1e-4)


def test_gates_of_zero_leave_the_backbone_bare(made) -> None:
    mixture, collate = made
    batch = collate(LESSONS[:2])
    assert torch.allclose(answered(mixture, batch, torch.zeros(2, 4)), plain(load()[0], batch), atol=1e-4)


def test_adapters_of_other_ranks_scalings_and_layers_mix(odd_folders: Mapping[str, Path]) -> None:
    """Each against the backbone into which the example's own mixture was merged, the vision tower's part as well."""
    mixture, collate = make_mixture(odd_folders)
    batch, gates = (
        collate(LESSONS[:3]),
        torch.tensor([[0.0, 0.0, 0.7, 0.6], [0.4, 0.0, 0.8, 0.0], [0.1, 0.2, 0.3, 0.4]]),
    )
    logits = answered(mixture, batch, gates)
    for row, own in enumerate(gates.tolist()):
        model = load()[0]
        for folder, gate in zip(odd_folders.values(), own, strict=True):
            merge(model, folder, gate)
        assert torch.allclose(logits[row], plain(model, batch)[row], atol=1e-4)


def merge(model: torch.nn.Module, folder: Path, gate: float) -> None:
    config = LoraConfig.from_pretrained(folder)
    scaling = config.lora_alpha / (config.r**0.5 if config.use_rslora else config.r)
    for module, (a, b) in read(folder).layers.items():
        layer = model.get_submodule(module)
        assert isinstance(layer.weight, Tensor)
        layer.weight.data += gate * scaling * b @ a


def test_gradients_of_gates_are_those_of_finite_differences() -> None:
    """In float64, where the model does not insist on float32, as its norms do."""
    mixture, collate = make_mixture()
    mixture.double()
    batch = collate(LESSONS[:3])
    gates = GATES[:3].double().requires_grad_()
    find_exact_loss(mixture, batch, gates).backward()
    assert gates.grad is not None
    for row, expert in ((0, 0), (0, 1), (1, 1), (2, 3)):
        step = torch.zeros_like(gates)
        step[row, expert] = 1e-4
        with torch.no_grad():
            up, down = (find_exact_loss(mixture, batch, gates + sign * step) for sign in (1, -1))
        assert gates.grad[row, expert].item() == pytest.approx((up - down).item() / 2e-4, rel=3e-3)


def find_exact_loss(mixture: GatedMixture, batch: Batch, gates: Tensor) -> Tensor:
    logits = read_answers(mixture, batch, gates)
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), batch.answers.flatten(), ignore_index=-100)


def test_backbone_and_adapters_are_frozen_until_the_adapters_are_told_to_learn(made) -> None:
    mixture, collate = made
    batch, gates = collate(LESSONS[:2]), GATES[:2].clone().requires_grad_()
    find_answer_loss(read_answers(mixture, batch, gates), batch.answers).backward()
    assert gates.grad is not None
    assert all(parameter.grad is None for parameter in mixture.parameters())
    weights = mixture.weights()
    for parameter in weights:
        parameter.requires_grad_()
    find_answer_loss(read_answers(mixture, batch, gates), batch.answers).backward()
    own = {id(parameter) for parameter in weights}
    assert len(weights) == 2 * 35
    assert all((parameter.grad is not None) == (id(parameter) in own) for parameter in mixture.parameters())
    mixture.zero_grad()
    mixture.requires_grad_(False)


def test_an_answer_counts_as_right_if_greedy_decoding_says_it(made) -> None:
    mixture, collate = made
    gates = torch.eye(4)[torch.arange(8) % 4]
    batch = collate(LESSONS)
    right = find_right(answered(mixture, batch, gates), batch.answers)
    length = batch.answers.shape[1]
    prompts = {
        name: tensor[:, :-length] if tensor.shape == batch.inputs["input_ids"].shape else tensor
        for name, tensor in batch.inputs.items()
    }
    with mixture.gated(gates, batch.patches) as model:
        said = model.generate(**prompts, max_new_tokens=length, do_sample=False)[:, -length:]
    wanted = batch.answers
    assert right.tolist() == [bool((row == own)[own >= 0].all()) for row, own in zip(said, wanted, strict=True)]
    assert 0 < right.sum() < len(right)


def test_a_layer_that_the_backbone_does_not_have_is_named() -> None:
    adapter = read(FOLDERS["social"])
    odd = type(adapter)(adapter.folder, 1.0, {"layers.77.q_proj": next(iter(adapter.layers.values()))})
    with pytest.raises(ConfigError, match=r"layers\.77\.q_proj is no linear layer"):
        GatedMixture(load()[0], [odd])
