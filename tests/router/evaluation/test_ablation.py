import numpy as np
import pytest
from PIL import Image

from molora.router.evaluation.ablation import ablate
from tests.router.evaluation.test_evaluate import case, sample

RED, GREEN = (Image.new("RGB", (4, 4), colour) for colour in ("red", "lime"))


def test_a_head_that_sees_no_picture_is_measured_on_the_text_alone():
    assert list(ablate(case(sample("who?", "social")))) == ["text"]
    assert list(ablate(case(sample("who?", "social"), looks=True))) == ["text"]


def test_each_part_of_the_input_is_taken_away_in_turn():
    told = [sample("who?", "social", GREEN), sample("where?", "spatial", RED)]  # by the text and by the picture
    seen = [sample("why?", "social", GREEN), sample("why?", "spatial", RED)]  # by the picture alone
    by_part = {part: one.report.accuracy for part, one in ablate(case(*told, *seen, looks=True)).items()}
    assert by_part == {"both": 1.0, "text": 0.75, "picture": 1.0}


def test_own_gates_are_the_mean_gates_of_the_experts_that_questions_belong_to():
    one = case(sample("who?", "social"), sample("who?", "spatial"))
    (ablation,) = ablate(one).values()
    shares = one.probabilities[np.arange(2), one.truth]
    assert ablation.own_gates == pytest.approx({"top1": 0.5, "top2": shares.mean(), "soft": shares.mean()})
    assert "confusion" not in ablation.to_dict()
