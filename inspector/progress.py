"""The progress bars that commands show."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


def progress_bar(console: Console) -> Progress:
    """A bar that goes away when done; nothing where the console is not a terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


@contextmanager
def step_bars(console: Console) -> Iterator[Callable[[str, int, int], None]]:
    """One bar a step, for work of several steps, one after the other.

    Yields a function that takes the step's name, how many of its parts are done and how many it has. A step
    ends when another begins. Where the console is not a terminal, a log gets one line a step.
    """
    with progress_bar(console) as progress:
        names: list[str] = []

        def on_step(step: str, done: int, parts: int) -> None:
            if not names or names[-1] != step:
                finish()
                names.append(step)
                if not console.is_terminal:
                    console.print(step, markup=False, highlight=False, soft_wrap=True)
                progress.add_task(step, total=parts)
            progress.update(progress.task_ids[-1], completed=done, total=parts)

        def finish() -> None:
            for task in progress.tasks[-1:]:
                progress.update(task.id, completed=task.total)

        yield on_step
        finish()


class TimelyNotes:
    """What a person should know, told once each: some of it before the work begins, the rest after it.

    Args:
        console: where it is told.
        without: what is left out of every note, such as the path of a scratch folder.
    """

    def __init__(self, console: Console, *, without: str = "") -> None:
        self._console = console
        self._without = without
        self._told: set[str] = set()

    def tell(self, notes: Sequence[str]) -> None:
        """Print those notes that were not told before."""
        for note in notes:
            if note not in self._told:
                said = note.replace(self._without, "") if self._without else note
                self._console.print(said, style="yellow", markup=False, highlight=False, soft_wrap=True)
                self._told.add(note)
