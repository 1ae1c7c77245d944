import numpy as np
import pytest

from molora.errors import ConfigError
from molora.router.features import Floats
from molora.router.layers import softmax
from molora.router.panel import Panel
from molora.router.query import Query
from molora.router.scoring import Reading, Scorer
from tests.router.fakes import EXPERTS, FakeEncoder, make_head

CALIBRATION = 0.7
HEAD = make_head(calibration=CALIBRATION)


def read(*texts: str) -> list[Reading]:
    return Scorer(FakeEncoder(), HEAD).score([Query(text) for text in texts])


def vectors(*texts: str) -> Floats:
    return np.stack([reading.vector for reading in read(*texts)])


def probabilities(panel: Panel, text: str) -> dict[str, float]:
    shares = softmax(panel.logits(read(text)[0])[None], CALIBRATION)[0]
    return dict(zip(panel.experts, shares.tolist(), strict=True))


def test_without_newcomers_the_logits_are_the_heads_own():
    (reading,) = read("who?")
    np.testing.assert_array_equal(Panel(HEAD, EXPERTS).logits(reading), reading.logits)
    np.testing.assert_array_equal(Panel(HEAD, EXPERTS[::-1]).logits(reading), reading.logits[::-1])


def test_a_newcomer_gets_its_questions_and_leaves_the_others_theirs():
    panel = Panel(HEAD, EXPERTS)
    before = {text: probabilities(panel, text) for text in ("who?", "where?", "why?")}
    panel.set("reasons", vectors("why not?"))
    assert panel.experts == (*EXPERTS, "reasons")
    assert probabilities(panel, "why?")["reasons"] > 0.9
    for text in ("who?", "where?"):
        assert probabilities(panel, text)["reasons"] < 0.05
    for text, shares in before.items():
        after = probabilities(panel, text)
        rest = {name: after[name] / (1 - after["reasons"]) for name in EXPERTS}
        assert rest == pytest.approx(shares, abs=1e-5)


def test_a_score_at_the_level_is_as_likely_as_all_trained_experts_together():
    panel = Panel(HEAD, EXPERTS)
    panel.set("reasons", vectors("why?"))
    share = probabilities(panel, "who?")["reasons"]
    score = HEAD.level + HEAD.scale * np.log(share / (1 - share))
    assert score == pytest.approx(panel._newcomers.scores(vectors("who?"))[0, 0], abs=1e-4)


def test_newcomers_of_the_same_texts_share_what_one_of_them_would_get():
    alone, panel = Panel(HEAD, EXPERTS), Panel(HEAD, EXPERTS)
    alone.set("a", vectors("why?"))
    for name in "abcd":
        panel.set(name, vectors("why?"))
    share = probabilities(alone, "why?")["a"] / 4
    assert [probabilities(panel, "why?")[name] for name in "abcd"] == pytest.approx([share] * 4, abs=1e-5)


def test_removed_experts_leave_their_share_to_the_others():
    panel = Panel(HEAD, EXPERTS)
    panel.set("reasons", vectors("why?"))
    whole = probabilities(panel, "why?")
    panel.remove("reasons")
    assert panel.experts == EXPERTS
    assert probabilities(panel, "why?") == pytest.approx(
        {name: whole[name] / (1 - whole["reasons"]) for name in EXPERTS}, abs=1e-5
    )
    panel.remove("social")
    assert probabilities(panel, "who?") == {"spatial": 1.0}


def test_questions_of_a_trained_expert_that_has_gone_are_free_for_a_newcomer():
    panel = Panel(HEAD, EXPERTS)
    panel.set("people", vectors("who?"))
    assert probabilities(panel, "whose?")["people"] < 0.1
    panel.remove("social")
    assert probabilities(panel, "whose?")["people"] > 0.9
    panel.set("social", vectors("why?"))
    assert panel.experts == ("spatial", "people", "social")
    assert probabilities(panel, "whose?")["people"] < 0.1


def test_a_class_that_was_asleep_is_routed_by_the_head_whatever_its_texts():
    panel = Panel(HEAD, ("spatial",))
    panel.set("social", vectors("why?"))
    assert [panel.routed_by(name) for name in ("social", "reasons")] == ["head", "examples"]
    (reading,) = read("who?")
    np.testing.assert_array_equal(panel.logits(reading), reading.logits)


def test_newcomers_share_everything_when_the_trained_ones_have_gone():
    panel = Panel(HEAD, ("spatial",))
    panel.set("people", vectors("who?"))
    panel.set("reasons", vectors("why?"))
    panel.remove("spatial")
    assert sum(probabilities(panel, "who?").values()) == pytest.approx(1)
    assert probabilities(panel, "who?")["people"] > 0.9


def test_one_set_again_keeps_its_place_and_follows_its_new_texts():
    panel = Panel(HEAD, EXPERTS)
    panel.set("a", vectors("who?"))
    panel.set("b", vectors("what?"))
    panel.set("a", vectors("why?"))
    assert panel.experts == (*EXPERTS, "a", "b")
    assert probabilities(panel, "why?")["a"] > 0.9


def test_experts_the_head_was_not_trained_for_are_named():
    with pytest.raises(ConfigError, match=r"router\.head.*not trained for physical, taste.*spatial, social"):
        Panel(HEAD, ("spatial", "physical", "taste"))


def test_removing_one_that_is_not_live_is_an_error():
    with pytest.raises(KeyError):
        Panel(HEAD, ("spatial",)).remove("social")
