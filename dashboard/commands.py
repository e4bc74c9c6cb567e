"""The commands of this room: `inspector dashboard`, and `inspector report` of `commands_report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dashboard.commands_report import report


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command("dashboard")(dashboard)
    app.command("report")(report)


def dashboard(
    config: Annotated[
        Path | None,
        typer.Option("--config", help="Settings, an inspector.toml; defaults and environment without."),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", min=1, max=65535, help="Port of the page instead of the one in the settings."),
    ] = None,
) -> None:
    """Serve the page that shows inspections as they happen, until Ctrl-C."""
    from rich.console import Console  # noqa: PLC0415 - the command line starts faster without

    from dashboard.server import addresses, serve  # noqa: PLC0415 - likewise
    from inspector.settings import load_settings  # noqa: PLC0415 - likewise

    page = load_settings(config).dashboard
    chosen = port if port is not None else page.port
    console = Console(highlight=False, soft_wrap=True)

    def announce() -> None:
        console.print(
            f"Dashboard: [bold]{' or '.join(addresses(page.host, chosen))}[/bold]   (Ctrl-C ends it)"
        )

    serve(config, page.host, chosen, announce)
