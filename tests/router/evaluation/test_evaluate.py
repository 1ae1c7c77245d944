import pytest
from PIL import Image

from molora.errors import ConfigError
from molora.router.evaluation.evaluate import Case, evaluate, make_case
from molora.router.query import Query
from molora.router.training.data import Sample
from molora.router.training.examples import make_examples
from tests.router.fakes import EXPERTS, FakeEncoder, make_head


def case(*samples: Sample, looks: bool = False) -> Case:
    examples = make_examples(samples, EXPERTS, FakeEncoder(looks=looks), lambda _done, _all: None)
    return make_case(make_head(looks=looks), examples)


def sample(text: str, expert: str, *pictures: Image.Image) -> Sample:
    return Sample(Query(text, pictures), {expert: 1.0})


def test_figures_and_curves_are_of_the_same_questions():
    evaluation = evaluate(case(sample("who?", "social"), sample("where?", "spatial"), sample("who?", "spatial")))
    assert evaluation.report.num == 3
    assert evaluation.report.accuracy == pytest.approx(2 / 3)
    assert sum(one.num for one in evaluation.reliability) == 3
    assert evaluation.risk_coverage[-1].accuracy == pytest.approx(2 / 3)
    assert {mode: sum(spread.largest) for mode, spread in evaluation.gates.items()} == dict.fromkeys(
        ("top1", "top2", "soft"), 3
    )


def test_a_question_counts_for_the_expert_that_has_most_of_it_and_not_at_all_for_equals():
    shared = Sample(Query("who?"), {"spatial": 0.5, "social": 0.5})
    leaning = Sample(Query("who?"), {"spatial": 0.4, "social": 0.6})
    assert evaluate(case(shared, leaning)).report.confusion["social"] == {"spatial": 0, "social": 1}
    with pytest.raises(ConfigError, match="one expert alone"):
        case(shared)
