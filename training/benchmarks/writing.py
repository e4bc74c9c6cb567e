"""Figures written into a document, between the marks of the command that printed them."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from training.settings import TrainingSettings


def written(path: Path, command: str) -> str:
    """What stands between a command's marks; empty where there are none."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return text.partition(f"<!-- begin: {command} -->")[2].partition(f"<!-- end: {command} -->")[0]


def write_tables(path: Path, tables: str, command: str) -> None:
    """Replace what stands between a command's marks; a document without them gets them at its end.

    Args:
        path: the document, in Markdown.
        tables: what was measured.
        command: that measured it, such as `make bench`.
    """
    begin, end = f"<!-- begin: {command} -->", f"<!-- end: {command} -->"
    text = path.read_text(encoding="utf-8") if path.is_file() else "# Benchmarks\n"
    if begin not in text:
        text = f"{text.rstrip()}\n\n{begin}\n{end}\n"
    head, _, rest = text.partition(begin)
    tail = rest.partition(end)[2]
    machine = f"Measured on {platform.machine()}, {os.cpu_count()} cores, seed {TrainingSettings().seed}."
    path.write_text(f"{head}{begin}\n\n{machine}\n\n{tables}\n\n{end}{tail}", encoding="utf-8")
