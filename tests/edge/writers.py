"""Writers for tests of how the process around the language model is handled: they do as files tell them.

They run inside the real process, which loads them by their name.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from inspector.describing.words import Source
from inspector.describing.writer import WritingTask
from inspector.errors import LanguageModelError
from inspector.settings import DescribingSettings

WRITTEN, REJECTED = "Written by the language model.", "One defect: a hole at the top."


@dataclass(frozen=True)
class Written:
    sentence: str
    source: Source
    rejected_sentence: str | None


class Writer:
    """Writes one sentence, after noting each task as `pid place` in the file `tasks`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, task: WritingTask, deadline: float | None = None) -> Written:  # noqa: ARG002
        with (self._folder / "tasks").open("a") as file:
            file.write(f"{os.getpid()} {task.facts.regions[0].position}\n")
        while (self._folder / "hang").exists():
            time.sleep(0.005)
        if (self._folder / "die").exists():
            os._exit(3)
        if (self._folder / "fail").exists():
            raise ZeroDivisionError("no sentence")
        return Written(WRITTEN, Source.LLM_RETRY, REJECTED)


def load(settings: DescribingSettings) -> Writer:
    """Load what the files in the language model's folder say."""
    folder = settings.language_model
    with (folder / "loads").open("a") as file:
        file.write(f"{os.getpid()}\n")
    if (folder / "refuse").exists():
        raise LanguageModelError("the language model cannot be used", "it was changed", "Prepare it anew")
    if (folder / "die-loading").exists():
        os._exit(4)
    return Writer(folder)


class Script:
    """The files that tell the writers what to do.

    Args:
        folder: of the language model.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def tell(self, word: str) -> None:
        """From now on: hang, die, fail, refuse or die-loading."""
        (self.folder / word).touch()

    def untell(self, word: str) -> None:
        """No longer."""
        (self.folder / word).unlink()

    def tasks(self) -> list[tuple[int, str]]:
        """Process and place of every task that was begun."""
        pairs = (line.split(" ", 1) for line in self._lines("tasks"))
        return [(int(pid), place) for pid, place in pairs]

    def loads(self) -> list[int]:
        """Every process that began to load."""
        return [int(line) for line in self._lines("loads")]

    def _lines(self, name: str) -> list[str]:
        file = self.folder / name
        return file.read_text().splitlines() if file.exists() else []
