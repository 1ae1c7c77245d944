"""A progress bar for each stage of long work, with its loss where it has one."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn


def make_progress(console: Console) -> Progress:
    """Its tasks must have a field `note`, as those of Bars do."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, TextColumn("{task.fields[note]}"), console=console)


class Bars:
    """A bar for each stage, made when the stage first reports."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, stage: str, step: int, steps: int, loss: float | None = None) -> None:
        note = "" if loss is None else f"loss {loss:.3f}"
        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(stage, total=steps, note=note)
        self._progress.update(self._tasks[stage], completed=step, note=note)
