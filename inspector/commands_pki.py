"""A plant's certificates: `inspector pki init | issue | renew | revoke | status | acl`."""
# ruff: noqa: PLC0415 - the command line starts without the libraries that only a running command needs

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from inspector.pki.authority import Authority
    from inspector.pki.members import Role

Folder = Annotated[Path, typer.Option("--folder", "-f", help="The authority's folder.")]
RoleName = Annotated[str, typer.Argument(help="broker, camera, box, control or reader.", show_default=False)]
MemberName = Annotated[
    str,
    typer.Argument(help="LINE/CAMERA, the broker's host or address, or a plain name.", show_default=False),
]
PassphraseFile = Annotated[
    Path | None,
    typer.Option(help="File whose first line is the authority's passphrase, mode 0600.", show_default=False),
]
Days = Annotated[int, typer.Option(min=1, max=3650, help="How long it holds.")]
_FOLDER = Path("pki")


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    pki = typer.Typer(help="Certificates of a plant's broker, boxes and cameras.", no_args_is_help=True)
    for command in (init, issue, renew, revoke, status, acl):
        pki.command()(command)
    app.add_typer(pki, name="pki")


def init(
    name: Annotated[str, typer.Argument(help="Name of the authority, such as plant-1.", show_default=False)],
    *,
    folder: Folder = _FOLDER,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Make a plant's authority. Its key stays in the folder: keep that off the line's network."""
    from inspector.inspecting import utc_now
    from inspector.keys import read_passphrase
    from inspector.pki.authority import Authority

    passphrase = None if passphrase_file is None else read_passphrase(passphrase_file)
    made = Authority.create(folder, name, now=utc_now(), passphrase=passphrase)
    typer.echo(f"{folder}/ca.pem holds until {made.certificate.not_valid_after_utc:%Y-%m-%d}")


def issue(
    role: RoleName,
    name: MemberName,
    *,
    folder: Folder = _FOLDER,
    days: Days = 365,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Make a key and a certificate for one member of the plant."""
    _issue(role, name, folder, days, passphrase_file, renew=False)


def renew(
    role: RoleName,
    name: MemberName,
    *,
    folder: Folder = _FOLDER,
    days: Days = 365,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Replace a member's key and certificate; the old one holds until its end."""
    _issue(role, name, folder, days, passphrase_file, renew=True)


def revoke(
    role: RoleName, name: MemberName, *, folder: Folder = _FOLDER, passphrase_file: PassphraseFile = None
) -> None:
    """Take a member's certificate back: copy crl.pem to the broker and restart it."""
    from inspector.inspecting import utc_now
    from inspector.pki.members import Member

    authority = _authority(folder, passphrase_file)
    revoked = authority.revoke(Member(_role(role), name), now=utc_now())
    typer.echo(f"{revoked.common_name} is revoked: copy {folder}/crl.pem to the broker and restart it")


def status(
    *,
    folder: Folder = _FOLDER,
    within: Annotated[int, typer.Option(min=0, help="Days within which an end is told.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")] = False,
) -> None:
    """Say which certificate ends when; the exit code is 1 where one ends soon or has."""
    from inspector.inspecting import utc_now

    now = utc_now()
    issued = sorted(_authority(folder, None).issued(), key=lambda one: one.not_after)
    if as_json:
        typer.echo(
            json.dumps(
                [
                    {
                        "common_name": one.common_name,
                        "file": str(one.path),
                        "not_after": one.not_after.isoformat(),
                        "days_left": one.days_left(now),
                    }
                    for one in issued
                ],
                indent=2,
            )
        )
    else:
        table = Table("name", "until", "days left", "", box=None)
        for one in issued:
            left = one.days_left(now)
            said = "has ended" if left < 0 else "ends soon" if left < within else ""
            table.add_row(one.common_name, f"{one.not_after:%Y-%m-%d}", str(left), said)
        Console().print(table)
    if any(one.days_left(now) < within for one in issued):
        raise typer.Exit(1)


def acl(
    plant: Annotated[Path, typer.Argument(help="TOML file: site, boxes, control.", show_default=False)],
) -> None:
    """Print mosquitto's access list for a plant."""
    from inspector.pki.members import access_list, read_plant

    typer.echo(access_list(read_plant(plant)), nl=False)


def _issue(
    role: str, name: str, folder: Path, days: int, passphrase_file: Path | None, *, renew: bool
) -> None:
    from inspector.inspecting import utc_now
    from inspector.pki.members import Member

    member = Member(_role(role), name)
    made = _authority(folder, passphrase_file).issue(member, now=utc_now(), days=days, renew=renew)
    typer.echo(f"{made.common_name}: {made.path} and its .key hold until {made.not_after:%Y-%m-%d}")


def _authority(folder: Path, passphrase_file: Path | None) -> Authority:
    from inspector.keys import read_passphrase
    from inspector.pki.authority import Authority

    return Authority(folder, None if passphrase_file is None else read_passphrase(passphrase_file))


def _role(text: str) -> Role:
    from inspector.errors import CertificateError
    from inspector.pki.members import Role

    try:
        return Role(text)
    except ValueError:
        known = ", ".join(Role)
        raise CertificateError(f"{text!r} gets no certificate", f"roles are {known}", "Give one") from None
