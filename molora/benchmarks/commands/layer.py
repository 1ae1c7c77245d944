"""`molora bench layer`: LoRA of one layer."""

from typing import Annotated

import typer
from rich.console import Console

from molora.benchmarks.commands.shared import print_json
from molora.compat import mend_torch_companions


def layer(repeats: Annotated[int, typer.Option(min=1)] = 20) -> None:
    """LoRA of one linear layer on this CPU: vLLM's way, all slots at once, adapter by adapter, and which is chosen."""
    mend_torch_companions()
    from molora.benchmarks import layer as bench

    console = Console()
    times = bench.measure(list(bench.make_cases()), repeats, console)
    bench.print_table(console, times)
    print_json(bench.summarise(times))
