from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from molora.adapters.check import WEIGHTS, check_adapter, digest_of
from molora.compat import mend_torch_companions
from molora.errors import ConfigError
from molora.router.joint.adapters import write_adapter
from tests.adapters.faulty import make_good
from tests.router.joint.demo import FOLDERS, backbone, load, make_mixture, read

mend_torch_companions()

from peft import PeftModel  # noqa: E402


def test_what_was_trained_further_is_an_adapter_like_the_one_it_was(tmp_path: Path) -> None:
    before = {name: digest_of(folder) for name, folder in FOLDERS.items()}
    mixture, _ = make_mixture()
    with torch.no_grad():
        for parameter in mixture.weights():
            parameter.add_(0.25)
    for name, adapter in zip(FOLDERS, mixture.adapters(), strict=True):
        write_adapter(adapter, tmp_path / name)
        old, new = load_file(FOLDERS[name] / WEIGHTS), load_file(tmp_path / name / WEIGHTS)
        assert old.keys() == new.keys()
        assert all(torch.allclose(new[key], old[key].float() + 0.25) for key in old)
        assert check_adapter(tmp_path / name, backbone(), max_rank=16, tower=False).rank == 16
    assert {name: digest_of(folder) for name, folder in FOLDERS.items()} == before


def test_peft_loads_what_was_written(tmp_path: Path) -> None:
    adapter = read(FOLDERS["social"])
    write_adapter(adapter, tmp_path / "social")
    tuned = PeftModel.from_pretrained(load()[0], tmp_path / "social")
    own = dict(tuned.named_parameters())
    for module, (a, b) in adapter.layers.items():
        assert torch.equal(own[f"base_model.model.{module}.lora_A.default.weight"], a)
        assert torch.equal(own[f"base_model.model.{module}.lora_B.default.weight"], b)


def test_an_adapter_that_the_server_would_not_admit_is_refused_with_its_folder(tmp_path: Path) -> None:
    folder = make_good(tmp_path / "adapter")
    (folder / WEIGHTS).unlink()
    with pytest.raises(ConfigError, match=r"adapter: adapter_model\.safetensors is missing"):
        read(folder)
