import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from molora.benchmarks.scenes import Scene
from molora.errors import ConfigError
from molora.router.encoders.fit import fit
from molora.router.encoders.pictures import Eye, load_eye
from tests.router.encoders.models import CONTRASTIVE, DEMO, VISIONS, make_contrastive, make_qwen

SCENES = [Scene.draw(random.Random(seed)) for seed in range(3)]
ODD_SIZES = [(1, 1), (3, 5), (1, 5000), (5000, 1), (29, 31), (2000, 1500)]


@pytest.fixture(scope="module")
def demo_eye() -> Eye:
    return load_eye(DEMO)


@pytest.fixture(scope="module", params=[*VISIONS, *CONTRASTIVE])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    kind: str = request.param
    make = make_qwen if kind in VISIONS else make_contrastive
    return make(tmp_path_factory.mktemp("eye") / kind, kind)


def test_the_demo_tower_gives_what_half_of_its_blocks_make_of_each_cell(demo_eye: Eye):
    import torch
    from transformers import AutoModel

    from molora.adapters.demo_build.vision import render, see

    visual = AutoModel.from_pretrained(DEMO, dtype=torch.float32).visual
    visual.blocks = visual.blocks[:2]
    visual.merger = torch.nn.Unflatten(0, (-1, 4))
    with torch.inference_mode():
        cells = see(visual, render(SCENES)).view(len(SCENES), 16, 4, -1).mean(dim=2)
    expected = cells.transpose(1, 2).flatten(1).numpy()
    np.testing.assert_allclose(demo_eye.look([scene.render() for scene in SCENES]), expected, atol=2e-3)


def test_every_kind_of_model_looks_at_pictures_of_any_size(folder: Path):
    eye = load_eye(folder)
    pictures = [fit(Image.effect_noise(size, 90)) for size in ODD_SIZES]
    together = eye.look(pictures)
    assert together.dtype == np.float32
    assert together.shape == (len(pictures), len(together[0]))
    assert np.isfinite(together).all()
    np.testing.assert_allclose(eye.look(pictures[-1:])[0], together[-1], atol=1e-4)


def test_other_pictures_look_otherwise(folder: Path):
    one, other = load_eye(folder).look([fit(Image.new("RGB", (64, 64), colour)) for colour in ("red", "blue")])
    assert np.abs(one - other).max() > 1e-4


def test_the_digest_tells_weights_and_processors_apart(folder: Path, tmp_path: Path):
    make = make_qwen if folder.name in VISIONS else make_contrastive
    same, other = (make(tmp_path / name, folder.name, seed) for name, seed in [("same", 0), ("other", 1)])
    digest = load_eye(folder).digest
    assert load_eye(same).digest == digest
    assert load_eye(other).digest != digest
    for file in same.glob("p*rocessor_config.json"):
        file.write_text(file.read_text().replace("{", '{"do_rescale": false, ', 1))
    assert load_eye(same).digest != digest


def test_what_is_no_model_with_eyes_is_refused_by_name(tmp_path: Path):
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(ConfigError, match=r"router.encoder.image: .*bert; served: qwen2_vl"):
        load_eye(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ConfigError, match=tmp_path.name):
        load_eye(tmp_path)


def test_a_model_without_its_weights_is_refused(tmp_path: Path):
    from safetensors.numpy import load_file, save_file

    folder = make_contrastive(tmp_path / "clip", "clip")
    weights = load_file(folder / "model.safetensors")
    del weights["visual_projection.weight"]
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(ConfigError, match=r"no weights for .*visual_projection"):
        load_eye(folder)
