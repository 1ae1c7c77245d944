import re
from pathlib import Path

import pytest
from safetensors.numpy import load_file
from typer.testing import CliRunner

from molora.compat import mend_torch_companions

mend_torch_companions()

from molora.benchmarks.backbones import Name  # noqa: E402
from molora.benchmarks.cli import app  # noqa: E402
from molora.benchmarks.random_world import World, make_random_world  # noqa: E402
from molora.deployment import load_config  # noqa: E402
from molora.errors import ConfigError  # noqa: E402
from molora.router.head import load_head  # noqa: E402
from tests.conftest import DEMO, ROOT  # noqa: E402


def test_a_deployment_that_loads_with_as_many_experts_as_asked_for(tmp_path: Path) -> None:
    config = load_config(make_random_world(tmp_path / "world", World(num_experts=6, rank=8, num_layers=1)))
    assert len(config.experts) == 6
    assert load_head(config.router.head).classes == tuple(config.experts)
    one, other = (load_file(e.adapter / "adapter_model.safetensors") for e in list(config.experts.values())[-2:])
    key = "base_model.model.model.language_model.layers.0.mlp.down_proj.lora_A.weight"
    assert one[key].shape == (8, 8960)
    assert not (one[key] == other[key]).all()
    assert len(one) == 14
    assert not list((tmp_path / "world" / "backbone").glob("*.safetensors"))


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("")
    with pytest.raises(ConfigError, match="is not empty"):
        make_random_world(tmp_path, World(num_layers=1))


def test_adapters_fit_the_other_backbone_too(tmp_path: Path) -> None:
    world = World(Name.QWEN3_VL_8B, num_experts=1, rank=4, num_layers=1)
    config = load_config(make_random_world(tmp_path / "world", world))
    weights = load_file(config.experts["spatial"].adapter / "adapter_model.safetensors")
    shapes = {key.split(".layers.0.")[1]: tensor.shape for key, tensor in weights.items()}
    assert shapes["self_attn.k_proj.lora_B.weight"] == (1024, 4)
    assert shapes["mlp.down_proj.lora_A.weight"] == (4, 12288)


@pytest.mark.parametrize("name", ["bench-gpu.yaml", "bench-gpu-8b.yaml"])
def test_the_command_in_a_configuration_makes_what_it_names(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (DEMO.parent / name).read_text()
    asked = re.search(r"molora bench (random-world .*)", text)
    assert asked
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / name).write_text(text.replace("../molora/", f"{ROOT}/molora/"))
    monkeypatch.chdir(tmp_path)
    command = asked[1].replace("--layers 0", "--layers 1 --rank 1").split()
    assert CliRunner().invoke(app, command, catch_exceptions=False).exit_code == 0
    config = load_config(tmp_path / "configs" / name)
    assert config.engine.options["load_format"] == "dummy"
    assert Path(config.engine.model, "config.json").is_file()
