"""The commands about one bundle: `inspector show` and `inspector calibrate`."""
# ruff: noqa: PLC0415 - the command line starts without the libraries that only a running command needs

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from inspector.errors import InspectorError
from inspector.progress import progress_bar

if TYPE_CHECKING:
    from inspector.bundle import Bundle, Limits
    from inspector.ranges import FrameRanges

_MIB = 1024 * 1024


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command()(show)
    app.command()(calibrate)


def show(
    bundle: Annotated[Path, typer.Argument(help="Bundle to show.", show_default=False)],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")] = False,
) -> None:
    """Show what a bundle is and what its limits promise, after checking every file against the manifest."""
    from inspector.bundle import load_bundle
    from inspector.calibration import promise
    from inspector.limits import normals_needed

    loaded = load_bundle(bundle)
    if as_json:
        limits = loaded.manifest.limits
        facts = loaded.manifest.model_dump(mode="json") | {
            "path": str(bundle),
            "size_bytes": loaded.size_bytes,
            "promised_false_reject_rate": promise(limits),
            "normals_needed": normals_needed(limits.false_reject_rate),
            "verified": True,
        }
        typer.echo(json.dumps(facts, indent=2))
    else:
        Console().print(_facts(loaded))


def calibrate(
    bundle: Annotated[Path, typer.Argument(help="Bundle whose limits change.", show_default=False)],
    *,
    output: Annotated[
        Path,
        typer.Option(help="Folder of the new bundle; BUNDLE itself with --overwrite.", show_default=False),
    ],
    normal: Annotated[
        Path | None,
        typer.Option(help="Folder of normal pictures that the training did not see.", show_default=False),
    ] = None,
    false_reject_rate: Annotated[
        float | None,
        typer.Option(
            min=0.0001, max=0.5, help="Share of good parts that may be rejected; as before by default."
        ),
    ] = None,
    limit: Annotated[
        float | None, typer.Option(help="Set the reject limit by hand instead.", show_default=False)
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace OUTPUT where it exists.")] = False,
    threads: Annotated[int, typer.Option(min=0, help="Threads of one forward pass; 0 takes all cores.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Give a bundle new limits, from scores of normal pictures or by hand, as a new version."""
    from inspector import calibration
    from inspector.bundle import load_bundle
    from inspector.inspecting import load_inspector
    from inspector.settings import EngineSettings, load_settings
    from inspector.signatures import sign_bundle, signing_key

    notes = Console(stderr=True)
    key = signing_key(load_settings().training)
    calibration.check_output(output, overwrite=overwrite)
    left_out: tuple[str, ...] = ()
    if limit is not None and normal is None:
        before = load_bundle(bundle)
        limits = calibration.limits_by_hand(before.manifest.limits, limit)
    elif normal is not None and limit is None:
        pictures = calibration.normal_pictures(normal)
        inspector = load_inspector(bundle, EngineSettings(threads=threads))
        before = inspector.bundle
        with progress_bar(notes) as progress:
            task = progress.add_task("scoring", total=len(pictures))
            normals = calibration.score_normals(inspector, pictures, lambda: progress.advance(task))
        rate = before.manifest.limits.false_reject_rate if false_reject_rate is None else false_reject_rate
        limits = calibration.limits_from_normals(before.manifest.limits, normals.scores, rate)
        left_out = normals.left_out
    else:
        raise InspectorError(
            "a limit comes from normal pictures or is set by hand", remedy="Give either --normal or --limit"
        )
    after = calibration.write_calibrated(
        before, limits, output, created_at=datetime.now(UTC), overwrite=overwrite
    )
    if key is not None:
        sign_bundle(after, key)
    for warning in [f"left out {reason}" for reason in left_out] + _warnings(before, after):
        notes.print(f"Warning: {warning}", style="yellow", markup=False, highlight=False, soft_wrap=True)
    if as_json:
        result = {
            "output": str(output),
            "before": {"version": before.version} | before.manifest.limits.model_dump(),
            "after": {"version": after.version} | limits.model_dump(),
            "promised_false_reject_rate": calibration.promise(limits),
            "left_out": len(left_out),
        }
        typer.echo(json.dumps(result, indent=2))
    else:
        typer.echo(f"was: {_limit_sentence(before.manifest.limits)}")
        typer.echo(f"is:  {_limit_sentence(limits)}")
        typer.echo(f"version {after.version} in {output}")


def _warnings(before: Bundle, after: Bundle) -> list[str]:
    from inspector.calibration import promise
    from inspector.limits import normals_needed

    warnings = []
    limits = after.manifest.limits
    promised = promise(limits)
    if promised is not None and promised > limits.false_reject_rate:
        warnings.append(
            f"{limits.normals} normals promise a false-reject rate of {promised:.2%} only;"
            f" {limits.false_reject_rate:.2%} needs {normals_needed(limits.false_reject_rate)}"
        )
    for old, new in zip(before.manifest.golden, after.manifest.golden, strict=True):
        if old.verdict is not new.verdict:
            warnings.append(f"golden frame {old.file} was {old.verdict}, it is {new.verdict} now")
    return warnings


def _limit_sentence(limits: Limits) -> str:
    from inspector.calibration import promise

    promised = promise(limits)
    if promised is None:
        return f"scores above {limits.reject:.4g} are rejected; {limits.method}"
    return (
        f"scores above {limits.reject:.4g} are rejected; at most {promised:.2%} of good parts are,"
        f" judging by {limits.normals} normals"
    )


def _pictures_sentence(quality: FrameRanges | None) -> str:
    if quality is None:
        return "what the product's pictures look like is not known: trained with an earlier version"
    sharp, light = quality.sharpness, quality.brightness
    return (
        f"sharpness {sharp.seen_low:.0f} to {sharp.seen_high:.0f}, unsure below {sharp.low:.0f}; brightness"
        f" {light.seen_low:.0f} to {light.seen_high:.0f}, unsure outside {light.low:.0f} to {light.high:.0f}"
    )


def _facts(bundle: Bundle) -> Table:
    manifest = bundle.manifest
    table = Table(show_header=False, title=f"{manifest.product} {manifest.version}", title_justify="left")
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    rows = {
        "created": manifest.created_at.isoformat(timespec="seconds"),
        "limit": _limit_sentence(manifest.limits),
        "made by": manifest.limits.method,
        "target": f"{manifest.limits.false_reject_rate:.2%} false rejects",
        "pixel limit": f"{manifest.limits.pixel:.4g}",
        "pictures": _pictures_sentence(manifest.quality),
        "encoder": manifest.encoder.name,
        "text encoder": "none" if manifest.text_encoder is None else manifest.text_encoder.name,
        "network input": f"{manifest.input_size.width} x {manifest.input_size.height} px",
        "fusion": _listed(manifest.fusion),
        "training": _listed(manifest.training),
        "golden frames": f"{len(manifest.golden)}",
        "size": f"{bundle.size_bytes / _MIB:.1f} MiB in {len(manifest.files) + 1} files",
        "verified": f"all {len(manifest.files)} files are as exported (SHA-256)",
    }
    for title, value in rows.items():
        table.add_row(title, Text(value))
    return table


def _listed(facts: dict[str, float | str] | dict[str, float | int | str | bool | None]) -> str:
    return "\n".join(
        f"{name}: {value:.4g}" if isinstance(value, float) else f"{name}: {value}"
        for name, value in facts.items()
    )
