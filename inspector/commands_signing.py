"""Keys and signatures: `inspector key new | show` and `inspector bundle sign | verify`."""
# ruff: noqa: PLC0415 - the command line starts without the libraries that only a running command needs

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

BundleFolder = Annotated[Path, typer.Argument(help="Bundle.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")]
Config = Annotated[
    Path | None,
    typer.Option(help="Settings file; without one, defaults and environment.", show_default=False),
]
PassphraseFile = Annotated[
    Path | None,
    typer.Option(
        help="File whose first line is the passphrase; else training.signing_passphrase of the settings.",
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    key = typer.Typer(help="Keys that bundles are signed with.", no_args_is_help=True)
    key.command("new")(new_key)
    key.command("show")(show_key)
    app.add_typer(key, name="key")
    bundle = typer.Typer(help="Signatures of bundles.", no_args_is_help=True)
    bundle.command()(sign)
    bundle.command()(verify)
    app.add_typer(bundle, name="bundle")


def new_key(
    path: Annotated[Path, typer.Argument(help="File of the private key.", show_default=False)],
    *,
    passphrase_file: PassphraseFile = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make a key: PATH signs and stays where bundles are trained, PATH.pub goes to the boxes."""
    from inspector.keys import key_id, public_path_of, write_new_key

    passphrase = _passphrase(passphrase_file, config)
    key = write_new_key(path, passphrase)
    facts = {
        "key_id": key_id(key.public_key()),
        "private": str(path),
        "public": str(public_path_of(path)),
        "encrypted": passphrase is not None,
    }
    if as_json:
        typer.echo(json.dumps(facts, indent=2))
        return
    typer.echo(f"Key {facts['key_id']}")
    typer.echo(f"Signs:  {path}" + ("" if passphrase else " (without a passphrase: keep it to yourself)"))
    typer.echo(f"Checks: {facts['public']}, for edge.trusted_keys of every box")


def show_key(
    path: Annotated[Path, typer.Argument(help="File of a public key.", show_default=False)],
) -> None:
    """Print the id of a public key, as signatures and messages name it."""
    from inspector.keys import key_id, read_public_key

    typer.echo(key_id(read_public_key(path)))


def sign(
    bundle: BundleFolder,
    *,
    key: Annotated[
        Path | None,
        typer.Option(
            "--key", help="Private key; else training.signing_key of the settings.", show_default=False
        ),
    ] = None,
    passphrase_file: PassphraseFile = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Vouch for a bundle: check every file against the manifest, and write signature.json."""
    from inspector.bundle import load_bundle
    from inspector.errors import KeyFileError
    from inspector.keys import read_private_key
    from inspector.settings import load_settings
    from inspector.signatures import sign_bundle, signing_key

    if key is not None:
        private = read_private_key(key, _passphrase(passphrase_file, config))
    else:
        configured = signing_key(load_settings(config).training)
        if configured is None:
            raise KeyFileError(
                f"{bundle} is not signed", "no key is named", "Give --key, or set training.signing_key"
            )
        private = configured
    loaded = load_bundle(bundle)
    signature = sign_bundle(loaded, private)
    facts = {"product": loaded.product, "version": loaded.version, "key_id": signature.key_id}
    said = f"{loaded.product} {loaded.version} is signed by key {signature.key_id}"
    typer.echo(json.dumps(facts, indent=2) if as_json else said)


def verify(
    bundle: BundleFolder,
    *,
    key: Annotated[
        list[Path] | None,
        typer.Option(
            "--key",
            help="Public key that may have signed it; else edge.trusted_keys of the settings.",
            show_default=False,
        ),
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Check a bundle as a box does that trusts these keys: every file, and who signed it."""
    from inspector.bundle import load_bundle
    from inspector.errors import KeyFileError
    from inspector.settings import load_settings
    from inspector.signatures import Trust

    paths = tuple(key) if key else load_settings(config).edge.trusted_keys
    if not paths:
        raise KeyFileError(
            f"{bundle} is not verified", "no key is named", "Give --key, or set edge.trusted_keys"
        )
    loaded = load_bundle(bundle)
    signer = Trust.by(paths).check(loaded)
    facts = {"product": loaded.product, "version": loaded.version, "key_id": signer}
    said = f"{loaded.product} {loaded.version}: all files are as exported, signed by key {signer}"
    typer.echo(json.dumps(facts, indent=2) if as_json else said)


def _passphrase(file: Path | None, config: Path | None) -> str | None:
    from inspector.keys import read_passphrase
    from inspector.settings import load_settings

    if file is not None:
        return read_passphrase(file)
    told = load_settings(config).training
    if told.signing_passphrase is not None:
        return told.signing_passphrase.get_secret_value()
    if told.signing_passphrase_file is not None:
        return read_passphrase(told.signing_passphrase_file)
    return None
