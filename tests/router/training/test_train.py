import dataclasses

import numpy as np
import pytest

from molora.errors import ConfigError
from molora.router.evaluation.measures import measure
from molora.router.features import Features
from molora.router.layers import softmax
from molora.router.training.examples import Examples
from molora.router.training.plan import Plan
from molora.router.training.train import Trained, fit_temperature, split, train
from tests.router.fakes import EXPERTS
from tests.router.labelled import label

PLAN = Plan(hidden=8, num_buckets=64, epochs=20, batch=16)
TEXTS = [f"{word} is {name}?" for word in ("who", "where") for name in "abcdefghijklmnopqrst"]
EXAMPLES = label(TEXTS, ["social"] * 20 + ["spatial"] * 20)


def run(examples: Examples, plan: Plan = PLAN) -> Trained:
    return train(examples, "digest", plan, lambda *_: None)


def test_a_trained_head_tells_the_classes_apart():
    steps: list[tuple[str, int, int]] = []
    head, held_out, labels = train(EXAMPLES, "digest", PLAN, lambda *told: steps.append(told[:3]))
    assert (held_out.num, held_out.accuracy) == (4, 1.0)
    assert (head.classes, head.encoder_digest) == (EXPERTS, "digest")
    unseen = label(["who is it?", "where is it?"], ["social", "spatial"])
    assert head.logits(unseen.features, unseen.texts).argmax(axis=1).tolist() == [1, 0]
    assert steps[-1] == ("train", 60, 60)
    assert list(dict.fromkeys(stage for stage, _, _ in steps)) == ["calibrate", "train"]
    assert (labels.num_relabelled, labels.num_dropped, labels.agreement) == (0, 0, 1.0)


@pytest.mark.parametrize("change", [{}, {"seed": 1}])
def test_the_seed_decides_the_head(change):
    first, second = (run(EXAMPLES, plan).head for plan in (PLAN, dataclasses.replace(PLAN, **change)))
    same = all(np.array_equal(first.weights[name], second.weights[name]) for name in first.weights)
    assert same == (not change)


def see(num: int) -> Examples:
    """One wording: what is asked of a picture decides, red on one's and green on the other's."""
    examples = label(["what now?"] * num, list(EXPERTS) * (num // 2))
    colours = np.tile(np.eye(2, 3, dtype=np.float32), (num // 2, 1))
    return examples._replace(features=Features(examples.features.text, colours, np.ones(num, dtype=np.bool_)))


def test_a_question_whose_picture_decides_is_learnt_and_without_it_left_open():
    head, held_out, _ = run(see(160), dataclasses.replace(PLAN, hidden=32))
    assert held_out.accuracy == 1.0
    asked = see(2).features
    blind = asked._replace(image=np.zeros_like(asked.image), seen=np.zeros_like(asked.seen))
    confident, open_ = (
        softmax(head.logits(features, ["what now?"] * 2), head.calibration) for features in (asked, blind)
    )
    assert confident.max(axis=1).min() > 0.9
    assert open_.max() < 0.75


def test_balance_lets_a_rare_expert_have_its_share_of_questions_that_could_be_either():
    texts = ["why?"] * 120
    examples = label(texts, ["social" if i % 8 == 0 else "spatial" for i in range(120)])
    shares = []
    for balanced in (True, False):
        head = run(examples, dataclasses.replace(PLAN, balance=balanced, held_out=0.2)).head
        shares.append(softmax(head.logits(examples.features, texts), 1.0)[0, 1])
    assert shares[0] > 0.35 > shares[1]


def test_one_class_alone_and_classes_without_questions_are_refused():
    examples = label(["who?"] * 4, ["social"] * 4)
    with pytest.raises(ConfigError, match="0 questions are of spatial alone"):
        run(examples)
    with pytest.raises(ConfigError, match="all questions belong to social"):
        run(examples._replace(targets=examples.targets[:, 1:], classes=("social",)))
    shared = label(["who?", "where?"], [{"social": 0.5, "spatial": 0.5}] * 2)
    with pytest.raises(ConfigError, match="of spatial alone"):
        run(shared)


def test_two_questions_of_each_expert_are_enough():
    assert run(label(["who?", "where?"] * 2, ["social", "spatial"] * 2)).held_out.num == 2


def test_every_expert_is_held_out_in_its_share():
    examples = label(
        [f"who {i}?" for i in range(60)], ["social"] * 40 + ["spatial"] * 10 + [{"social": 0.5, "spatial": 0.5}] * 10
    )
    held, rest = split(examples, PLAN)
    assert held.targets.sum(axis=0).tolist() == [1.5, 4.5]
    assert sorted(held.texts + rest.texts) == sorted(examples.texts)


def test_the_temperature_undoes_overconfidence():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(4000, 2)).astype(np.float32)
    truth = (rng.random(4000) > softmax(logits, 1.0)[:, 0]).astype(np.int64)
    temperature = fit_temperature(3 * logits, np.eye(2, dtype=np.float32)[truth])
    assert temperature == pytest.approx(3.0, rel=0.15)
    assert measure(softmax(3 * logits, temperature), truth, EXPERTS).ece < 0.03


def test_wrong_labels_are_mended_before_the_head_learns():
    nouns = [f"thing{i}" for i in range(40)] + ["people"] * 10
    texts = [*(f"how many {noun}?" for noun in nouns), *["who is it?"] * 10]
    examples = label(texts, ["spatial"] * 42 + ["social"] * 18)
    trained = run(examples, dataclasses.replace(PLAN, labels="consensus"))
    assert (trained.labels.num_relabelled, trained.labels.openings) == (8, {"how many": "spatial"})
    asked = label(["how many people?", "who is it?"], ["spatial", "social"])
    assert trained.head.logits(asked.features, asked.texts).argmax(axis=1).tolist() == [0, 1]
