from pathlib import Path

import pytest

from molora.errors import ConfigError
from molora.router.evaluation.naming import name_files


def test_files_are_named_by_their_folders_too_where_they_are_alike():
    paths = [Path("runs/kl/head.safetensors"), Path("runs/plain/head.safetensors"), Path("runs/best.safetensors")]
    assert name_files(paths) == ["kl/head", "plain/head", "best"]
    with pytest.raises(ConfigError, match="2 files are called kl/head"):
        name_files([paths[0], Path("old/kl/head.safetensors")])
