import json
from pathlib import Path

import pytest

from molora.compat import mend_torch_companions

mend_torch_companions()

import torch  # noqa: E402
from transformers import AutoConfig, AutoModelForImageTextToText, AutoProcessor  # noqa: E402

from molora.benchmarks.backbones import BACKBONES, Name, cut, write_backbone  # noqa: E402


@pytest.mark.parametrize(("name", "billions"), [(Name.QWEN2_VL_2B, 2.209), (Name.QWEN3_VL_8B, 8.767)])
def test_a_whole_backbone_has_as_many_parameters_as_the_real_one(tmp_path: Path, name: Name, billions: float):
    config = write_backbone(tmp_path / "backbone", name, 0, 448)
    with torch.device("meta"):
        model = AutoModelForImageTextToText.from_config(config)
    assert sum(weights.numel() for weights in model.parameters()) / 1e9 == pytest.approx(billions, abs=0.001)


@pytest.mark.parametrize(("num_layers", "feeding"), [(1, [0]), (2, [0, 1]), (10, [7, 8, 9]), (30, [8, 16, 24])])
def test_what_feeds_the_language_model_is_among_the_layers_left(num_layers: int, feeding: list[int]):
    values = cut(BACKBONES[Name.QWEN3_VL_8B], num_layers)
    assert values["text_config"]["num_hidden_layers"] == num_layers
    assert values["vision_config"]["depth"] == min(num_layers, 27)
    assert values["vision_config"]["deepstack_visual_indexes"] == feeding


@pytest.mark.parametrize("name", list(Name))
def test_the_processor_is_the_models_own_and_reads_pictures_up_to_the_side(tmp_path: Path, name: Name):
    folder = tmp_path / "backbone"
    write_backbone(folder, name, 1, 224)
    processor = AutoProcessor.from_pretrained(folder)
    assert type(processor).__name__ == BACKBONES[name].processor
    assert processor.image_processor.size["longest_edge"] == 224 * 224
    assert processor.image_processor.patch_size == BACKBONES[name].vision["patch_size"]


def test_special_tokens_are_those_of_the_tokenizer_beside_it(tmp_path: Path):
    folder = tmp_path / "backbone"
    write_backbone(folder, Name.QWEN3_VL_8B, 1, 224)
    config = AutoConfig.from_pretrained(folder)
    tokens = {
        token["content"]: token["id"] for token in json.loads((folder / "tokenizer.json").read_text())["added_tokens"]
    }
    assert config.image_token_id == tokens["<|image_pad|>"]
    assert config.text_config.eos_token_id == tokens["<|im_end|>"]
