import pytest

from molora.benchmarks.scaling.points import VALUES, Factor, Setting, read_factors, vary
from molora.errors import ConfigError


def test_one_factor_changes_and_the_rest_stays():
    varied = vary(Setting(concurrency=3), Factor.SLOTS, [2, 4])
    assert varied == [Setting(concurrency=3, slots=2), Setting(concurrency=3, slots=4)]
    assert [setting.value(Factor.SLOTS) for setting in varied] == [2, 4]


def test_no_factor_is_all_of_them():
    assert read_factors([]) == {factor: list(values) for factor, values in VALUES.items()}


def test_points_may_be_given_and_come_in_order():
    assert read_factors(["experts=32,4,32", "prompt=0,5"]) == {Factor.EXPERTS: [4, 32], Factor.PROMPT: [0, 5]}


@pytest.mark.parametrize("text", ["colour", "slots=", "slots=a,b", "slots=0,2", "slots=2", "slots=2,2", "picture=1,56"])
def test_what_is_no_factor_is_named(text: str):
    if text == "slots=":
        assert read_factors([text])[Factor.SLOTS] == list(VALUES[Factor.SLOTS])
        return
    with pytest.raises(ConfigError, match=text):
        read_factors([text])
