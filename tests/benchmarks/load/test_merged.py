import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from molora.benchmarks.load.merged import make_merged, merge, merged_settings, nearest
from molora.compat import mend_torch_companions
from molora.deployment import load_config
from molora.errors import ConfigError
from tests.conftest import DEMO

CONFIG = load_config(DEMO)
ADAPTERS = {name: expert.adapter for name, expert in CONFIG.experts.items()}
GATES = {"social": 0.7, "spatial": 0.3}
SETTINGS, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"


def products(folder: Path) -> dict[str, torch.Tensor]:
    """Scale * B A of each layer."""
    weights = {key: tensor.float() for key, tensor in load_file(folder / WEIGHTS).items()}
    settings = json.loads((folder / SETTINGS).read_text())
    scale = settings["lora_alpha"] / settings["r"]
    return {key: scale * weights[key.replace("lora_A", "lora_B")] @ weights[key] for key in weights if "lora_A" in key}


def test_it_is_what_peft_makes_of_them(tmp_path: Path) -> None:
    mend_torch_companions()
    from peft import PeftModel
    from transformers import AutoModelForImageTextToText

    model = AutoModelForImageTextToText.from_pretrained(CONFIG.engine.model, dtype=torch.float32)
    peft = PeftModel.from_pretrained(model, ADAPTERS["social"], adapter_name="social")
    peft.load_adapter(ADAPTERS["spatial"], "spatial")
    peft.add_weighted_adapter(list(GATES), list(GATES.values()), "mixture", combination_type="cat")
    peft.save_pretrained(str(tmp_path), selected_adapters=["mixture"], save_embedding_layers=False)
    expected, ours = products(tmp_path / "mixture"), products(merge(ADAPTERS, GATES, tmp_path / "ours"))
    assert ours.keys() == expected.keys()
    for key, product in ours.items():
        torch.testing.assert_close(product, expected[key])


def test_there_is_one_for_each_pair_at_each_level_and_the_nearest_is_found(tmp_path: Path) -> None:
    made = make_merged(CONFIG, tmp_path)
    assert len(made) == 6 * 3
    for gates, name in (
        ({"social": 0.9, "quantity": 0.1}, "quantity-0.25_social-0.75"),
        ({"quantity": 0.6, "social": 0.4}, "quantity-0.5_social-0.5"),
    ):
        assert nearest(gates) == name
        assert (made[name] / WEIGHTS).is_file()


def test_the_engine_has_slots_of_two_experts_rank() -> None:
    settings = merged_settings(CONFIG, {"max_loras": 4, "max_lora_rank": 16, "model": "m"}, 18)
    assert settings == {"max_loras": 18, "max_cpu_loras": 18, "max_lora_rank": 32, "model": "m"}


def copied(folder: Path, **settings: object) -> Path:
    folder.mkdir()
    told = json.loads((ADAPTERS["social"] / SETTINGS).read_text())
    (folder / SETTINGS).write_text(json.dumps(told | settings))
    save_file(load_file(ADAPTERS["social"] / WEIGHTS), folder / WEIGHTS)
    return folder


def test_rank_stabilised_adapters_have_their_own_scale(tmp_path: Path) -> None:
    stable = copied(tmp_path / "stable", use_rslora=True)
    one = products(merge({"a": stable, "b": ADAPTERS["social"]}, {"a": 0.5, "b": 0.0}, tmp_path / "made"))
    key = next(iter(one))
    torch.testing.assert_close(one[key], 0.5 * 4 * products(ADAPTERS["social"])[key])  # rank 16: its root is 4


@pytest.mark.parametrize(
    ("settings", "words"), [({"use_dora": True}, "use_dora"), ({"rank_pattern": {"q": 8}}, "rank")]
)
def test_adapters_that_are_not_plain_lora_are_refused(tmp_path: Path, settings: dict[str, object], words: str) -> None:
    odd = copied(tmp_path / "odd", **settings)
    with pytest.raises(ConfigError, match=words):
        merge({"odd": odd, **ADAPTERS}, {"odd": 0.5, "spatial": 0.5}, tmp_path / "made")


def test_adapters_of_different_layers_are_refused(tmp_path: Path) -> None:
    odd = copied(tmp_path / "odd")
    weights = load_file(odd / WEIGHTS)
    save_file({key: weights[key] for key in list(weights)[2:]}, odd / WEIGHTS)
    with pytest.raises(ConfigError, match="odd and spatial adapt different layers"):
        merge({"odd": odd, **ADAPTERS}, {"odd": 0.5, "spatial": 0.5}, tmp_path / "made")
