from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from molora.engine.adapter import WEIGHTS, read_adapter
from molora.engine.interface import Adapter
from molora.errors import ConfigError

LAYER = "base_model.model.model.layers.0."


def write(folder: Path, *modules: str) -> str:
    save_file({f"{LAYER}{module}.lora_A.weight": np.zeros((2, 4), np.float32) for module in modules}, folder / WEIGHTS)
    return sha256((folder / WEIGHTS).read_bytes()).hexdigest()


def test_linear_layers_can_be_mixed(tmp_path: Path) -> None:
    digest = write(tmp_path, "self_attn.q_proj", "mlp.down_proj")
    assert read_adapter("social", tmp_path) == Adapter("social", digest, "ready", ())


def test_other_modules_are_named(tmp_path: Path) -> None:
    write(tmp_path, "self_attn.q_proj", "mlp.experts.3.down_proj", "lm_head")
    assert read_adapter("social", tmp_path).apart == ("experts", "lm_head")


@pytest.mark.parametrize("content", [None, b"no weights"])
def test_weights_that_cannot_be_read_are_named(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / WEIGHTS).write_bytes(content)
    with pytest.raises(ConfigError, match=r"experts\.social\.adapter: .*adapter_model\.safetensors"):
        read_adapter("social", tmp_path)
