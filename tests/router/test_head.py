import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from molora.errors import ConfigError
from molora.router.head import Head, load_head, save_head
from molora.router.network import HeadNetwork, pack
from tests.router.fakes import make_head

TEXTS = ["Who waves?", "", "How many boxes are there?"]


def make_network() -> HeadNetwork:
    torch.manual_seed(0)
    network = HeadNetwork(dim=6, hidden=5, num_buckets=32, num_classes=3, dropout=0.5).eval()
    torch.nn.init.normal_(network.wide.weight)
    return network


def test_numpy_head_agrees_with_the_network_it_was_trained_as():
    network, vectors = make_network(), torch.randn(len(TEXTS), 6)
    head = Head(("a", "b", "c"), "digest", 1.0, network.weights(), level=0.0, scale=1.0)
    with torch.inference_mode():
        expected = network(vectors, *pack(TEXTS, 32)).numpy()
    np.testing.assert_allclose(head.logits(vectors.numpy(), TEXTS), expected, atol=1e-5)


def test_saved_head_is_read_back_in_half_precision(tmp_path: Path):
    references = np.full((3, 2, 6), 6**-0.5, dtype=np.float32)
    head = Head(("a", "b", "c"), "digest", 1.25, {**make_network().weights(), "references": references}, 0.05, 0.01)
    save_head(head, tmp_path / "new" / "head.safetensors")
    read = load_head(tmp_path / "new" / "head.safetensors")
    assert (read.classes, read.encoder_digest) == (("a", "b", "c"), "digest")
    assert (read.calibration, read.level, read.scale) == (1.25, 0.05, 0.01)
    for name, weight in head.weights.items():
        np.testing.assert_array_equal(read.weights[name], weight.astype(np.float16).astype(np.float32))


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
    ],
)
def test_tensors_that_do_not_fit_are_refused_by_name(tmp_path: Path, name: str, value: np.ndarray | None):
    head, path = make_head(), tmp_path / "head.safetensors"
    weights = {key: weight for key, weight in {**head.weights, name: value}.items() if weight is not None}
    save_head(dataclasses.replace(head, weights=weights), path)
    with pytest.raises(ConfigError, match=name):
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
    save_file({"x": np.zeros(1)}, path, {"format": "molora-router-head-1"})
    with pytest.raises(ConfigError, match="molora-router-head-2"):
        load_head(path)
