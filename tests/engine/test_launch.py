"""What the configuration becomes in vLLM's hands; vLLM is imported, no engine is started."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from molora.compat import mend_torch_companions
from molora.config import EngineConfig, check_keys
from molora.engine.launch import check_options, digest, engine_args
from molora.errors import ConfigError
from tests.server.fakes import make_config

pytestmark = pytest.mark.engine

SHIPPED = sorted((Path(__file__).parent.parent.parent / "configs").glob("*.yaml"))


@pytest.fixture(scope="module", autouse=True)
def mended() -> None:
    mend_torch_companions()


def args(**engine: Any) -> dict[str, Any]:
    return engine_args(make_config().model_copy(update={"engine": EngineConfig(model="m", **engine)}))


def test_options_win_over_what_is_derived() -> None:
    assert args()["limit_mm_per_prompt"] == {"image": 4, "video": 0}
    assert args(options={"limit_mm_per_prompt": {"image": 1}})["limit_mm_per_prompt"] == {"image": 1}


def test_a_slot_for_each_expert_unless_told_otherwise() -> None:
    assert args()["max_loras"] == 2
    assert args(max_loras=7)["max_loras"] == 7


def test_an_unknown_option_is_named() -> None:
    config = make_config().model_copy(update={"engine": EngineConfig(model="m", options={"warp": 9})})
    with pytest.raises(ConfigError, match=r"engine\.options: unknown key 'warp'"):
        check_options(config)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_vllm_knows_every_option_of_the_shipped_configurations(path: Path) -> None:
    check_options(check_keys(yaml.safe_load(path.read_text()), path))


def test_a_digest_is_of_the_weights(tmp_path: Path) -> None:
    (tmp_path / "adapter_model.safetensors").write_bytes(b"weights")
    assert digest(tmp_path) == "9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c"
