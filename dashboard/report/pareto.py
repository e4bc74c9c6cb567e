"""Kinds of defects as a Pareto: the most frequent first, with what they add up to."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from dashboard.report.phrases import count, is_known, name, percent
from dashboard.report.sheet import Block, Paragraph, Table
from dashboard.report.words import Words, counted
from inspector.describing.templates import translate
from inspector.describing.words import Language
from inspector.records import KindCount

MOST_KINDS: Final = 10
"""Rarer kinds are added up in one row: a Pareto is about the few that matter."""


def pareto(kinds: Sequence[KindCount], words: Words, language: Language) -> tuple[Block, ...]:
    """Table of kinds by frames, and what it counts.

    Rejects whose kind is not known are one row, and it stands last as the rest does: neither is a kind that
    somebody could work on.

    Args:
        kinds: the most frequent first.
        words: of the report.
        language: that the kinds of the vocabulary are named in; a product's own stay as they are.
    """
    rejected = sum(one.frames for one in kinds)
    if not rejected:
        return (Paragraph(words.nothing_rejected),)
    named = [one for one in kinds if is_known(one.kind)]
    groups = [(name(translate(one.kind or "", language)), [one]) for one in named[:MOST_KINDS]]
    if rest := named[MOST_KINDS:]:
        groups.append((counted(words.other_kinds, len(rest)), rest))
    if unnamed := [one for one in kinds if not is_known(one.kind)]:
        groups.append((words.kind_not_named, unnamed))
    frames = [sum(one.frames for one in group) for _, group in groups]
    rows = tuple(
        (
            label,
            count(here),
            percent(here / rejected, words),
            percent(added / rejected, words),
            count(sum(one.false_rejects for one in group)),
        )
        for (label, group), here, added in zip(groups, frames, accumulate(frames), strict=True)
    )
    heads = (words.kind, words.frames, words.share, words.cumulative, words.found_good)
    bars = tuple(here / max(frames) for here in frames)
    return (Table(heads, rows, words=1, bars=bars), Paragraph(words.kinds_note))
