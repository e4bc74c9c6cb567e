"""A gathered report told in a language, as a sheet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from dashboard.report import phrases
from dashboard.report.gathering import MOST_ALARMS, MOST_CHANGES, Report
from dashboard.report.headlines import figures, headlines
from dashboard.report.languages import WORDS
from dashboard.report.pareto import pareto
from dashboard.report.phrases import clip, count, name, percent, version
from dashboard.report.sheet import Bar, Bars, Block, Cards, Paragraph, Section, Sheet, Table
from dashboard.report.tallies import ReviewTally, Tally
from dashboard.report.telling_parts import card
from dashboard.report.words import Words
from inspector.describing.words import Language
from inspector.records import Latency, StoredAlarm
from inspector.results import Verdict

_LABELS: Final = 8
"""About so many bars have a label."""
_SHORT: Final = timedelta(hours=25)
"""Bars of at most a day, also one on which clocks change, are labelled by hours; those of more by dates."""


def tell(report: Report, language: Language) -> Sheet:
    """Tell a report.

    Args:
        report: what was gathered.
        language: of the report's own words; texts from the records stay as they were written.
    """
    words = WORDS[language]
    sections: list[Section] = []
    if report.total.frames:
        sections += [
            Section(words.over_time, (_over_time(report, words),)),
            Section(words.kinds, pareto(report.kinds, words, language)),
            Section(words.by_place, (_by_place(report, words),)),
        ]
        if report.worst:
            cards = tuple(card(rank, part, report, words) for rank, part in enumerate(report.worst, start=1))
            sections.append(Section(words.worst, (Cards(cards), Paragraph(words.worst_note))))
        sections.append(Section(words.reviews, (_reviews(report, words),)))
    sections.append(Section(words.drift, _drift(report, words)))
    if report.total.frames:
        sections.append(Section(words.models, _models(report, words)))
    if report.latency is not None:
        sections.append(Section(words.latency, _latency(report.latency, report, words)))
    return Sheet(
        language=language,
        title=_title(report, words),
        subtitle=_subtitle(report, words),
        details=_details(report, words),
        lines=headlines(report, words, language),
        figures=figures(report, words),
        sections=tuple(sections),
        page=words.page,
    )


def _title(report: Report, words: Words) -> str:
    return words.title_of_shift.format(shift=name(report.span.shift)) if report.span.shift else words.title


def _subtitle(report: Report, words: Words) -> str:
    span, zone = report.span, report.zone
    until = phrases.clock(span.until, zone, span.since)
    text = words.so_far if report.is_running else words.until
    told = text.format(since=phrases.moment(span.since, zone), until=until)
    return f"{name(report.site)} · {told} ({phrases.zone_name(span.since, zone)})"


def _details(report: Report, words: Words) -> str:
    lines, products = report.choice.lines, report.choice.products
    return " · ".join(
        (
            words.lines.format(names=phrases.names(lines, words)) if lines else words.all_lines,
            words.products.format(names=phrases.names(products, words)) if products else words.all_products,
            words.made_at.format(time=phrases.moment(report.made_at, report.zone)),
        )
    )


def _over_time(report: Report, words: Words) -> Block:
    if not report.total.rejected + report.total.unsure:
        return Paragraph(words.nothing_rejected)
    frames: Counter[tuple[int, Verdict]] = Counter()
    for one in report.intervals:
        frames[one.interval, one.verdict] += one.frames
    edges, zone = report.edges, report.zone
    intervals = len(edges) - 1
    every = max(1, round(intervals / _LABELS))
    is_short = edges[-1] - edges[0] <= _SHORT
    bars = []
    for place in range(intervals):
        since, until = edges[place].astimezone(zone), edges[place + 1].astimezone(zone)
        rejected, unsure = frames[place, Verdict.REJECT], frames[place, Verdict.UNSURE]
        title = words.interval.format(
            since=phrases.moment(since, zone),
            until=phrases.clock(until, zone, since),
            rejected=count(rejected),
            unsure=count(unsure),
            frames=count(sum(frames[place, verdict] for verdict in Verdict)),
        )
        label = f"{since:%H:%M}" if is_short else f"{since:%m-%d}"
        bars.append(Bar("" if place % every else label, title, rejected, unsure))
    return Bars(tuple(bars), words.rejected, words.unsure)


def _by_place(report: Report, words: Words) -> Table:
    places = sorted({(one.line, one.product) for one in report.counts})
    rows = [
        (
            name(line),
            name(product),
            *_figures_of(
                Tally.of(one for one in report.counts if (one.line, one.product) == (line, product)),
                ReviewTally.of(one for one in report.decisions if (one.line, one.product) == (line, product)),
                words,
            ),
        )
        for line, product in places
    ]
    if len(rows) > 1:
        reviews = ReviewTally.of(report.decisions)
        rows.append((words.total, "", *_figures_of(report.total, reviews, words)))
    heads = (
        words.line,
        words.product,
        words.frames,
        words.passed,
        words.unsure,
        words.rejected,
        words.reject_rate,
        words.false_reject_rate,
        words.waiting,
    )
    return Table(heads, tuple(rows), words=2, has_total=len(places) > 1)


def _figures_of(tally: Tally, reviews: ReviewTally, words: Words) -> tuple[str, ...]:
    return (
        count(tally.frames),
        count(tally.passed),
        count(tally.unsure),
        count(tally.rejected),
        percent(tally.reject_rate, words),
        percent(reviews.false_reject_rate, words),
        count(reviews.waiting),
    )


def _reviews(report: Report, words: Words) -> Table:
    tally = ReviewTally.of(report.decisions)
    rows = (
        (words.true_defect, count(tally.true_defects)),
        (words.false_reject, count(tally.false_rejects)),
        (words.missed, count(tally.missed)),
        (words.skipped, count(tally.skipped)),
        (words.still_waiting, count(tally.waiting)),
    )
    return Table((words.decision, words.frames), rows, words=1)


def _drift(report: Report, words: Words) -> tuple[Block, ...]:
    if not report.alarms:
        return (Paragraph(words.no_drift),)
    heads = (words.detected, words.place, words.change, words.remedy, words.state)
    rows = tuple(_alarm(alarm, report, words) for alarm in report.alarms)
    table = Table(heads, rows, words=len(heads))
    return (table, *_first_only(rows, MOST_ALARMS, words))


def _alarm(alarm: StoredAlarm, report: Report, words: Words) -> tuple[str, ...]:
    state = words.open
    if alarm.acknowledged_at is not None:
        state = words.dealt_with.format(name=name(alarm.acknowledged_by or words.none))
    return (
        phrases.clock(alarm.detected_at, report.zone, report.span.since),
        f"{name(alarm.line)} / {name(alarm.camera)}",
        clip(alarm.sentence),
        clip(alarm.suggestion),
        state,
    )


def _models(report: Report, words: Words) -> tuple[Block, ...]:
    heads = (
        words.line,
        words.product,
        words.version,
        words.first_frame,
        words.last_frame,
        words.frames,
    )
    beside, zone = report.span.since, report.zone
    rows = tuple(
        (
            name(use.line),
            name(use.product),
            version(use.version),
            phrases.clock(use.first, zone, beside),
            phrases.clock(use.last, zone, beside),
            count(use.frames),
        )
        for use in report.models
    )
    changes = [
        words.changed_at.format(
            time=phrases.clock(change.at, zone, beside),
            place=f"{name(change.line)} / {name(change.camera)} / {name(change.product)}",
            before=version(change.before),
            after=version(change.after),
        )
        for change in report.changes
    ]
    said = [Paragraph(text) for text in changes or [words.no_changes]]
    return (Table(heads, rows, words=5), *said, *_first_only(changes, MOST_CHANGES, words))


def _latency(overall: Latency, report: Report, words: Words) -> tuple[Block, ...]:
    rows = [(name(line), *_milliseconds(latency)) for line, latency in report.latency_by_line]
    has_total = len(rows) > 1
    if has_total:
        rows.append((words.all_together, *_milliseconds(overall)))
    heads = (words.line, words.median, "95 %", "99 %", words.slowest)
    return (Table(heads, tuple(rows), words=1, has_total=has_total), Paragraph(words.latency_note))


def _milliseconds(latency: Latency) -> tuple[str, ...]:
    each = (latency.p50_ms, latency.p95_ms, latency.p99_ms, latency.max_ms)
    return tuple(f"{milliseconds:,.0f} ms" for milliseconds in each)


def _first_only(shown: Sequence[object], most: int, words: Words) -> tuple[Paragraph, ...]:
    return (Paragraph(words.first_only.format(n=most)),) if len(shown) >= most else ()
