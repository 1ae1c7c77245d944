from pathlib import Path

import yaml

from molora.benchmarks.plain_vllm import flags, vllm_command
from molora.config import Config
from molora.deployment import check_keys
from molora.engine.vllm_config import engine_args

DEMO = Path(__file__).parents[2] / "configs" / "demo.yaml"


def demo() -> Config:
    return check_keys(yaml.safe_load(DEMO.read_text()), DEMO)


def test_settings_become_vllm_flags() -> None:
    settings = {
        "dtype": "float32",
        "max_model_len": None,
        "enable_lora": True,
        "enable_prefix_caching": False,
        "limit_mm_per_prompt": {"image": 4},
    }
    expected = ["--dtype", "float32", "--enable-lora", "--no-enable-prefix-caching", "--limit-mm-per-prompt"]
    assert flags(settings) == [*expected, '{"image": 4}']


def test_plain_vllm_reads_the_very_settings_that_molora_passes() -> None:
    settings = engine_args(demo())
    arguments = vllm_command(demo(), settings).arguments[3:]
    from vllm.engine.arg_utils import AsyncEngineArgs
    from vllm.entrypoints.launchers.cli_args import make_arg_parser
    from vllm.utils.argparse_utils import FlexibleArgumentParser

    parsed = make_arg_parser(FlexibleArgumentParser()).parse_args([a.replace("{port}", "1") for a in arguments])
    ours, theirs = AsyncEngineArgs(**settings), AsyncEngineArgs.from_cli_args(parsed)
    for name in settings.keys() - {"served_model_name"}:
        assert getattr(ours, name) == getattr(theirs, name), name


def test_plain_vllm_goes_without_molora() -> None:
    assert vllm_command(demo(), {}).environment["VLLM_PLUGINS"] == ""


def test_other_adapters_take_the_place_of_the_experts() -> None:
    arguments = list(vllm_command(demo(), {}, {"a_b": Path("/made/a_b")}).arguments)
    assert arguments[arguments.index("--lora-modules") + 1 :] == ["a_b=/made/a_b"]
