from pathlib import Path

import pytest

from molora.benchmarks.results import Figure, Line, Plot, Point, Result, read_result, this_machine, write_result
from molora.errors import ConfigError


def make_result() -> Result:
    plot = Plot(title="t", x_label="x", y_label="y", lines=(Line(name="a", points=(Point(x=1, y=2, y_low=1.5),)),))
    return Result(
        benchmark="load",
        title="Load",
        command="molora bench load",
        seed=3,
        settings={"concurrency": [1, 32]},
        machine=this_machine(),
        figures=(Figure(group="g", row="r", column="c", value=1.5, low=1.4, high=1.6, better="higher"),),
        plots=(plot,),
    )


def test_a_result_comes_back_as_it_was_written(tmp_path: Path):
    path = tmp_path / "new" / "load.json"
    write_result(make_result(), path)
    assert read_result(path) == make_result()


@pytest.mark.parametrize("text", ["", "{}", '{"benchmark": "load"}'])
def test_a_file_without_a_result_is_named(tmp_path: Path, text: str):
    path = tmp_path / "load.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"load\.json holds no result"):
        read_result(path)


def test_a_file_that_is_missing_is_named(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"none\.json"):
        read_result(tmp_path / "none.json")


def test_a_machine_names_its_parts():
    machine = this_machine()
    assert machine.num_cores >= 1
    assert machine.memory_gib > 0
    assert {"molora", "torch"} <= set(machine.packages)
