"""The command `inspector describe`."""
# ruff: noqa: PLC0415 - the command line starts without the libraries that only a running command needs

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from inspector.describing.words import Language
from inspector.errors import DatasetError, FrameError


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command()(describe)


def describe(
    bundle: Annotated[Path, typer.Argument(help="Bundle that judges.", show_default=False)],
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...", help="Pictures, or folders of pictures.", show_default=False),
    ],
    *,
    language: Annotated[Language, typer.Option(help="Language of the sentences.")] = "en",
    mm_per_px: Annotated[
        float | None,
        typer.Option(help="Width of a pixel on the part, for sizes in millimetres.", show_default=False),
    ] = None,
    threads: Annotated[int, typer.Option(min=0, help="Threads of one forward pass; 0 takes all cores.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON line a picture.")] = False,
) -> None:
    """Say in a sentence what is wrong with each picture, from what was measured."""
    from inspector.describing.description import describe as describe_frame
    from inspector.frames import read_frame
    from inspector.inspecting import load_inspector
    from inspector.scoring import find_pictures
    from inspector.settings import EngineSettings

    if mm_per_px is not None and not 0 < mm_per_px < float("inf"):
        raise typer.BadParameter(f"{mm_per_px} is no width of a pixel: give millimetres above 0")
    notes, lines = Console(stderr=True), Console(soft_wrap=True, highlight=False)
    pictures = find_pictures(paths)
    inspector = load_inspector(bundle, EngineSettings(threads=threads))
    described = 0
    for picture in pictures:
        try:
            frame = read_frame(picture.path)
        except FrameError as error:
            notes.print(f"Warning: {error}", style="yellow", markup=False, highlight=False, soft_wrap=True)
            continue
        inspection = inspector.inspect(frame)
        description = describe_frame(
            frame,
            inspection,
            inspector.bundle.manifest.limits.pixel,
            language=language,
            mm_per_px=mm_per_px,
        )
        described += 1
        if as_json:
            typer.echo(json.dumps({"image": str(picture.path), **description.as_json()}, ensure_ascii=False))
        else:
            lines.print(f"{picture.name}: {inspection.verdict.value}. {description.sentence}", markup=False)
    if not described:
        raise DatasetError(
            "no picture could be described",
            f"none of the {len(pictures)} files could be read",
            "The warnings above say why",
        )
