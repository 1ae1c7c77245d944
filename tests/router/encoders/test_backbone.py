from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from molora.compat import mend_torch_companions
from molora.errors import ConfigError
from molora.router.encoders.backbone import load_backbone
from molora.router.encoders.looking import LookingEncoder
from molora.router.encoders.pictures import load_eye
from molora.router.query import Query
from tests.router.encoders.models import DEMO, VISIONS, make_qwen

TEXTS = ["Who waves?", "How many red boxes are there in the top left?", ""]
QUERIES = [Query(text) for text in TEXTS]


@pytest.fixture(scope="module")
def first_layer() -> LookingEncoder:
    return load_backbone(DEMO, 1)


@pytest.mark.parametrize("layer", [1, 3])
def test_the_text_is_the_mean_of_the_whole_models_states_after_that_layer(layer: int):
    mend_torch_companions()
    import torch
    from transformers import AutoModel, AutoTokenizer

    whole, tokenizer = AutoModel.from_pretrained(DEMO, dtype=torch.float32), AutoTokenizer.from_pretrained(DEMO)
    encoded = load_backbone(DEMO, layer).encode(QUERIES[:2]).text
    for text, vector in zip(TEXTS, encoded, strict=False):
        with torch.inference_mode():
            told = whole.language_model(**tokenizer(text, return_tensors="pt"), output_hidden_states=True)
        states = told.hidden_states[layer][0].numpy()
        units = states / np.linalg.norm(states, axis=1, keepdims=True)
        np.testing.assert_allclose(vector, units.mean(axis=0), atol=1e-5)


def test_a_vector_does_not_depend_on_its_batch(first_layer: LookingEncoder):
    together = first_layer.encode(QUERIES).text
    alone = np.concatenate([first_layer.encode([query]).text for query in QUERIES])
    np.testing.assert_allclose(alone, together, atol=1e-5)
    assert np.isfinite(together).all()


def test_a_very_long_text_is_read_to_where_reading_stops(first_layer: LookingEncoder):
    assert np.isfinite(first_layer.encode([Query("who " * 2000)]).text).all()


def test_pictures_are_seen_by_the_backbones_own_tower(first_layer: LookingEncoder):
    picture = Image.effect_noise((112, 112), 90).convert("RGB")
    features = first_layer.encode([Query("", (picture,)), Query("")])
    np.testing.assert_allclose(features.image[0], load_eye(DEMO).look([picture])[0], atol=1e-5)
    assert features.seen.tolist() == [True, False]


def test_layers_behind_the_one_asked_for_are_not_kept():
    import torch

    for layer in (1, 2):
        model = load_backbone(DEMO, layer)._text._language  # type: ignore[attr-defined]
        assert len(model.layers) == layer
        assert isinstance(model.norm, torch.nn.Identity)


@pytest.mark.parametrize("layer", [0, 6])
def test_a_layer_that_the_backbone_does_not_have_is_refused(layer: int):
    with pytest.raises(ConfigError, match=f"router.encoder.backbone: .*layer {layer} is not one of its layers, 1 to 5"):
        load_backbone(DEMO, layer)


def test_layers_and_weights_have_digests_of_their_own(first_layer: LookingEncoder, tmp_path: Path):
    one, other = (load_backbone(make_qwen(tmp_path / str(seed), "qwen2_vl", seed), 1) for seed in (0, 1))
    digests = [first_layer.digest, load_backbone(DEMO, 2).digest, one.digest, other.digest]
    assert len(set(digests)) == 4
    assert load_backbone(DEMO, 1).digest == first_layer.digest


@pytest.mark.parametrize("kind", VISIONS)
def test_every_generation_of_qwen_vl_will_do(kind: str, tmp_path: Path):
    encoder = load_backbone(make_qwen(tmp_path / kind, kind), 2)
    features = encoder.encode([*QUERIES, Query("Who?", (Image.effect_noise((90, 200), 90),))])
    assert features.text.shape == (4, 32)
    assert features.image.shape == (4, 16 * 32)
    assert all(np.isfinite(part).all() for part in features)


def test_another_kind_of_model_is_refused(tmp_path: Path):
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(ConfigError, match=r"router.encoder.backbone: .*bert; served: qwen2_vl"):
        load_backbone(tmp_path, 1)
