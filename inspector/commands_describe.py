"""The command `inspector describe`."""
# ruff: noqa: PLC0415 - the command line starts without the libraries that only a running command needs

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from inspector.describing.words import Language
from inspector.errors import DatasetError, FrameError
from inspector.settings import DescribingSettings

if TYPE_CHECKING:
    from inspector.describing.writer import SentenceWriter

LANGUAGE_MODEL = DescribingSettings().language_model
"""Where a language model is looked for by default."""


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
    part: Annotated[
        str | None, typer.Option(help='What the part is called, such as "lid".', show_default=False)
    ] = None,
    language_model: Annotated[
        Path, typer.Option(help="Folder that `inspector prepare-llm` wrote.")
    ] = LANGUAGE_MODEL,
    adapter: Annotated[
        Path | None, typer.Option(help="Folder of another adapter.", show_default=False)
    ] = None,
    templates: Annotated[
        bool, typer.Option("--templates", help="Let templates write all sentences.")
    ] = False,
    threads: Annotated[int, typer.Option(min=0, help="Threads of a forward pass; 0 takes all cores.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON line a picture.")] = False,
) -> None:
    """Say in a sentence what is wrong with each picture; it never contradicts what was measured.

    A language model writes it where one was prepared, and a template elsewhere.
    """
    from inspector.describing.describer import Describer
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
    describer = Describer(inspector.bundle, language=language, part=part, mm_per_px=mm_per_px)
    writer = None
    if not templates:
        settings = DescribingSettings(
            language=language, language_model=language_model, adapter=adapter, threads=threads or _cores()
        )
        writer = _writer(settings, notes)
    described = 0
    for picture in pictures:
        try:
            frame = read_frame(picture.path)
        except FrameError as error:
            notes.print(f"Warning: {error}", style="yellow", markup=False, highlight=False, soft_wrap=True)
            continue
        inspection = inspector.inspect(frame)
        description = describe_frame(frame, inspection, describer, writer)
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


def _writer(settings: DescribingSettings, notes: Console) -> SentenceWriter | None:
    """The language model; None, with a warning, where none was prepared. What is damaged is an error."""
    from inspector.describing.language_model_folder import MANIFEST_NAME
    from inspector.describing.writer import load_writer

    if not (settings.language_model / MANIFEST_NAME).is_file():
        notes.print(
            f"Warning: templates write the sentences: no language model is in {settings.language_model}."
            f" Make it with `inspector prepare-llm --output {settings.language_model}`, or add --templates",
            style="yellow",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
        return None
    return load_writer(settings)


def _cores() -> int:
    return len(os.sched_getaffinity(0))
