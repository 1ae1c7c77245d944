"""`molora bench ...`: each measurement prints a table, and one JSON line last."""

import typer

from molora.benchmarks.commands.compare import compare
from molora.benchmarks.commands.handover import handover
from molora.benchmarks.commands.layer import layer
from molora.benchmarks.commands.lifecycle import lifecycle
from molora.benchmarks.commands.load import load
from molora.benchmarks.commands.quality import quality
from molora.benchmarks.commands.random_world import random_world
from molora.benchmarks.commands.report import report
from molora.benchmarks.commands.router import router
from molora.benchmarks.commands.scaling import scaling
from molora.benchmarks.commands.soak import soak
from molora.benchmarks.commands.tradeoff import tradeoff

app = typer.Typer(help="Measure quality and speed, report on both, and compare runs.", no_args_is_help=True)

app.command()(quality)
app.command()(load)
app.command()(lifecycle)
app.command()(soak)
app.command()(router)
app.command()(handover)
app.command()(layer)
app.command()(random_world)
app.command()(report)
app.command()(compare)
app.command()(tradeoff)
app.command()(scaling)
