import dataclasses
from pathlib import Path

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
    head = Head(("a", "b", "c"), "digest", 1.0, network.weights())
    with torch.inference_mode():
        expected = network(vectors, *pack(TEXTS, 32)).numpy()
    np.testing.assert_allclose(head.logits(vectors.numpy(), TEXTS), expected, atol=1e-5)


def test_saved_head_is_read_back_in_half_precision(tmp_path: Path):
    head = Head(("a", "b", "c"), "digest", 1.25, make_network().weights())
    save_head(head, tmp_path / "new" / "head.safetensors")
    read = load_head(tmp_path / "new" / "head.safetensors")
    assert (read.classes, read.encoder_digest, read.calibration) == (("a", "b", "c"), "digest", 1.25)
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
        ("output.weight", np.zeros((3, 2))),
        ("output.weight", np.full((2, 2), np.nan)),
    ],
)
def test_tensors_that_do_not_fit_are_refused_by_name(tmp_path: Path, name: str, value: np.ndarray | None):
    head, path = make_head(), tmp_path / "head.safetensors"
    weights = {key: weight for key, weight in {**head.weights, name: value}.items() if weight is not None}
    save_head(dataclasses.replace(head, weights=weights), path)
    with pytest.raises(ConfigError, match=name):
        load_head(path)


@pytest.mark.parametrize("calibration", [0.0, -1.0, float("nan"), float("inf")])
def test_a_calibration_that_is_no_temperature_is_refused(tmp_path: Path, calibration: float):
    save_head(make_head(calibration=calibration), tmp_path / "head.safetensors")
    with pytest.raises(ConfigError, match="calibration"):
        load_head(tmp_path / "head.safetensors")
