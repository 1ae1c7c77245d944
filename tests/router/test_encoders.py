from pathlib import Path

import numpy as np
import pytest

from molora.errors import ConfigError
from molora.router.encoders import SbertEncoder, packaged_model


def test_the_packaged_encoder_is_all_minilm_l6_v2(encoder: SbertEncoder):
    assert encoder.digest.startswith("53aa5117")
    assert encoder.digest.endswith("d9db")


def test_near_meanings_have_near_vectors_of_length_one(encoder: SbertEncoder):
    vectors = encoder.encode(["How many dogs are there?", "Count the dogs.", "Is she angry?"])
    assert vectors.shape == (3, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.3


def test_a_vector_does_not_depend_on_its_batch(encoder: SbertEncoder):
    together = encoder.encode(["Who?", "Where is the big red box in this picture of many boxes?", ""])
    np.testing.assert_allclose(encoder.encode(["Who?"])[0], together[0], atol=1e-5)


def test_a_folder_without_a_model_is_named(tmp_path: Path):
    with pytest.raises(ConfigError, match=tmp_path.name):
        SbertEncoder(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"rubbish")
    with pytest.raises(ConfigError, match=tmp_path.name):
        SbertEncoder(tmp_path)


def test_the_packaged_folder_is_found():
    assert (packaged_model() / "model.safetensors").is_file()
