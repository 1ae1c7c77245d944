from pathlib import Path

import pytest
import torch

from molora.errors import ConfigError
from molora.router.training.checkpoint import Checkpoint

TOLD = {"seed": 0}


def test_what_was_written_last_is_read_until_it_is_removed(tmp_path: Path):
    path = tmp_path / "new" / "head.checkpoint"
    checkpoint = Checkpoint(path, TOLD)
    assert checkpoint.read() == {}
    for epoch in (1, 2):
        checkpoint.write({"epoch": epoch, "weights": torch.full((2,), float(epoch))})
    read = Checkpoint(path, TOLD).read()
    assert (read["epoch"], read["weights"].tolist()) == (2, [2.0, 2.0])
    assert list(path.parent.iterdir()) == [path]
    checkpoint.remove()
    assert Checkpoint(path, TOLD).read() == {}


def test_a_checkpoint_of_another_run_is_refused_and_stays(tmp_path: Path):
    path = tmp_path / "head.checkpoint"
    Checkpoint(path, TOLD).write({"epoch": 1})
    with pytest.raises(ConfigError, match=r"head\.checkpoint: it is of other data"):
        Checkpoint(path, {"seed": 1}).read()
    assert Checkpoint(path, TOLD).read() == {"epoch": 1}


@pytest.mark.parametrize("content", [b"", b"no checkpoint"])
def test_what_is_no_checkpoint_is_refused(tmp_path: Path, content: bytes):
    path = tmp_path / "head.checkpoint"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="is no checkpoint"):
        Checkpoint(path, TOLD).read()
