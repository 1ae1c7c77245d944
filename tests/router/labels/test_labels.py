import numpy as np
import pytest

from molora.router.labels import Mended, mend
from molora.router.training.plan import Method, Plan
from tests.router.fakes import make_head
from tests.router.labelled import label, leaders

THINGS = [f"how many thing{i}?" for i in range(40)]
PEOPLE = ["how many people?"] * 5
LONERS = [f"{i} is who?" for i in range(40)]
SHARED = {"spatial": 0.6, "social": 0.4}
EXAMPLES = label(
    [*THINGS, *PEOPLE, *LONERS, "how many who?"],
    [*["spatial"] * 41, *["social"] * 4, "spatial", *["social"] * 39, SHARED],
)


def run(method: Method) -> Mended:
    return mend(EXAMPLES, Plan(labels=method), lambda *_: make_head())


def test_given_labels_stay():
    mended = run("given")
    assert mended.examples.texts == EXAMPLES.texts
    np.testing.assert_array_equal(mended.examples.targets, EXAMPLES.targets)
    assert mended.to_dict() == {
        "method": "given", "num_relabelled": 0, "num_dropped": 0, "agreement": 1.0, "openings": {}
    }  # fmt: skip


@pytest.mark.parametrize(("method", "num_dropped"), [("consensus", 0), ("both", 1)])
def test_consensus_gives_an_openings_label_to_all_of_its_questions(method: Method, num_dropped: int):
    mended = run(method)
    assert leaders(mended.examples)[:45] == ["spatial"] * 45
    np.testing.assert_allclose(mended.examples.targets[-1], [0.6, 0.4])
    assert (mended.num_relabelled, mended.num_dropped, mended.openings) == (4, num_dropped, {"how many": "spatial"})
    assert mended.agreement == pytest.approx(1 - (4 + num_dropped) / 85)


def test_confident_learning_leaves_out_what_the_others_speak_against():
    mended = run("confident")
    assert mended.num_relabelled == 0
    assert mended.num_dropped == 5
    assert "0 is who?" not in mended.examples.texts
    assert mended.examples.texts[-1] == "how many who?"


def test_labels_of_a_users_own_tasks_stay_where_no_opening_contradicts_them():
    texts = [f"{verb} the {thing}{i}" for i in range(50) for verb, thing in (("open", "page"), ("open", "cell"))]
    tasks = label([*texts, *texts], ["spatial", "social"] * 100)
    assert mend(tasks, Plan(labels="consensus"), lambda *_: make_head()).num_relabelled == 0
