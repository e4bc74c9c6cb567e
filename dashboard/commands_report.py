"""`inspector report`: what the lines did in a shift, as a file for a manager."""
# ruff: noqa: PLC0415 - the command line starts without the libraries that only a running command needs

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer
from rich.console import Console

from inspector.errors import OutputExistsError, ReportError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, tzinfo

    from dashboard.report.sheet import Sheet
    from dashboard.report.spans import Span
    from inspector.records import Records
    from inspector.settings import Settings

HTML: Final = (".html", ".htm")
PDF: Final = ".pdf"


def report(
    *,
    config: Annotated[
        Path | None,
        typer.Option(help="Settings file: database, data folder, shifts.", show_default=False),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File to write, .html or .pdf.", show_default=False),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="Begin, such as '2026-03-04 06:00' or 06:00 for today; 8 hours before the end by default.",
            show_default=False,
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="End; now by default.", show_default=False)
    ] = None,
    shift: Annotated[
        str | None,
        typer.Option(help="A shift of the settings, by its name; or this, or last.", show_default=False),
    ] = None,
    line: Annotated[
        list[str] | None, typer.Option(help="Only this line; may be given again.", show_default=False)
    ] = None,
    product: Annotated[
        list[str] | None, typer.Option(help="Only this product; may be given again.", show_default=False)
    ] = None,
    language: Annotated[
        Literal["en", "zh"] | None,
        typer.Option(help="Language of the report; that of the settings by default.", show_default=False),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the output.")] = False,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print the figures as one JSON object.")
    ] = False,
) -> None:
    """Write what the lines did in a shift: rejects, their kinds, reviews, drift, models, the worst parts."""
    from dashboard.clock import zone_of
    from dashboard.report.facts import facts
    from dashboard.report.gathering import gather
    from dashboard.report.telling import tell
    from inspector.durability import write_durably
    from inspector.inspecting import utc_now
    from inspector.records import Records
    from inspector.settings import load_settings

    if output is None and not json_output:
        raise typer.BadParameter("give --output, --json, or both", param_hint="--output")
    if output is not None:
        _check(output, overwrite=overwrite)
    settings = load_settings(config)
    now, zone = utc_now(), zone_of(settings.report.zone)
    span = _span(settings, (since, until), shift, now, zone)
    with Records.open(settings.database.url) as records:
        gathered = gather(
            records,
            span,
            site=settings.site,
            data_dir=settings.edge.data_dir,
            zone=zone,
            now=now,
            lines=line or (),
            products=product or (),
        )
        if not gathered.total.frames:
            raise _nothing(records, span, zone, line or (), product or ())
    sheet = tell(gathered, language or settings.report.language)
    if output is not None:
        write_durably(output, _written(sheet, output, settings.report.font))
    if json_output:
        typer.echo(json.dumps(facts(gathered), indent=2))
    else:
        console = Console(soft_wrap=True, highlight=False)
        console.print(f"{sheet.title}, {sheet.subtitle}", markup=False, style="bold")
        for each in sheet.lines:
            console.print(f"  {each.text}", markup=False)
        console.print(f"Report: {output}", markup=False)


def _check(output: Path, *, overwrite: bool) -> None:
    """Before anything is read: a report of a large span takes a while."""
    if output.suffix.lower() not in (*HTML, PDF):
        raise ReportError(
            f"the report cannot be written to {output}",
            f"{output.suffix or 'a name without an ending'} is no format of a report",
            "Give a name that ends with .html or .pdf",
        )
    if output.is_dir():
        raise OutputExistsError(f"{output} is a folder", remedy="Give a file name with --output")
    if output.exists() and not overwrite:
        why = "nothing was overwritten"
        raise OutputExistsError(
            f"{output} already exists", why, "Choose another --output, or add --overwrite"
        )


def _span(
    settings: Settings, times: tuple[str | None, str | None], shift: str | None, now: datetime, zone: tzinfo
) -> Span:
    from dashboard.report.spans import shift_called, span_between

    if shift is None:
        return span_between(*times, now, zone)
    if times != (None, None):
        raise ReportError(
            "the span of the report is given twice",
            "--shift says when it begins and ends, and so do --from and --until",
            "Give one or the other",
        )
    return shift_called(shift, settings.report.shifts, now, zone)


def _nothing(
    records: Records, span: Span, zone: tzinfo, lines: Sequence[str], products: Sequence[str]
) -> ReportError:
    """Why there is nothing to report: nothing was inspected, or not by these lines and of these products."""
    from dashboard.report.phrases import name
    from inspector.records import Choice

    when = f"{span.since.astimezone(zone):%Y-%m-%d %H:%M} to {span.until.astimezone(zone):%Y-%m-%d %H:%M %Z}"
    what = f"there is nothing to report from {when}"
    if lines or products:
        seen = records.summaries.verdicts(Choice(span.since, span.until))
        if seen:
            there = ", ".join(sorted({f"{name(one.line)} / {name(one.product)}" for one in seen}))
            return ReportError(
                what, f"these lines and products had no frames; there were {there}", "Choose them"
            )
    newest = records.latest(limit=1)
    if not newest:
        return ReportError(what, "the database has no frames at all", "Check [database] url in the settings")
    last = newest[0].inspected_at.astimezone(zone)
    why = f"nothing was inspected then; the newest frame is of {last:%Y-%m-%d %H:%M %Z}"
    return ReportError(what, why, "Choose another --from and --until")


def _written(sheet: Sheet, output: Path, font: Path | None) -> bytes:
    if output.suffix.lower() == PDF:
        from dashboard.report.pdf import pdf

        return pdf(sheet, font)
    from dashboard.report.html import document

    return document(sheet).encode("utf-8")
