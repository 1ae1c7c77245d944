"""A progress bar with its loss for each stage of a training."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn


def make_progress(console: Console) -> Progress:
    """Its tasks must have a field `loss`, as those of Bars do."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, TextColumn("loss {task.fields[loss]:.3f}"), console=console)


class Bars:
    """A bar for each stage, made when the stage first reports."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, stage: str, step: int, steps: int, loss: float) -> None:
        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(stage, total=steps, loss=loss)
        self._progress.update(self._tasks[stage], completed=step, loss=loss)
