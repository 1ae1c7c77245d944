"""Pictures are reproducible and questions are answered as a person looking at the picture would."""

import random
from collections import Counter

import pytest

from molora.benchmarks.questions import FAMILIES, KINDS, ONE_TYPE, Question, make_examples, sample_question
from molora.benchmarks.scenes import CELL, SIDE, Scene, Thing

# Row 0: a sad person in red looks right at a big blue striped box. Row 1: a small red ball under that person, a tower.
# Row 3: a happy waving person in green in the left corner, a ramp down to the right in the right corner.
SCENE = Scene(
    (
        Thing(0, 0, "person", "red", side="right", mood="sad"),
        Thing(0, 2, "box", "blue", "striped", "big"),
        Thing(1, 0, "ball", "red", "plain", "small"),
        Thing(1, 3, "tower", "yellow"),
        Thing(3, 0, "person", "green", side="ahead", mood="happy", waving=True),
        Thing(3, 3, "ramp", "purple", side="right"),
    ),
    seed=5,
)
ANSWERS = {
    "What is directly below the person in red?": "ball",
    "What is directly above the tower?": "nothing",
    "Is the ball to the left of the box?": "yes",
    "Is the box to the left of the ball?": "no",
    "Where is the tower?": "top right",
    "Which is lower down, the ramp or the box?": "ramp",
    "What is in the bottom left corner?": "person",
    "How many people are there?": "2",
    "How many red things are there?": "1",
    "How many balls and people are there altogether?": "3",
    "Are there more people than balls?": "yes",
    "Are there at least 3 people?": "no",
    "What colour is the ramp?": "purple",
    "Is the box plain, striped or dotted?": "striped",
    "Is the ball small or big?": "small",
    "Which would weigh more, the ball or the box?": "box",
    "Will the tower fall over?": "no",
    "Which way will the marble roll?": "right",
    "Would the red thing roll away if pushed?": "yes",
    "How does the person in red feel?": "sad",
    "Which way is the person in red looking?": "right",
    "Is the person in green waving?": "yes",
    "What is the person in red looking at?": "box",
    "Who is sad, the person in green or the person in red?": "red",
    "Is anyone surprised?": "no",
    "How many people are waving?": "1",
    "How many people are left of the box?": "2",
    "What colour is the thing directly below the person in red?": "red",
    "How does the person directly above the ball feel?": "sad",
    "How many striped things are there?": "1",
}


@pytest.fixture(scope="module")
def asked() -> dict[str, Question]:
    """Everything that many draws ask about SCENE."""
    rng = random.Random(0)
    draws = [sample_question(SCENE, kinds, rng) for _ in range(6000) for kinds in FAMILIES]
    return {question.text: question for question in draws if question}


@pytest.mark.parametrize(("text", "answer"), ANSWERS.items())
def test_a_question_has_the_answer_a_person_gives(asked, text, answer):
    assert asked[text].answer == answer


def test_one_question_has_one_answer():
    rng = random.Random(1)
    seen: dict[str, str] = {}
    for _ in range(4000):
        question = sample_question(SCENE, rng.choice(ONE_TYPE), rng)
        if question:
            assert seen.setdefault(question.text, question.answer) == question.answer


def test_the_same_seed_draws_the_same_examples_and_another_seed_others():
    first, again, other = ([e.question.text for e in make_examples(seed, 40, ONE_TYPE)] for seed in (3, 3, 4))
    assert first == again
    assert first != other


def test_types_take_turns_and_each_example_has_its_own_scene():
    examples = list(make_examples(0, 40, ONE_TYPE))
    assert [e.question.kinds for e in examples] == list(ONE_TYPE) * 10
    assert len({e.scene for e in examples}) == 40


@pytest.mark.parametrize("kind", KINDS)
def test_guessing_the_commonest_answer_to_a_wording_does_not_pay(kind):
    """The best that a model blind to the picture could do: the commonest answer to each question's text."""
    training, unseen = ([e.question for e in make_examples(seed, 4000, [(kind,)])] for seed in (0, 1))
    answers: dict[str, Counter[str]] = {}
    for question in training:
        answers.setdefault(question.text, Counter())[question.answer] += 1
    guessed = [answers[q.text].most_common(1)[0][0] == q.answer for q in unseen if q.text in answers]
    assert len(guessed) > 1000
    assert sum(guessed) / len(guessed) < 0.6


def test_a_picture_is_reproducible_and_differs_from_an_empty_one_only_where_things_stand():
    picture, empty = SCENE.render(), Scene((), SCENE.seed).render()
    assert picture.size == (SIDE, SIDE)
    assert picture.tobytes() == SCENE.render().tobytes()
    for row in range(4):
        for column in range(4):
            box = (column * CELL + 4, row * CELL + 4, column * CELL + 24, row * CELL + 24)
            marks = sum(abs(a - b) for a, b in zip(picture.crop(box).tobytes(), empty.crop(box).tobytes(), strict=True))
            assert (marks / 1200 > 12) == (SCENE.at(row, column) is not None)
