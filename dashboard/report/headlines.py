"""What a manager should know after half a minute: a few statements, and the large numbers."""

from __future__ import annotations

from collections.abc import Iterator

from dashboard.report.gathering import Report
from dashboard.report.phrases import count, is_known, name, percent
from dashboard.report.sheet import Figure, Line, Tone
from dashboard.report.tallies import ReviewTally, Tally
from dashboard.report.words import Words, counted
from inspector.describing.templates import translate
from inspector.describing.words import Language


def headlines(report: Report, words: Words, language: Language) -> tuple[Line, ...]:
    """The statements: what happened first, then what asks for attention, then the rest."""
    lines = list(_lines(report, words, language))
    return (lines[0], *sorted(lines[1:], key=lambda line: line.tone is not Tone.ATTENTION))


def _lines(report: Report, words: Words, language: Language) -> Iterator[Line]:
    total, reviews = report.total, ReviewTally.of(report.decisions)
    if not total.frames:
        yield Line(words.nothing_inspected, Tone.ATTENTION)
        return
    told = words.rejected_of.format(
        rejected=count(total.rejected), frames=count(total.frames), rate=percent(total.reject_rate, words)
    )
    if report.before.frames:
        gap = "" if language == "zh" else " "
        told += gap + words.rate_before.format(rate=percent(report.before.reject_rate, words))
    yield Line(told)
    if alarms := sum(alarm.acknowledged_at is None for alarm in report.alarms):
        yield Line(counted(words.open_alarms, alarms), Tone.ATTENTION)
    if reviews.missed:
        yield Line(counted(words.missed_parts, reviews.missed), Tone.ATTENTION)
    if reviews.false_rejects:
        yield Line(
            words.false_rejects_of.format(
                false=count(reviews.false_rejects),
                decided=count(reviews.decided_rejects),
                rate=percent(reviews.false_reject_rate, words),
            ),
            Tone.ATTENTION,
        )
    if reviews.waiting:
        yield Line(counted(words.waiting_frames, reviews.waiting), Tone.ATTENTION)
    elif reviews.done:
        yield Line(words.all_reviewed, Tone.GOOD)
    yield from _where_and_what(report, words, language)
    if report.changes:
        yield Line(counted(words.changes_of_model, len(report.changes)))


def _where_and_what(report: Report, words: Words, language: Language) -> Iterator[Line]:
    places = {(one.line, one.product) for one in report.counts}
    rates = {
        place: Tally.of(one for one in report.counts if (one.line, one.product) == place).reject_rate or 0.0
        for place in sorted(places)
    }
    (line, product), rate = max(rates.items(), key=lambda item: item[1])
    if len(rates) > 1 and rate > 0:
        yield Line(
            words.highest_rate.format(line=name(line), product=name(product), rate=percent(rate, words))
        )
    named = [one for one in report.kinds if is_known(one.kind)]
    if named and named[0].kind is not None:
        yield Line(
            words.most_rejects.format(
                kind=name(translate(named[0].kind, language)),
                frames=count(named[0].frames),
                rejected=count(sum(one.frames for one in report.kinds)),
            )
        )


def figures(report: Report, words: Words) -> tuple[Figure, ...]:
    """The large numbers; none where nothing was inspected."""
    total, reviews = report.total, ReviewTally.of(report.decisions)
    if not total.frames:
        return ()
    before = report.before.reject_rate
    earlier = words.no_earlier if before is None else words.earlier.format(rate=percent(before, words))
    decided = (
        counted(words.of_decided, reviews.decided_rejects) if reviews.decided_rejects else words.none_decided
    )
    return (
        Figure(words.rejected, count(total.rejected), counted(words.of_frames, total.frames)),
        Figure(words.reject_rate, percent(total.reject_rate, words), earlier),
        Figure(
            words.false_reject_rate,
            percent(reviews.false_reject_rate, words),
            decided,
            Tone.ATTENTION if reviews.false_rejects else Tone.PLAIN,
        ),
        Figure(words.unsure, count(total.unsure), counted(words.of_frames, total.frames)),
        Figure(
            words.waiting,
            count(reviews.waiting),
            counted(words.of_to_review, reviews.done),
            Tone.ATTENTION if reviews.waiting else Tone.GOOD,
        ),
    )
