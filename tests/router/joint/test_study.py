import numpy as np
import pytest
import torch

from molora.benchmarks.questions import KINDS
from molora.router.joint.measure import SOFT, TOP1, TOP2, answer, find_served
from molora.router.joint.parts import Material, Parts
from molora.router.joint.study import EVEN, Study, ask_fixed, ask_head
from tests.router.joint.demo import make_material, make_parts


def nothing(_done: int, _num: int) -> None:
    pass


@pytest.fixture(scope="module")
def parts() -> Parts:
    return make_parts()


@pytest.fixture(scope="module")
def material() -> Material:
    return make_material(10)


def test_served_gates_are_the_policys(parts: Parts, material: Material) -> None:
    served = find_served(parts, material)
    assert all(torch.allclose(gates.sum(-1), torch.ones(10)) for gates in served.values())
    assert [int((served[mode] > 0).sum(-1).max()) for mode in (TOP1, TOP2, SOFT)] == [1, 2, 4]
    assert torch.equal(served[TOP1].argmax(-1), served[SOFT].argmax(-1))


def test_experts_know_their_own_questions_and_bounds_bound_them(parts: Parts, material: Material) -> None:
    rights = ask_fixed(parts, material, KINDS, nothing)
    assert list(rights)[:5] == [*KINDS, EVEN]
    for kind in KINDS:
        assert (rights["best expert a question"] >= rights[kind]).all()
    assert (rights["best mixture a question"] >= rights["best expert a question"]).all()
    own = [row for row, lesson in enumerate(material.lessons) if len(lesson.kinds) == 1]
    assert rights[EVEN][own].mean() > 0.5
    assert (rights[EVEN][own] == [rights[material.lessons[row].kinds[0]][row] for row in own]).all()


def test_answers_do_not_depend_on_what_else_is_asked(parts: Parts, material: Material) -> None:
    gates = {mode: gates for mode, gates in find_served(parts, material).items() if mode == SOFT}
    together = answer(parts, material.lessons, gates, nothing)[SOFT]
    last = answer(parts, material.lessons[-1:], {SOFT: gates[SOFT][-1:]}, nothing)[SOFT]
    assert together[-1:].tolist() == last.tolist()
    assert ask_head("a", parts, material, nothing)["a, soft"].tolist() == together.tolist()


def test_heads_are_held_against_their_own_top1_and_against_the_first() -> None:
    flags = {f"{arm}, {mode}": np.array([arm == "b", True]) for arm in "ab" for mode in (TOP1, TOP2, SOFT)}
    study = Study(("a", "b"), [("spatial",), ("spatial", "social")], flags)
    differences = study.differences()
    assert differences["b, soft", "a, soft"]["one type"].mean == 1
    assert differences["b, soft", "b, top1"]["one type"].mean == 0
    assert len(differences) == 2 * 2 + 3
    told = study.to_dict()
    assert told["num"] == {"one type": 1, "two types": 1}
    assert told["heads"]["a"]["top1"] == {"one type": 0.0, "two types": 1.0}
    assert told["fixed"] == {}
