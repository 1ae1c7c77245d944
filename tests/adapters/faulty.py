"""Everything that can be wrong with an adapter: each entry spoils a good one in place, and says why it is refused."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from molora import adapters

DEMO = Path(adapters.__file__).parent / "demo"
CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
LAYER = "base_model.model.model.language_model.layers.0.self_attn.q_proj"
A, B = f"{LAYER}.lora_A.weight", f"{LAYER}.lora_B.weight"

Edit = Callable[[Path], None]
Tensors = dict[str, Tensor]


@dataclass(frozen=True)
class Fault:
    """`phrase` is part of the reason."""

    edit: Edit
    phrase: str


def make_good(folder: Path) -> Path:
    """A copy of a demo adapter, of rank 16."""
    return Path(shutil.copytree(DEMO / "spatial", folder))


def edit_tensors(folder: Path, edit: Callable[[Tensors], object]) -> None:
    tensors = load_file(folder / WEIGHTS)
    edit(tensors)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / WEIGHTS)


def tensors(edit: Callable[[Tensors], object]) -> Edit:
    return lambda folder: edit_tensors(folder, edit)


def put(name: str, change: Callable[[Tensor], Tensor]) -> Edit:
    return tensors(lambda found: found.update({name: change(found[name])}))


def config(**fields: Any) -> Edit:
    def edit(folder: Path) -> None:
        values = json.loads((folder / CONFIG).read_text()) | fields
        (folder / CONFIG).write_text(json.dumps(values))

    return edit


def config_text(text: str) -> Edit:
    return lambda folder: void((folder / CONFIG).write_text(text))


def without(field: str) -> Edit:
    def edit(folder: Path) -> None:
        values = json.loads((folder / CONFIG).read_text())
        del values[field]
        (folder / CONFIG).write_text(json.dumps(values))

    return edit


def file(name: str, content: bytes = b"x") -> Edit:
    return lambda folder: void((folder / name).write_bytes(content))


def missing(name: str) -> Edit:
    return lambda folder: (folder / name).unlink()


def with_value(value: float) -> Callable[[Tensor], Tensor]:
    def change(tensor: Tensor) -> Tensor:
        tensor[3, 5] = value
        return tensor

    return change


def rename(found: Tensors, old: str, new: str) -> None:
    for name in [name for name in found if old in name]:
        found[name.replace(old, new)] = found.pop(name)


def zero(half: str) -> Edit:
    return tensors(lambda found: [tensor.zero_() for name, tensor in found.items() if half in name])


def cut(num_bytes: int) -> Edit:
    def edit(folder: Path) -> None:
        data = (folder / WEIGHTS).read_bytes()
        (folder / WEIGHTS).write_bytes(data[: num_bytes % len(data)])

    return edit


def tower(found: Tensors) -> None:
    name = "base_model.model.model.visual.blocks.0.attn.qkv"
    found[f"{name}.lora_A.weight"], found[f"{name}.lora_B.weight"] = torch.ones(16, 128), torch.ones(384, 16)


def second_name(found: Tensors) -> None:
    for name in (A, B):
        found[name.replace(".language_model", "")] = found[name].clone()


def void(_: object) -> None:
    """Of a value that is not wanted."""


DEEP = '{"r": ' + "[" * 100_000 + "]" * 100_000 + "}"

FAULTS: dict[str, Fault] = {
    # shapes, ranks, values
    "A wider": Fault(put(A, lambda a: torch.cat([a, a[:, :1]], 1)), "[16, 193], not [16, 192]"),
    "A narrower": Fault(put(A, lambda a: a[:, :-1]), "[16, 191], not [16, 192]"),
    "B longer": Fault(put(B, lambda b: torch.cat([b, b[:1]])), "[193, 16], not [192, 16]"),
    "B shorter": Fault(put(B, lambda b: b[:-1]), "[191, 16], not [192, 16]"),
    "one rank smaller": Fault(
        tensors(lambda found: found.update({A: found[A][:8], B: found[B][:, :8]})), "[8, 192], not [16, 192]"
    ),
    "true rank not r": Fault(config(r=8), "[16, 192], not [8, 192]"),
    "one dimension": Fault(put(A, lambda a: a[0]), "[192], not [16, 192]"),
    "three dimensions": Fault(put(A, lambda a: a[None]), "[1, 16, 192], not [16, 192]"),
    "NaN": Fault(put(A, with_value(float("nan"))), "values that are not finite"),
    "Inf": Fault(put(B, with_value(float("-inf"))), "values that are not finite"),
    "float64": Fault(put(A, lambda a: a.double()), "F64, not one of F32, F16, BF16"),
    "integers": Fault(put(B, lambda b: b.to(torch.int8)), "I8, not one of"),
    "B zero everywhere": Fault(zero("lora_B"), "changes nothing"),
    "A zero everywhere": Fault(zero("lora_A"), "changes nothing"),
    # names
    "A without B": Fault(tensors(lambda found: found.pop(B)), "has A without B"),
    "B without A": Fault(tensors(lambda found: found.pop(A)), "has B without A"),
    "no match": Fault(tensors(lambda found: rename(found, "layers.0.", "layers.5.")), "no linear layer"),
    "embeddings": Fault(tensors(lambda found: rename(found, "layers.0.self_attn.q_proj", "embed_tokens")), "no linear"),
    "no prefix": Fault(tensors(lambda found: rename(found, "base_model.model.model.", "model.")), "no LoRA weight"),
    "adapter's name in the names": Fault(
        tensors(lambda found: rename(found, "lora_A.weight", "lora_A.default.weight")), "no LoRA weight"
    ),
    "a saved module": Fault(
        tensors(lambda found: found.update({"base_model.model.lm_head.weight": torch.ones(768, 192)})), "no LoRA weight"
    ),
    "a magnitude": Fault(
        tensors(lambda found: found.update({f"{LAYER}.lora_magnitude_vector": torch.ones(192)})), "no LoRA weight"
    ),
    "two names of one layer": Fault(tensors(second_name), "weights under 2 names"),
    "vision tower": Fault(tensors(tower), "part of the vision tower"),
    "no tensors": Fault(tensors(lambda found: found.clear()), "holds no tensors"),
    # the weights' file
    "weights cut in the data": Fault(cut(-1000), "cannot be read"),
    "weights cut in the header": Fault(cut(100), "cannot be read"),
    "weights empty": Fault(file(WEIGHTS, b""), "cannot be read"),
    "weights garbage": Fault(file(WEIGHTS, b"\x80\x04garbage" * 100), "cannot be read"),
    "weights pickled": Fault(lambda folder: torch.save({A: torch.ones(2)}, folder / WEIGHTS), "cannot be read"),
    "no weights": Fault(missing(WEIGHTS), f"{WEIGHTS} is missing"),
    # other files
    "a pickle": Fault(file("training_args.bin"), "may be a pickle"),
    "an old checkpoint": Fault(file("adapter_model.PT"), "may be a pickle"),
    "a program": Fault(file("modeling.py"), "none of an adapter's files"),
    "a library": Fault(file("kernel.so"), "none of an adapter's files"),
    "more weights": Fault(file("model.safetensors"), "none of an adapter's files"),
    # the configuration
    "no config": Fault(missing(CONFIG), f"{CONFIG} is missing"),
    "config no JSON": Fault(config_text("{"), "no valid JSON"),
    "config not UTF-8": Fault(file(CONFIG, b'{"r": "\xff"}'), "no valid JSON"),
    "config a list": Fault(config_text("[]"), "holds no JSON object"),
    "config deep": Fault(config_text(DEEP), "nested too deeply"),
    "config huge": Fault(config(revision="x" * 2**20), "larger than 1 MiB"),
    "config with a huge number": Fault(config_text('{"r": ' + "9" * 5000 + "}"), "no valid JSON"),
    "rank over the engine's": Fault(config(r=32), "more than this engine's 16"),
    "rank zero": Fault(config(r=0), "not a positive integer"),
    "rank true": Fault(config(r=True), "not a positive integer"),
    "rank a fraction": Fault(config(r=16.0), "not a positive integer"),
    "no rank": Fault(without("r"), "r is None"),
    "alpha zero": Fault(config(lora_alpha=0), "lora_alpha is 0"),
    "alpha NaN": Fault(config(lora_alpha=float("nan")), "lora_alpha is nan"),
    "alpha infinite": Fault(config(lora_alpha=float("inf")), "lora_alpha is inf"),
    "alpha beyond floats": Fault(config(lora_alpha=10**400), "not a positive number"),
    "alpha text": Fault(config(lora_alpha="32"), "lora_alpha is '32'"),
    "no alpha": Fault(without("lora_alpha"), "lora_alpha is None"),
    "rslora no bool": Fault(config(use_rslora="no"), "use_rslora is 'no'"),
    "no target": Fault(config(target_modules=None), "target_modules is missing"),
    "another method": Fault(config(peft_type="IA3"), "peft_type is 'IA3'"),
    "no method": Fault(without("peft_type"), "peft_type is None"),
    "DoRA": Fault(config(use_dora=True), "DoRA is not served"),
    "QALoRA": Fault(config(use_qalora=True), "QALoRA is not served"),
    "LoRA bias": Fault(config(lora_bias=True), "biases are not served"),
    "biases": Fault(config(bias="lora_only"), "bias is 'lora_only'"),
    "saved modules": Fault(config(modules_to_save=["lm_head"]), "whole modules"),
    "PiSSA": Fault(config(init_lora_weights="pissa_niter_16"), "changed the backbone's weights"),
    "OLoRA": Fault(config(init_lora_weights="OLoRA"), "changed the backbone's weights"),
    "rank pattern": Fault(config(rank_pattern={"q_proj": 8}), "the same rank"),
    "alpha pattern": Fault(config(alpha_pattern={"q_proj": 8}), "the same scaling"),
    "replicated layers": Fault(config(layer_replication=[[0, 4], [2, 5]]), "not replicated"),
    "transposed": Fault(config(fan_in_fan_out=True), "not transposed"),
    "trained tokens": Fault(config(trainable_token_indices=[1, 2]), "embeddings are not adapted"),
    "parameters": Fault(config(target_parameters=["experts.weight"]), "only linear layers"),
    "activated": Fault(config(alora_invocation_tokens=[1, 2]), "activated LoRA"),
    "block-diagonal": Fault(config(use_bdlora={"nblocks": 2}), "block-diagonal"),
    "Arrow": Fault(config(arrow_config={"top_k": 2}), "Arrow"),
    "KaSA": Fault(config(kasa_config={"gamma": 1}), "KaSA"),
    "a field of the future": Fault(config(use_gravity=True), "'use_gravity' is set: it may change"),
    "wrong base": Fault(config(base_model_name_or_path="Qwen/Qwen2.5-VL-7B-Instruct"), "'qwen2.5-vl-7b-instruct'"),
    "base no text": Fault(config(base_model_name_or_path=["backbone"]), "['backbone']"),
}


def make_link(folder: Path) -> None:
    (folder / WEIGHTS).rename(folder.parent / WEIGHTS)
    (folder / WEIGHTS).symlink_to(folder.parent / WEIGHTS)


FOLDER_FAULTS: dict[str, Fault] = {
    "weights linked": Fault(make_link, "is a symbolic link"),
    "a link beside": Fault(lambda folder: (folder / "notes.md").symlink_to("/etc/passwd"), "is a symbolic link"),
    "a folder within": Fault(lambda folder: (folder / "checkpoint.json").mkdir(), "is no regular file"),
    "a pipe": Fault(lambda folder: os.mkfifo(folder / "notes.txt"), "is no regular file"),
}
"""Those that only a file system can have: an upload carries no such thing."""
