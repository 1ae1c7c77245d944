from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from molora.benchmarks import displays
from molora.benchmarks.questions import KINDS
from molora.errors import ConfigError
from molora.router.query import Query
from molora.router.training.data import (
    Sample,
    as_targets,
    draw_display_questions,
    draw_scene_questions,
    find_classes,
    share_evenly,
)


def test_scene_questions_are_seeded_and_balanced():
    samples = draw_scene_questions(7, 50)
    assert samples == draw_scene_questions(7, 50)
    assert samples != draw_scene_questions(8, 50)
    single = [next(iter(sample.targets)) for sample in samples if len(sample.targets) == 1]
    assert {kind: single.count(kind) for kind in KINDS} == dict.fromkeys(KINDS, 10)
    assert sum(sorted(sample.targets.values()) == [0.5, 0.5] for sample in samples) == 10


def test_a_scenes_picture_is_drawn_when_it_is_loaded():
    sample = draw_scene_questions(7, 1)[0]
    assert sample.query.images == ()
    (picture,) = sample.load().images
    assert (sample.load().text, picture.size) == (sample.query.text, (112, 112))


def test_displays_take_turns_and_are_drawn_when_they_are_loaded():
    samples = draw_display_questions(7, 14)
    assert samples == draw_display_questions(7, 14)
    assert [sample.targets for sample in samples] == [{kind: 1.0} for kind in displays.KINDS] * 2
    assert len({sample.query.text for sample in samples}) <= 2
    assert samples[0].load().images[0].tobytes() != samples[1].load().images[0].tobytes()


def test_a_files_picture_is_opened_anew_each_time(tmp_path: Path):
    Image.new("RGB", (8, 8), "red").save(tmp_path / "red.png")
    sample = Sample(Query("q"), {"a": 1.0}, tmp_path / "red.png")
    first, second = sample.load().images[0], sample.load().images[0]
    assert first is not second
    assert first.getpixel((0, 0)) == (255, 0, 0)
    assert Sample(Query("q"), {"a": 1.0}).load() == Query("q")


def test_classes_are_the_four_types_first_and_then_as_they_appear():
    named = [Sample(Query(""), dict.fromkeys(names, 1.0)) for names in (["web"], ["social", "gui"], ["spatial", "web"])]
    assert find_classes(named) == ("spatial", "social", "web", "gui")


def test_targets_are_the_experts_weights():
    samples = [
        Sample(Query("a"), {"social": 1.0}),
        Sample(Query("b"), share_evenly(("quantity", "spatial"))),
        Sample(Query("c"), {"social": 0.75, "physical": 0.25}),
    ]
    np.testing.assert_array_equal(as_targets(samples, KINDS), [[0, 0, 0, 1], [0.5, 0.5, 0, 0], [0, 0, 0.25, 0.75]])


def test_a_question_of_an_expert_that_is_none_of_the_classes_is_refused():
    with pytest.raises(ConfigError, match=r"'sheet', which is none of the experts: spatial"):
        as_targets([Sample(Query("a"), {"sheet": 1.0})], KINDS)
