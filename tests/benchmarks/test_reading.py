from pathlib import Path

import pytest

from molora.benchmarks.reading import read_results
from molora.benchmarks.results import write_result
from molora.errors import ConfigError
from tests.benchmarks.made_results import make_result


def test_files_and_folders_are_read_in_order(tmp_path: Path):
    for name in ("load", "quality"):
        write_result(make_result(name), tmp_path / "folder" / f"{name}.json")
    (tmp_path / "folder" / "load.jsonl").write_text("raw")
    write_result(make_result("scaling"), tmp_path / "scaling.json")
    found = read_results([tmp_path / "scaling.json", tmp_path / "folder"])
    assert [result.benchmark for result in found] == ["scaling", "load", "quality"]


def test_a_folder_without_results_is_named(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"no \*\.json in it"):
        read_results([tmp_path])
