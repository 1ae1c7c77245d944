"""What is read of a backbone."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import huggingface_hub.constants
import numpy as np
import pytest
from safetensors.numpy import save_file

from molora.adapters.backbone import canonical, read_backbone
from molora.errors import ConfigError
from tests.adapters.faulty import DEMO

FILES = {"model.embed_tokens.weight": (7, 2), "model.layers.0.mlp.up_proj.weight": (4, 2)}


def make_backbone(folder: Path, shapes: Mapping[str, tuple[int, ...]], **config: object) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    save_file(tensors, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config))
    return str(folder)


def test_linear_layers_of_the_demo_backbone_are_known_by_their_canonical_names() -> None:
    backbone = read_backbone(str(DEMO / "backbone"))
    assert backbone.linears["layers.0.mlp.down_proj"] == (192, 512)
    assert backbone.linears["visual.blocks.3.attn.qkv"] == (384, 128)
    assert backbone.linears["visual.merger.mlp.2"] == (192, 512)
    assert len(backbone.linears) == 5 * 7 + 4 * 4 + 2


def test_embeddings_norms_and_patches_are_no_linear_layers() -> None:
    names = read_backbone(str(DEMO / "backbone")).linears
    assert not [name for name in names if "embed" in name or "norm" in name or "ln_q" in name]


def test_positions_are_no_linear_layer_and_an_output_layer_is_one(tmp_path: Path) -> None:
    shapes = {"model.visual.pos_embed.weight": (9, 2), "lm_head.weight": (7, 2), "lm_head.bias": (7,)}
    assert dict(read_backbone(make_backbone(tmp_path, shapes)).linears) == {"lm_head": (7, 2)}


def test_every_file_of_a_split_checkpoint_counts(tmp_path: Path) -> None:
    make_backbone(tmp_path, FILES)
    save_file({"model.layers.1.mlp.up_proj.weight": np.zeros((4, 3), np.float32)}, tmp_path / "model-2.safetensors")
    backbone = read_backbone(str(tmp_path))
    assert dict(backbone.linears) == {"layers.0.mlp.up_proj": (4, 2), "layers.1.mlp.up_proj": (4, 3)}
    assert backbone.num_parameters == 7 * 2 + 4 * 2 + 4 * 3


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("base_model.model.model.language_model.layers.0.self_attn.q_proj", "layers.0.self_attn.q_proj"),
        ("base_model.model.model.layers.0.self_attn.q_proj", "layers.0.self_attn.q_proj"),
        ("model.layers.0.self_attn.q_proj", "layers.0.self_attn.q_proj"),
        ("language_model.model.layers.0.self_attn.q_proj", "layers.0.self_attn.q_proj"),
        ("model.visual.blocks.0.attn.qkv", "visual.blocks.0.attn.qkv"),
        ("visual.blocks.0.attn.qkv", "visual.blocks.0.attn.qkv"),
        ("base_model.model.lm_head", "lm_head"),
        ("model", "model"),
    ],
)
def test_one_layer_has_one_name_however_it_is_spelt(module: str, name: str) -> None:
    assert canonical(module) == name


def test_names_are_the_folders_the_configurations_and_those_given(tmp_path: Path) -> None:
    model = make_backbone(tmp_path / "My-VL", FILES, _name_or_path="Qwen/Qwen2-VL-2B-Instruct")
    names = read_backbone(f"{model}/", ["org/Other-VL/"]).names
    assert names == {"my-vl", "qwen2-vl-2b-instruct", "other-vl"}


@pytest.mark.parametrize("config", [{}, {"_name_or_path": ""}, {"_name_or_path": None}])
def test_a_configuration_need_not_name_the_model(tmp_path: Path, config: dict[str, object]) -> None:
    assert read_backbone(make_backbone(tmp_path / "vl", FILES, **config)).names == {"vl"}


def test_a_hub_id_is_found_in_the_local_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    cached = tmp_path / "models--org--Tiny-VL"
    make_backbone(cached / "snapshots" / "abc", FILES)
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text("abc")
    backbone = read_backbone("org/Tiny-VL")
    assert backbone.names == {"tiny-vl"}
    assert backbone.folder == cached / "snapshots" / "abc"
    assert dict(backbone.linears) == {"layers.0.mlp.up_proj": (4, 2)}


@pytest.mark.parametrize("model", ["org/never-heard-of", "no/hub/id"])
def test_a_model_that_is_nowhere_is_told_by_its_key(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ConfigError, match=r"engine\.model: .*neither a folder nor"):
        read_backbone(model)


def test_a_folder_without_a_model_is_told_by_its_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"engine\.model: .* cannot be read"):
        read_backbone(str(tmp_path))


def test_without_weights_the_layers_are_those_of_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text((DEMO / "backbone" / "config.json").read_text())
    configured, real = read_backbone(str(tmp_path)), read_backbone(str(DEMO / "backbone"))
    assert configured.linears.items() >= real.linears.items()
    assert (configured.has_weights, real.has_weights) == (False, True)


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_a_broken_file_is_told_by_its_key_and_name(name: str, tmp_path: Path) -> None:
    model = make_backbone(tmp_path, FILES)
    (tmp_path / name).write_text("{")
    with pytest.raises(ConfigError, match=rf"engine\.model: .*{name}: cannot be read"):
        read_backbone(model)


def test_reading_a_backbone_needs_no_torch() -> None:
    code = (
        "import sys; from molora.adapters.backbone import read_backbone; import molora.adapters.check,"
        " molora.adapters.store, molora.adapters.upload; read_backbone(sys.argv[1]); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(DEMO / "backbone")], check=True)
