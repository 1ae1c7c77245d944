"""Gates and vLLM's requests for them are one to one."""

from collections.abc import Mapping

import pytest

from molora.compat import mend_torch_companions

mend_torch_companions()

from vllm.lora.request import LoRARequest  # noqa: E402

from molora.engine import gates as module  # noqa: E402
from molora.engine.gates import FIRST_ID, Component, Mixtures, components, is_mixture  # noqa: E402

pytestmark = pytest.mark.engine

ADAPTERS = {name: LoRARequest(f"{name}#{number}", number, f"/adapters/{name}") for number, name in enumerate("abcd", 1)}


def gated(gates: Mapping[str, float], adapters: Mapping[str, LoRARequest] | None = None) -> list[Component]:
    return [((adapters or ADAPTERS)[name], gate) for name, gate in gates.items()]


def test_one_gate_of_one_is_the_adapter_itself_and_none_the_backbone() -> None:
    mixtures = Mixtures()
    assert mixtures.request(gated({"b": 1.0, "c": 0.0})) is ADAPTERS["b"]
    assert mixtures.request(gated({"b": 0.0})) is mixtures.request([]) is None


def test_a_mixture_can_be_taken_apart_again() -> None:
    made = Mixtures().request(gated({"c": -0.25, "a": 1 / 3}))
    assert made is not None
    assert is_mixture(made)
    assert components(made) == ((ADAPTERS["a"], 1 / 3), (ADAPTERS["c"], -0.25))
    assert [(a.lora_int_id, a.lora_path) for a, _ in components(made)] == [(1, "/adapters/a"), (3, "/adapters/c")]
    assert components(ADAPTERS["a"]) == ((ADAPTERS["a"], 1.0),)


def test_equal_gates_have_one_id_whatever_their_order_and_others_another() -> None:
    mixtures = Mixtures()
    spelled = ({"a": 0.5, "b": 0.5}, {"b": 0.5, "a": 0.5}, {"a": 0.5, "b": 0.5000000000000001})
    one, same, other = [mixtures.request(gated(gates)) for gates in spelled]
    assert one == same
    assert one != other
    ids = [made.lora_int_id for made in (one, same, other) if made]
    assert ids == [FIRST_ID, FIRST_ID, FIRST_ID + 1]


def test_equal_gates_over_another_version_of_an_adapter_are_another_mixture() -> None:
    mixtures, gates = Mixtures(), {"a": 0.5, "b": 0.5}
    newer = ADAPTERS | {"a": LoRARequest("a#9", 9, "/adapters/a2")}
    assert mixtures.request(gated(gates)) != mixtures.request(gated(gates, newer))


def test_the_memory_of_ids_is_bounded_and_no_two_remembered_mixtures_share_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MAX_REMEMBERED", 4)
    monkeypatch.setattr(module, "_count", lambda: iter([*range(FIRST_ID, FIRST_ID + 6)] * 9))
    mixtures, ids = Mixtures(), {}
    for number in range(30):
        for gate in (1.5, number + 2.5):  # the first is asked for again and again
            made = mixtures.request(gated({"a": gate}))
            assert made is not None
            ids[gate] = made.lora_int_id
        assert ids[1.5] == FIRST_ID
        recent = [ids[n + 2.5] for n in range(max(0, number - 2), number + 1)]
        assert len({FIRST_ID, *recent}) == 1 + len(recent)
