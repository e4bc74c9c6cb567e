"""The report of an evaluation: one HTML file that needs nothing else, for a person in a factory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from inspector.inspecting import Inspector
from inspector.results import Verdict
from training.evaluation.chart import HEIGHT, WIDTH, score_chart
from training.evaluation.evaluating import Evaluation, ScoredSample
from training.evaluation.pictures import Card, card

MOST_MISTAKES = 24
"""Missed and falsely rejected parts that are shown at most, each."""

UNKNOWN = "-"

MOST_EXAMPLES = 8
"""Parts that are shown at most in the other sections."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which parts a section of the report shows, of how many, and what it says of them."""

    anchor: str
    title: str
    explanation: str
    when_empty: str
    total: int
    shown: tuple[ScoredSample, ...]


def select_parts(scored: Sequence[ScoredSample], limit: float) -> tuple[Selection, ...]:
    """Choose the parts that teach most: mistakes, then narrow decisions, clear catches, unsure frames."""
    missed = sorted((one for one in scored if one.missed), key=lambda one: one.score)
    false_rejects = sorted((one for one in scored if one.falsely_rejected), key=lambda one: -one.score)
    unsure = [one for one in scored if one.verdict is Verdict.UNSURE]
    mistakes = {id(one) for one in (*missed, *false_rejects, *unsure)}
    right = sorted((one for one in scored if id(one) not in mistakes), key=lambda one: abs(one.score - limit))
    narrow = tuple(right[:MOST_EXAMPLES])
    catches = [one for one in scored if one.sample.defective and one.verdict is Verdict.REJECT]
    return (
        Selection(
            "missed",
            "Missed defects",
            "Defective parts that were passed. The least suspicious come first.",
            "No defective part was passed.",
            len(missed),
            tuple(missed[:MOST_MISTAKES]),
        ),
        Selection(
            "false-rejects",
            "False rejects",
            "Good parts that were rejected. The most suspicious come first.",
            "No good part was rejected.",
            len(false_rejects),
            tuple(false_rejects[:MOST_MISTAKES]),
        ),
        Selection(
            "narrow",
            "Narrow decisions",
            "Parts that were decided rightly, with a score closest to the limit. A dirtier lens or other"
            " light may flip them.",
            "No part was decided rightly.",
            len(narrow),
            narrow,
        ),
        Selection(
            "catches",
            "Clearest catches",
            "Defective parts with the highest scores, taking turns between the kinds of defects.",
            "No defective part was rejected.",
            len(catches),
            _taking_turns(catches)[:MOST_EXAMPLES],
        ),
        Selection(
            "unsure",
            "Unsure",
            "Pictures that could not be judged; a person has to look at them.",
            "Every picture could be judged.",
            len(unsure),
            tuple(unsure[:MOST_EXAMPLES]),
        ),
    )


def render_report(
    inspector: Inspector,
    evaluation: Evaluation,
    scored: Sequence[ScoredSample],
    selections: Sequence[Selection],
    advance: Callable[[], None] = lambda: None,
) -> str:
    """The report as HTML, its pictures embedded.

    Args:
        inspector: draws the maps of the parts that are shown.
        evaluation: the figures.
        scored: every picture's result.
        selections: what `select_parts` chose.
        advance: called after each picture that was drawn.
    """
    limit = inspector.bundle.manifest.limits.reject
    sections: list[tuple[Selection, list[Card]]] = []
    for selection in selections:
        cards = []
        for one in selection.shown:
            cards.append(card(inspector, one))
            advance()
        sections.append((selection, cards))
    environment = Environment(
        loader=PackageLoader("training.evaluation", "."),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = percent
    environment.filters["figure"] = figure
    scores, labels = [one.score for one in scored], [one.sample.defective for one in scored]
    return environment.get_template("report.html").render(
        evaluation=evaluation,
        sections=sections,
        chart=score_chart(scores, labels, limit),
        chart_width=WIDTH,
        chart_height=HEIGHT,
        limits=inspector.bundle.manifest.limits,
    )


def percent(share: float | None) -> str:
    """A share as a percentage that never rounds up to all or down to none; a dash where it is unknown."""
    if share is None:
        return UNKNOWN
    text = f"{100 * share:.1f}"
    if text == "100.0":
        return "100 %" if share == 1 else "99.9 %"
    if text == "0.0":
        return "0 %" if share == 0 else "0.1 %"
    return f"{text} %"


def figure(value: float | None, digits: int = 3) -> str:
    """A figure of 0 to 1, never rounded up to 1; a dash where it is unknown."""
    if value is None:
        return UNKNOWN
    text = f"{value:.{digits}f}"
    return f"{1 - 10**-digits:.{digits}f}" if float(text) == 1 and value < 1 else text


def _taking_turns(catches: Sequence[ScoredSample]) -> tuple[ScoredSample, ...]:
    kinds = sorted({one.sample.kind for one in catches})
    queues = [
        sorted((one for one in catches if one.sample.kind == kind), key=lambda one: -one.score)
        for kind in kinds
    ]
    return tuple(one for turn in zip_longest(*queues) for one in turn if one is not None)
