"""`molora router`: make and measure the router's head; one JSON line comes last."""

import typer

from molora.router.commands.agreement import agreement
from molora.router.commands.annotate import annotate
from molora.router.commands.convert import convert
from molora.router.commands.distill import distill
from molora.router.commands.evaluate import evaluate
from molora.router.commands.mixtures import mixtures
from molora.router.commands.train import train
from molora.router.commands.tune import tune

app = typer.Typer(help="Make and measure the router's head.", no_args_is_help=True)

app.command()(annotate)
app.command()(agreement)
app.command()(convert)
app.command()(distill)
app.command()(train)
app.command()(evaluate)
app.command()(tune)
app.command()(mixtures)
