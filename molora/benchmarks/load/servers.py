"""The servers that the arms need, up at once with the same settings."""

from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.console import Console

from molora.benchmarks.load.arms import MERGED, MOLORA, VLLM, Arm
from molora.benchmarks.load.merged import make_merged, merged_settings
from molora.benchmarks.plain_vllm import vllm_command
from molora.benchmarks.serving import Command, ServerProcess, molora_command, running
from molora.deployment import load_config


@contextmanager
def serving(config: Path, arms: Collection[Arm], folder: Path, console: Console) -> Iterator[dict[str, ServerProcess]]:
    """By name. Logs and merged adapters are in `folder`."""
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(running(make(config, folder), folder / f"{name}.log", console))
            for name, make in COMMANDS.items()
            if name in needed(arms)
        }


def needed(arms: Collection[Arm]) -> set[str]:
    """Molora's router is asked for the gates that clients go by."""
    return {arm.server for arm in arms} | {MOLORA for arm in arms if arm.wants_gates}


def _molora(config: Path, _: Path) -> Command:
    return molora_command(config)


def _plain(config: Path, _: Path) -> Command:
    from molora.engine.vllm_config import engine_args

    deployment = load_config(config)
    return vllm_command(deployment, engine_args(deployment))


def _merged(config: Path, folder: Path) -> Command:
    from molora.engine.vllm_config import engine_args

    deployment = load_config(config)
    adapters = make_merged(deployment, (folder / "merged").absolute())
    settings = merged_settings(deployment, engine_args(deployment), len(adapters))
    return vllm_command(deployment, settings, adapters)


COMMANDS: dict[str, Callable[[Path, Path], Command]] = {VLLM: _plain, MERGED: _merged, MOLORA: _molora}
