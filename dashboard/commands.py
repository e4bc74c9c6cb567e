"""The commands of this room: `inspector dashboard | account | report`."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dashboard import commands_account
from dashboard.commands_report import report
from dashboard.worker_process import wants_worker, working
from inspector.errors import RecordsError

if TYPE_CHECKING:
    from rich.console import Console


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command("dashboard")(dashboard)
    commands_account.register(app)
    app.command("report")(report)


def dashboard(
    config: Annotated[
        Path | None,
        typer.Option("--config", help="Settings, an inspector.toml; defaults and environment without."),
    ] = None,
    worker: Annotated[
        bool | None,
        typer.Option(
            help="Do what is asked for on the page in a process beside it; by default where training is"
            " installed. Elsewhere: `inspector work`.",
            show_default=False,
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", min=1, max=65535, help="Port of the page instead of the one in the settings."),
    ] = None,
) -> None:
    """Serve the page that shows inspections as they happen, until Ctrl-C."""
    from rich.console import Console  # noqa: PLC0415 - the command line starts faster without

    from dashboard.identity_provider import check_secrets  # noqa: PLC0415 - likewise
    from dashboard.server import addresses, check_port, serve  # noqa: PLC0415 - likewise
    from inspector.settings import load_settings  # noqa: PLC0415 - likewise

    settings = load_settings(config)
    page = settings.dashboard
    chosen = port if port is not None else page.port
    console = Console(highlight=False, soft_wrap=True)

    starts_worker = wants_worker(worker)
    check_port(page.host, chosen)
    if page.secrets_file is not None:
        check_secrets(page.secrets_file)
    _tell_first_admin(settings.database.url, console)

    def announce() -> None:
        console.print(
            f"Dashboard: [bold]{' or '.join(addresses(page.host, chosen))}[/bold]   (Ctrl-C ends it)"
        )

    with working(config) if starts_worker else nullcontext():
        serve(config, page.host, chosen, announce, page.secrets_file)


def _tell_first_admin(url: str, console: Console) -> None:
    """On a new installation, make the first account and tell its password: it cannot be told again."""
    from dashboard.accounts import FIRST_ADMIN, make_first_admin  # noqa: PLC0415 - the command starts faster
    from inspector.records import Records  # noqa: PLC0415 - likewise

    try:
        with Records.open(url) as records:
            password = make_first_admin(records, datetime.now(UTC))
    except RecordsError as error:
        # The pages wait for the database by themselves.
        console.print(f"No account was looked for: {error}", markup=False)
        return
    if password is not None:
        console.print(
            f"First sign-in: name [bold]{FIRST_ADMIN}[/bold], one-time password [bold]{password}[/bold]"
        )
