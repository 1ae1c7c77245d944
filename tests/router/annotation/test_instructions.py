import pytest

from molora.router.annotation.instructions import make_instructions, read_answer

EXPERTS = {"spatial": "Where\n things are.", "Social": "Who feels what."}


def test_experts_are_listed_a_line_each() -> None:
    instructions = make_instructions(EXPERTS)
    assert "\n- spatial: Where things are.\n- Social: Who feels what.\n" in instructions
    assert instructions.endswith('{"expert": "spatial"}.')


@pytest.mark.parametrize(
    "answer",
    [
        '{"expert": "Social"}',
        ' {"expert":"social"}\n',
        '```json\n{"expert": "Social"}\n```',
        "Social",
        "social.",
        '"Social"',
    ],
)
def test_an_expert_is_named_as_asked_or_barely(answer: str) -> None:
    assert read_answer(answer, EXPERTS) == "Social"


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "I think it is social",
        "social, spatial",
        '{"expert": "none"}',
        '{"expert": null}',
        '{"answer": "social"}',
        '["social"]',
        "3",
        '{"expert": "social"} {"expert": "spatial"}',
    ],
)
def test_nothing_is_guessed(answer: str) -> None:
    assert read_answer(answer, EXPERTS) is None
