"""One of the worst parts, told in words."""

from __future__ import annotations

from dashboard.report import phrases
from dashboard.report.gathering import Report
from dashboard.report.parts import Absence, Part
from dashboard.report.phrases import clip, name
from dashboard.report.sheet import Card, Picture
from dashboard.report.words import Words
from dashboard.scores import number
from inspector.records import Decision, Review


def card(rank: int, part: Part, report: Report, words: Words) -> Card:
    """A part as a card: its two pictures, its sentence, and where it comes from.

    Args:
        rank: 1 for the worst.
        part: what is told.
        report: whose zone and span times are told in.
        words: of the report.
    """
    record = part.record
    told = record.description
    facts = [
        words.score.format(
            score=number(record.score),
            limit=number(record.reject_limit),
            ratio=phrases.times(record.score, record.reject_limit, words),
        ),
        f"{name(record.line)} / {name(record.camera)} · "
        f"{phrases.clock(record.inspected_at, report.zone, report.span.since)} · "
        f"{words.frame.format(frame=name(record.frame_id))}",
        _review(part.review, words),
    ]
    if part.why:
        facts.append(clip(part.why))
    return Card(
        title=f"{rank}. {name(record.product)}",
        sentence=clip(told.sentence) if told is not None else words.not_described,
        facts=tuple(facts),
        pictures=_pictures(part, words),
    )


def _pictures(part: Part, words: Words) -> tuple[Picture, ...]:
    """Both pictures; one where none could be shown, because the second would only say the same again."""
    if isinstance(part.picture, Absence):
        absence = words.not_kept if part.picture is Absence.NOT_KEPT else words.unreadable
        return (Picture(words.part, None, absence),)
    picture = Picture(words.part, part.picture)
    if isinstance(part.heat, Absence):
        absence = words.no_map if part.heat is Absence.NOT_KEPT else words.map_unreadable
        return (picture, Picture(words.heat_map, None, absence))
    return (picture, Picture(words.heat_map, part.heat))


def _review(review: Review | None, words: Words) -> str:
    if review is None or review.decision is Decision.WITHDRAWN:
        return words.not_reviewed
    decisions = {
        Decision.TRUE_DEFECT: words.true_defect,
        Decision.FALSE_REJECT: words.false_reject,
        Decision.MISSED: words.missed,
        Decision.SKIPPED: words.skipped,
    }
    template = words.review_note if review.note.strip() else words.review
    return template.format(
        decision=decisions[review.decision], reviewer=name(review.reviewer), note=clip(review.note)
    )
