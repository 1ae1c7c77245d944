import pytest
from rich.console import Console

from molora.router.evaluation.ablation import ablate
from molora.router.evaluation.evaluate import evaluate
from molora.router.evaluation.foreign import Foreign
from molora.router.evaluation.heads import Measured
from molora.router.evaluation.tables import print_tables
from tests.router.evaluation.test_evaluate import case, sample


def test_tables_say_what_was_measured_within_eighty_columns(capsys: pytest.CaptureFixture[str]):
    one = case(sample("who?", "social"), sample("where?", "spatial"), sample("who?", "spatial"))
    foreign = Foreign(0.01, 50, 3, 0.9123, 0.0333, 0.98)
    answers = {"arms": {"auto": {"spatial": 0.5, "all": 0.5}, "base": {"all": 0.125}}, "experts": {}}
    print_tables(Console(width=80), [Measured("head", evaluate(one), ablate(one), foreign)], answers)
    printed = capsys.readouterr().out
    assert "head: accuracy 0.6667 on 3 questions" in printed
    for row in (["spatial", "1", "1", "0.500"], ["text", "0.667", "0.667", "1.000"], ["0.01", "50", "0.9123"]):
        assert any(all(cell in line for cell in row) for line in printed.splitlines()), row
    assert "0.125" in printed
    assert "\u2026" not in printed


def test_right_answers_stand_beside_the_whole_question(capsys: pytest.CaptureFixture[str]):
    one = case(sample("who?", "social"))
    rights = {"top1": {"one type": 0.625, "two types": 0.125}, "soft": {"one type": 0.5, "two types": 0.25}}
    measured = [Measured("head", evaluate(one), ablate(one), None, rights), Measured("b", evaluate(one), {}, None)]
    print_tables(Console(width=200), measured, None)
    printed = capsys.readouterr().out
    columns = ["top1, one type", "top1, two types", "soft, one type", "soft, two types"]
    assert [column for column in columns if column in printed] == columns
    assert any(line.split()[-4:] == ["0.625", "0.125", "0.500", "0.250"] for line in printed.splitlines())


def test_what_was_not_asked_for_is_left_out(capsys: pytest.CaptureFixture[str]):
    one = case(sample("who?", "social"))
    print_tables(Console(width=80), [Measured("head", evaluate(one), ablate(one), None)], None)
    printed = capsys.readouterr().out
    assert "nobody" not in printed
    assert "Exact match" not in printed
