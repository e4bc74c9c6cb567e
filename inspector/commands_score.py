"""The command `inspector score`."""
# ruff: noqa: PLC0415 - the command line starts without the libraries that only a running command needs

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from inspector.errors import DatasetError, FrameError
from inspector.progress import progress_bar

if TYPE_CHECKING:
    from inspector.results import Inspection
    from inspector.scoring import ScoringSummary


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command()(score)


def score(
    bundle: Annotated[Path, typer.Argument(help="Bundle that judges.", show_default=False)],
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...", help="Pictures, or folders of pictures.", show_default=False),
    ],
    *,
    output: Annotated[
        Path,
        typer.Option(help="File of JSON lines, one a picture; - for standard output.", show_default=False),
    ],
    maps: Annotated[
        Path | None,
        typer.Option(help="Folder for the anomaly maps, float32 .npy in each picture's own size."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace OUTPUT and MAPS where they exist.")
    ] = False,
    threads: Annotated[int, typer.Option(min=0, help="Threads of one forward pass; 0 takes all cores.")] = 0,
    json_summary: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Judge pictures by a bundle: score, verdict, reason and regions of each."""
    from inspector.inspecting import load_inspector
    from inspector.scoring import STDOUT, find_pictures, score_files
    from inspector.settings import EngineSettings

    notes = Console(stderr=True)
    pictures = find_pictures(paths)
    inspector = load_inspector(bundle, EngineSettings(threads=threads))
    with progress_bar(notes) as progress:
        task = progress.add_task("scoring", total=len(pictures))

        def advance(result: Inspection | FrameError) -> None:
            progress.advance(task)
            if isinstance(result, FrameError):
                notes.print(
                    f"Warning: {result}", style="yellow", markup=False, highlight=False, soft_wrap=True
                )

        summary = score_files(inspector, pictures, output, maps=maps, overwrite=overwrite, on_picture=advance)
    if json_summary:
        # Standard output may hold the lines themselves.
        typer.echo(json.dumps(asdict(summary)), err=output == STDOUT)
    else:
        notes.print(_sentence(summary), highlight=False, soft_wrap=True)
    if summary.unreadable == summary.pictures:
        raise DatasetError(
            "no picture could be scored",
            f"none of the {summary.pictures} files could be read",
            "The warnings above and the reasons in the output say why",
        )


def _sentence(summary: ScoringSummary) -> str:
    unreadable = f" ({summary.unreadable} unreadable)" if summary.unreadable else ""
    return (
        f"{summary.pictures} pictures: {summary.passed} pass, {summary.rejected} reject,"
        f" {summary.unsure} unsure{unreadable}"
    )
