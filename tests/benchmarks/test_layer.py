import pytest
import torch
from rich.console import Console

from molora.compat import mend_torch_companions

mend_torch_companions()

from molora.benchmarks.layer import (  # noqa: E402
    APART,
    BACKBONE,
    DENSE,
    VLLM,
    Case,
    Times,
    fit_costs,
    lost_by_choice,
    make_cases,
    measure,
    print_table,
    summarise,
)
from molora.engine.products import Costs  # noqa: E402

pytestmark = pytest.mark.engine

FEW = Case(width=1536, rank=16, slots=64, rows=32, named=4, mixed=1)
ALL = Case(width=192, rank=16, slots=4, rows=32, named=4, mixed=4)


def test_cases_are_distinct_and_name_no_more_than_there_is() -> None:
    cases = list(make_cases())
    assert len(set(cases)) == len(cases)
    assert all(case.named <= case.slots and case.mixed <= case.slots for case in cases)


def test_gates_are_as_the_case_says() -> None:
    assert torch.equal(FEW.gates.matrix.sum(1), torch.ones(32))
    assert int(FEW.gates.matrix.any(0).sum()) == 4
    assert torch.equal(ALL.gates.matrix, torch.full((32, 4), 0.25))


def test_every_way_is_timed_and_vllms_for_single_adapters_alone() -> None:
    single = Case(width=32, rank=8, slots=4, rows=3, named=3, mixed=1)
    mixture = Case(width=32, rank=8, slots=4, rows=3, named=4, mixed=4)
    times = measure([single, mixture], 2, Console(quiet=True))
    assert [set(one.us) for one in times] == [{BACKBONE, VLLM, DENSE, APART}, {BACKBONE, DENSE, APART}]
    assert all(taken > 0 for one in times for taken in one.us.values())


def planted(case: Case, costs: Costs) -> Times:
    """As long as the model says, at 0.01 ns a multiply-add."""
    width = 2 * case.width
    segments, in_place, gathered = case.gates.work_apart
    dense = costs.segment + width * case.rows * (case.slots * case.rank + costs.in_place)
    apart = costs.segment * segments + width * (in_place + gathered) * case.rank
    apart += width * (in_place * costs.in_place + gathered * costs.gathered)
    return Times(case, {DENSE: dense / 1e5, APART: apart / 1e5, BACKBONE: 10.0})


def test_the_costs_are_found_in_the_times() -> None:
    costs = Costs(3e6, 5.0, 40.0)
    assert fit_costs([planted(case, costs) for case in make_cases()]) == pytest.approx(costs)


def test_the_choice_follows_the_costs() -> None:
    assert lost_by_choice([planted(case, Costs()) for case in make_cases()]) == 0


def test_a_wrong_choice_is_counted() -> None:
    right = Times(FEW, {DENSE: 300.0, APART: 100.0})
    wrong = Times(FEW, {DENSE: 100.0, APART: 300.0})
    assert right.chosen == APART
    assert lost_by_choice([right]) == 0
    assert lost_by_choice([right, wrong]) == pytest.approx(1.0)


def test_the_table_marks_the_choice(capsys: pytest.CaptureFixture[str]) -> None:
    times = [Times(FEW, {BACKBONE: 10.0, VLLM: 400.0, DENSE: 300.0, APART: 100.0})]
    print_table(Console(width=100), times)
    row = next(line for line in capsys.readouterr().out.splitlines() if "1536" in line)
    assert "100*" in row
    assert "0.25" in row
    assert summarise(times * 2)["cases"][0]["chosen"] == APART
