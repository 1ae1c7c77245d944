"""`molora router convert`: agent traces in conversation form become labelled questions."""

import json
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from molora.errors import ConfigError


def convert(
    traces: Annotated[Path, typer.Argument(help="JSON array or JSONL of {id, image, conversations, metadata}.")],
    rules: Annotated[Path, typer.Argument(help="YAML: rules of {where: {metadata.task_type: [...]}, expert}.")],
    output: Annotated[Path, typer.Argument(help="JSONL for `molora router train`.")],
    images: Annotated[Path | None, typer.Option(help="Where pictures are, instead of beside the traces.")] = None,
    max_bad_rows: Annotated[int, typer.Option(min=0, help="Unreadable traces that may be skipped.")] = 10,
) -> None:
    """Label agent traces with experts by rules; those that no rule fits are counted and left out."""
    from molora.router.training.rows import BadRows
    from molora.router.training.trace_rules import read_rules
    from molora.router.training.traces import read_traces, write_rows

    known, bad = read_rules(rules), BadRows(max_bad_rows)
    labelled = [(trace, known.find_expert(trace.raw)) for trace in read_traces(traces, bad)]
    rows = [trace.to_row(name, images or traces.parent, output.parent) for trace, name in labelled if name]
    if not rows:
        raise ConfigError(f"{traces}: no trace that a rule of {rules} fits")
    write_rows(rows, output)
    counts = Counter(row["expert"] for row in rows)
    num_unmatched = len(labelled) - len(rows)
    figures = {"num_rows": len(rows), "num_unmatched": num_unmatched, "num_bad_rows": bad.num}
    typer.echo(json.dumps({**figures, "experts": dict(counts.most_common())}))
