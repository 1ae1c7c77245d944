import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from molora.errors import ConfigError
from molora.router.features import Features
from molora.router.head import IMAGE_SHAPES, Head, load_head, save_head
from molora.router.training.network import HeadNetwork, Sizes, pack
from tests.router.fakes import make_head

TEXTS = ["Who waves?", "", "How many boxes are there?"]


def make_network(image: int = 0) -> HeadNetwork:
    torch.manual_seed(0)
    network = HeadNetwork(Sizes(text=6, image=image, hidden=5, buckets=32, classes=3), dropout=0.5).eval()
    for weight in (network.wide.weight, *([network.absent] if image else [])):
        torch.nn.init.normal_(weight)
    return network


def make_features(image: int = 0) -> Features:
    rng = np.random.default_rng(0)
    text, pictures = (rng.normal(size=(len(TEXTS), dim)).astype(np.float32) for dim in (6, image))
    seen = np.array([True, False, True]) if image else np.zeros(3, dtype=np.bool_)
    return Features(text, pictures * seen[:, None], seen)


@pytest.mark.parametrize("image", [0, 4])
def test_numpy_head_agrees_with_the_network_it_was_trained_as(image: int):
    network, features = make_network(image), make_features(image)
    head = Head(("a", "b", "c"), "digest", 1.0, network.weights(), level=0.0, scale=1.0)
    with torch.inference_mode():
        expected = network(*map(torch.from_numpy, features), *pack(TEXTS, 32)).numpy()
    np.testing.assert_allclose(head.logits(features, TEXTS), expected, atol=1e-5)
    assert head.looks == bool(image)


def test_where_no_picture_is_the_numbers_in_its_place_make_no_difference():
    head = Head(("a", "b", "c"), "digest", 1.0, make_network(4).weights(), level=0.0, scale=1.0)
    features = make_features(4)
    junk = np.where(features.seen[:, None], features.image, 7).astype(np.float32)
    np.testing.assert_array_equal(head.logits(features._replace(image=junk), TEXTS), head.logits(features, TEXTS))
    unseen = head.logits(features._replace(seen=np.zeros(3, dtype=np.bool_)), TEXTS)
    assert (np.abs(unseen - head.logits(features, TEXTS)).max(axis=1) > 1e-3).tolist() == [True, False, True]


def test_every_part_of_the_network_learns_pictures_and_their_absence_too():
    network = make_network(4)
    torch.autograd.backward(network(*map(torch.from_numpy, make_features(4)), *pack(TEXTS, 32)).square().sum())
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in network.parameters())


def test_a_network_made_of_a_head_is_the_same_network():
    weights = make_network(4).weights()
    again = HeadNetwork.from_head(Head(("a", "b", "c"), "digest", 1.0, weights, level=0.0, scale=1.0)).weights()
    assert again.keys() == weights.keys()
    assert all((again[name] == weight).all() for name, weight in weights.items())


def test_saved_head_is_read_back_in_half_precision(tmp_path: Path):
    references = np.full((3, 2, 6), 6**-0.5, dtype=np.float32)
    known = {"references": references, "known": references[0], "held": np.linspace(0, 1, 5, dtype=np.float32)}
    weights = {**make_network(4).weights(), **known}
    head = Head(("a", "b", "c"), "digest", 1.25, weights, 0.05, 0.01)
    save_head(head, tmp_path / "new" / "head.safetensors")
    read = load_head(tmp_path / "new" / "head.safetensors")
    assert (read.classes, read.encoder_digest) == (("a", "b", "c"), "digest")
    assert (read.calibration, read.level, read.scale) == (1.25, 0.05, 0.01)
    for name, weight in head.weights.items():
        np.testing.assert_array_equal(read.weights[name], weight.astype(np.float16).astype(np.float32))


def test_a_head_that_cannot_be_written_leaves_the_one_before_it(tmp_path: Path):
    path = tmp_path / "head.safetensors"
    save_head(make_head(), path)
    before = path.read_bytes()
    broken = dataclasses.replace(make_head(), weights={"x": np.array(["no number"])})
    with pytest.raises(ValueError, match="no number"):
        save_head(broken, path)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    assert path.read_bytes() == before


def test_missing_and_foreign_files_are_refused_by_name(tmp_path: Path):
    foreign, rubbish = tmp_path / "foreign.safetensors", tmp_path / "rubbish.safetensors"
    save_file({"x": np.zeros(1)}, foreign)
    rubbish.write_bytes(b"not safetensors")
    for path in (foreign, rubbish, tmp_path / "missing.safetensors", tmp_path):
        with pytest.raises(ConfigError, match=path.name):
            load_head(path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("wide.weight", None),
        ("hidden.bias", np.zeros((2, 2))),
        ("output.weight", np.zeros((3, 3))),
        ("output.weight", np.full((2, 3), np.nan)),
        ("references", None),
        ("references", np.zeros((2, 5, 4))),
        ("known", None),
    ],
)
def test_tensors_that_do_not_fit_are_refused_by_name(tmp_path: Path, name: str, value: np.ndarray | None):
    head, path = make_head(), tmp_path / "head.safetensors"
    weights = {key: weight for key, weight in {**head.weights, name: value}.items() if weight is not None}
    save_head(dataclasses.replace(head, weights=weights), path)
    with pytest.raises(ConfigError, match=name):
        load_head(path)


@pytest.mark.parametrize("name", IMAGE_SHAPES)
def test_a_part_for_pictures_is_whole_or_not_there(tmp_path: Path, name: str):
    head, path = make_head(looks=True), tmp_path / "head.safetensors"
    save_head(head, path)
    assert load_head(path).looks
    weights = {key: weight for key, weight in head.weights.items() if key != name}
    save_head(dataclasses.replace(head, weights=weights), path)
    with pytest.raises(ConfigError, match=f"{name} is missing"):
        load_head(path)


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name in ("calibration", "scale") for value in (0.0, -1.0, float("nan"), float("inf"))]
    + [("level", float("nan"))],
)
def test_numbers_that_cannot_be_are_refused_by_name(tmp_path: Path, name: str, value: float):
    change: dict[str, Any] = {name: value}
    save_head(dataclasses.replace(make_head(), **change), tmp_path / "head.safetensors")
    with pytest.raises(ConfigError, match=name):
        load_head(tmp_path / "head.safetensors")


def test_a_head_of_an_older_format_is_refused(tmp_path: Path):
    path = tmp_path / "head.safetensors"
    save_file({"x": np.zeros(1)}, path, {"format": "molora-router-head-2"})
    with pytest.raises(ConfigError, match="molora-router-head-4"):
        load_head(path)
