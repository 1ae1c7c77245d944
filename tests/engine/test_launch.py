"""What may be asked of the engine; vLLM is imported, no engine is started."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from molora.compat import mend_torch_companions
from molora.engine.interface import Adapter, Version
from molora.engine.launch import VllmEngine, check_gates
from molora.errors import BadRequest, Unavailable

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module", autouse=True)
def mended() -> None:
    mend_torch_companions()


PLAIN = {name: Adapter(name, Path(name), ("layers.0.mlp.up_proj",)) for name in "abc"}


@pytest.mark.parametrize("gates", [{}, {"a": 1.0}, {"a": 0.5}, {"a": 1.0, "b": 1.0}, {"a": -0.5, "b": 2.0}])
def test_gates_that_can_be_served(gates: dict[str, float]) -> None:
    check_gates(gates, PLAIN, max_loras=2)


def test_more_gates_than_slots_are_refused() -> None:
    with pytest.raises(BadRequest, match="3 experts at once are more than the 2"):
        check_gates(dict.fromkeys("abc", 0.3), PLAIN, max_loras=2)


@pytest.mark.parametrize("gates", [{"a": 0.5}, {"a": 1.0, "b": 1.0}])
def test_what_is_adapted_apart_is_served_whole_or_not_at_all(gates: dict[str, float]) -> None:
    adapters = PLAIN | {"a": Adapter("a", Path("a"), ("lm_head", "layers.0.mlp.experts.3.up_proj"))}
    check_gates({"a": 1.0}, adapters, max_loras=2)
    with pytest.raises(BadRequest, match="'a' cannot be mixed: it adapts experts, lm_head"):
        check_gates(gates, adapters, max_loras=2)


def test_switched_off_mixtures_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOLORA_MIXTURES", "0")
    with pytest.raises(BadRequest, match="no mixtures"):
        check_gates({"a": 0.5}, PLAIN, max_loras=2)


def test_where_there_are_no_kernels_single_experts_are_served_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("molora.engine.launch.can_mix", lambda: False)
    check_gates({"a": 1.0}, PLAIN, max_loras=2)
    with pytest.raises(BadRequest, match="no mixtures"):
        check_gates({"a": 0.7, "b": 0.3}, PLAIN, max_loras=2)


async def test_an_engine_that_is_being_started_cannot_answer() -> None:
    engine = VllmEngine.__new__(VllmEngine)
    engine._client, engine._versions = SimpleNamespace(errored=False), None
    for asked in (engine.check_health(), engine.residency(), engine.unload(Version(PLAIN["a"], 1)), engine.beat()):
        with pytest.raises(Unavailable, match="not running"):
            await asked
