import pytest
from hypothesis import given
from hypothesis import strategies as st

from molora.router.policy.agent import override, spread, tilt
from molora.router.query import AgentChoice

NAMES = ("a", "b", "c")
probabilities = st.tuples(*[st.floats(0.01, 1)] * 3).map(
    lambda parts: {name: part / sum(parts) for name, part in zip(NAMES, parts, strict=True)}
)
weights = st.dictionaries(st.sampled_from(NAMES), st.floats(1e-3, 1e3))
confidences = st.floats(0, 1, exclude_min=True)


@given(probabilities, weights, weights)
def test_one_tilt_after_another_is_a_tilt_by_the_product(shares, first, second):
    both = {name: first.get(name, 1.0) * second.get(name, 1.0) for name in NAMES}
    assert tilt(tilt(shares, first), second) == pytest.approx(tilt(shares, both))


@given(probabilities, weights, st.floats(1e-3, 1e3))
def test_only_the_ratios_of_the_weights_count(shares, some, factor):
    whole = {name: some.get(name, 1.0) for name in NAMES}
    scaled = {name: factor * weight for name, weight in whole.items()}
    assert tilt(shares, scaled) == pytest.approx(tilt(shares, whole))
    assert sum(tilt(shares, whole).values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("shares", "some", "expected"),
    [
        ({"a": 1.0, "b": 0.0}, {"a": 0.0, "b": 0.7}, {"a": 0.0, "b": 1.0}),
        ({"a": 0.5, "b": 0.5}, {"a": 1e308, "b": 1e308}, {"a": 0.5, "b": 0.5}),
        ({"a": 0.5, "b": 0.5}, {"a": 5e-324, "b": 5e-324}, {"a": 0.5, "b": 0.5}),
    ],
)
def test_weights_at_the_ends_of_what_a_float_holds_are_weights(shares, some, expected):
    assert tilt(shares, some) == pytest.approx(expected)


@given(confidences)
def test_what_an_agents_confidence_leaves_the_others_share(confidence):
    shares = spread(AgentChoice("b", confidence), NAMES)
    assert shares["b"] == confidence
    assert shares["a"] == shares["c"]
    assert sum(shares.values()) == pytest.approx(1)
    assert spread(AgentChoice("b", confidence), ["b"]) == {"b": 1.0}


@given(probabilities, st.sampled_from(NAMES), confidences, st.floats(0, 2, exclude_min=True))
def test_gates_of_an_override_sum_to_one_and_hold_the_agents_expert(shares, expert, confidence, veto):
    gates = override(AgentChoice(expert, confidence), shares, veto)
    assert sum(gates.values()) == pytest.approx(1)
    assert set(gates) - {expert} <= {name for name, share in shares.items() if share >= veto}


def test_a_veto_takes_the_likeliest_at_exactly_its_level_and_never_above_one():
    shares = {"a": 0.6, "b": 0.3, "c": 0.1}
    assert override(AgentChoice("b", 0.2), shares, 0.6) == pytest.approx({"b": 0.25, "a": 0.75})
    assert override(AgentChoice("b", 0.2), shares, 0.61) == {"b": 1.0}
    assert override(AgentChoice("b", 0.2), {"a": 1.0, "b": 0.0}, 1.01) == {"b": 1.0}
    assert override(AgentChoice("a", 0.2), shares, 0.1) == {"a": 1.0}
