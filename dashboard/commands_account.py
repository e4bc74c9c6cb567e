"""Accounts of the dashboard: `inspector account add | list | set-role | reset-password | remove`."""
# ruff: noqa: PLC0415 - the command line starts without the libraries that only a running command needs

from __future__ import annotations

import getpass
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from inspector.records import Records


class RoleName(StrEnum):
    """Roles as the command line names them; the same as the records' `Role`."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ENGINEER = "engineer"
    ADMIN = "admin"


Config = Annotated[
    Path | None,
    typer.Option(help="Settings file; without one, defaults and environment.", show_default=False),
]
Name = Annotated[str, typer.Argument(help="Name of the account.", show_default=False)]
RoleOption = Annotated[RoleName, typer.Option("--role", help="What the person may do.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    account = typer.Typer(help="Who may use the dashboard.", no_args_is_help=True)
    account.command()(add)
    account.command(name="list")(list_accounts)
    account.command(name="set-role")(set_role)
    account.command(name="reset-password")(reset)
    account.command()(remove)
    app.add_typer(account, name="account")


def add(name: Name, *, role: RoleOption = RoleName.OPERATOR, config: Config = None) -> None:
    """Make an account and print its one-time password."""
    from dashboard.accounts import make_account
    from inspector.records import Role

    with _records(config) as records:
        password = make_account(records, name, Role(role.value), by=getpass.getuser(), at=datetime.now(UTC))
    typer.echo(f"{name} is {role.value}. One-time password: {password}")


def list_accounts(
    *,
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")] = False,
) -> None:
    """Show the accounts."""
    with _records(config) as records:
        accounts = records.accounts.all()
    if as_json:
        facts = [
            {
                "name": one.name,
                "role": one.role.value,
                "one_time_password": one.is_temporary,
                "created_at": one.created_at.isoformat(),
                "created_by": one.created_by,
            }
            for one in accounts
        ]
        typer.echo(json.dumps(facts, indent=2))
        return
    table = Table("name", "role", "password", "since", "by", box=None)
    for one in accounts:
        password = "one-time" if one.is_temporary else "own"
        table.add_row(one.name, one.role.value, password, f"{one.created_at:%Y-%m-%d}", one.created_by)
    Console().print(table if accounts else "There is no account: `inspector dashboard` makes the first one.")


def set_role(name: Name, role: Annotated[RoleName, typer.Argument()], *, config: Config = None) -> None:
    """Give an account another role; it counts at once."""
    from inspector.records import Role

    with _records(config) as records:
        records.accounts.set_role(name, Role(role.value), by=getpass.getuser(), at=datetime.now(UTC))
    typer.echo(f"{name} is {role.value}.")


def reset(name: Name, *, config: Config = None) -> None:
    """Give an account a one-time password, print it, and end its visits."""
    from dashboard.accounts import reset_password

    with _records(config) as records:
        password = reset_password(records, name, by=getpass.getuser(), at=datetime.now(UTC))
    typer.echo(f"One-time password of {name}: {password}")


def remove(name: Name, *, config: Config = None) -> None:
    """Remove an account; what its person has decided stays."""
    with _records(config) as records:
        records.accounts.remove(name, by=getpass.getuser(), at=datetime.now(UTC))
    typer.echo(f"{name} is removed.")


@contextmanager
def _records(config: Path | None) -> Iterator[Records]:
    from inspector.records import Records
    from inspector.settings import load_settings

    with Records.open(load_settings(config).database.url) as records:
        yield records
