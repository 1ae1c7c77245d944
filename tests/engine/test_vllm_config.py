"""What the configuration becomes in vLLM's hands; vLLM is imported, no engine is started."""

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import yaml

from molora.compat import mend_torch_companions
from molora.config import EngineConfig, MediaConfig, StoreConfig
from molora.deployment import check_keys, load_config
from molora.engine.vllm_config import EXTENSION, check_options, engine_args, make_vllm_config
from molora.errors import ConfigError
from tests.server.fakes import make_config

pytestmark = pytest.mark.engine

SHIPPED_DEMO = "configs/demo.yaml"
SHIPPED = sorted((Path(__file__).parent.parent.parent / "configs").glob("*.yaml"))


@pytest.fixture(scope="module", autouse=True)
def mended() -> None:
    mend_torch_companions()


def args(**engine: Any) -> dict[str, Any]:
    return engine_args(make_config().model_copy(update={"engine": EngineConfig(model="m", **engine)}))


def test_options_win_over_what_is_derived() -> None:
    assert args()["limit_mm_per_prompt"] == {"image": 4, "video": 0}
    assert engine_args(make_config(media=MediaConfig(max_images=7)))["limit_mm_per_prompt"]["image"] == 7
    assert args(options={"limit_mm_per_prompt": {"image": 1}})["limit_mm_per_prompt"] == {"image": 1}


def test_a_slot_for_each_expert_unless_told_otherwise() -> None:
    assert args()["max_loras"] == 2
    assert args(max_loras=7)["max_loras"] == 7


def test_every_expert_has_its_place_in_memory() -> None:
    """And one that is coming."""
    assert args(max_loras=1)["max_cpu_loras"] == 3
    assert args(max_loras=7)["max_cpu_loras"] == 7
    store = StoreConfig(folder=Path("store"), max_experts=500)
    assert engine_args(make_config(store=store))["max_cpu_loras"] == 503


def test_layers_that_would_pass_the_gates_by_are_refused() -> None:
    config = load_config(SHIPPED_DEMO)
    options = {**config.engine.options, "fully_sharded_loras": True}
    config = config.model_copy(update={"engine": config.engine.model_copy(update={"options": options})})
    with pytest.raises(ConfigError, match="fully_sharded_loras"):
        make_vllm_config(config)


def test_the_place_of_moloras_own_worker_extension_is_taken_by_nobody_else() -> None:
    config = load_config(SHIPPED_DEMO)
    assert make_vllm_config(config).parallel_config.worker_extension_cls == EXTENSION
    options = {**config.engine.options, "worker_extension_cls": "some.Other"}
    config = config.model_copy(update={"engine": config.engine.model_copy(update={"options": options})})
    with pytest.raises(ConfigError, match="worker_extension_cls"):
        make_vllm_config(config)


def test_an_unknown_option_is_named() -> None:
    config = make_config().model_copy(update={"engine": EngineConfig(model="m", options={"warp": 9})})
    with pytest.raises(ConfigError, match=r"engine\.options: unknown key 'warp'"):
        check_options(config)


@pytest.mark.parametrize("costs", [{"segments": 1}, {"segment": "much"}])
def test_costs_that_are_none_are_named(costs: dict[str, Any]) -> None:
    options = {"additional_config": {"lora_costs": costs}}
    config = make_config().model_copy(update={"engine": EngineConfig(model="m", options=options)})
    with pytest.raises(ConfigError, match=rf"lora_costs\.{next(iter(costs))}: segment, in_place, gathered are numbers"):
        check_options(config)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_vllm_knows_every_option_of_the_shipped_configurations(path: Path) -> None:
    check_options(check_keys(yaml.safe_load(path.read_text()), path))


def test_mixtures_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    assert make_vllm_config(load_config(SHIPPED_DEMO)).scheduler_config.scheduler_cls is not None
    monkeypatch.setenv("MOLORA_MIXTURES", "0")
    assert make_vllm_config(load_config(SHIPPED_DEMO)).scheduler_config.scheduler_cls is None


def test_the_time_of_a_step_under_any_shape_is_bounded() -> None:
    outputs = make_vllm_config(load_config(SHIPPED_DEMO)).structured_outputs_config
    assert (outputs.backend, outputs.disable_additional_properties) == ("guidance", True)


@pytest.mark.parametrize(
    ("outputs", "kept"),
    [
        ({"backend": "guidance"}, True),
        ({"disable_any_whitespace": True, "backend": "guidance"}, True),
        ({"backend": "xgrammar"}, False),
    ],
)
def test_no_backend_without_bounds_is_served(outputs: dict[str, Any], kept: bool) -> None:
    config = load_config(SHIPPED_DEMO)
    options = {**config.engine.options, "structured_outputs_config": outputs}
    config = config.model_copy(update={"engine": config.engine.model_copy(update={"options": options})})
    with nullcontext() if kept else pytest.raises(ConfigError, match="bounds the time"):
        made = make_vllm_config(config).structured_outputs_config
        assert {name: getattr(made, name) for name in outputs} == outputs
