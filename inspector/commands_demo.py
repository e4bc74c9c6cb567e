"""The command `inspector demo`."""
# ruff: noqa: PLC0415 - the command line starts without the libraries that only a running command needs

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command()(demo)


def demo(
    *,
    seconds: Annotated[
        float | None,
        typer.Option(min=1, help="Stop by itself after so long; else Ctrl-C stops it.", show_default=False),
    ] = None,
    folder: Annotated[Path, typer.Option(help="Everything the demo writes.")] = Path("var/demo"),
    rate: Annotated[float, typer.Option(min=0.1, max=20, help="Frames a second and camera.")] = 1.0,
    templates: Annotated[
        bool, typer.Option("--templates", help="Prepare no language model; templates describe.")
    ] = False,
    picture: Annotated[
        Path | None,
        typer.Option(help="Write the README's picture to this PNG instead, and end.", show_default=False),
    ] = None,
) -> None:
    """Run a whole line on this machine: two products, two cameras, broker, box and page.

    The first run renders, trains and prepares a language model; later ones use them again. Ends with a
    summary of what was sent, recorded and rejected; exit code 1 where frames were lost.
    """
    from rich.console import Console

    from inspector.demo.children import StopRequest
    from inspector.demo.line import DemoOptions, draw_figure, run_demo

    with StopRequest.none().on_signals() as request:
        if picture is not None:
            code = draw_figure(folder, picture, Console(), request)
        else:
            code = run_demo(DemoOptions(folder, seconds, rate, templates), Console(), request)
    raise typer.Exit(code)
