"""The words of a report in each language. Names in braces are filled in by `str.format`."""

from __future__ import annotations

from dataclasses import dataclass

Counted = tuple[str, str]
"""A text for one, and a text for any other number; the number is `{n}`."""


def counted(text: Counted, n: int, **names: str) -> str:
    """The form of a text that fits a number, filled in."""
    return text[0 if n == 1 else 1].format(n=f"{n:,}", **names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Every text of a report. A language that lacks one cannot be made.

    Texts from the records (sentences, drift, notes of reviewers) stay in the language they were written in.
    """

    title: str
    title_of_shift: str
    until: str
    so_far: str
    all_lines: str
    lines: str
    all_products: str
    products: str
    made_at: str
    separator: str
    page: str
    none: str

    nothing_inspected: str
    rejected_of: str
    rate_before: str
    open_alarms: Counted
    missed_parts: Counted
    false_rejects_of: str
    waiting_frames: Counted
    all_reviewed: str
    highest_rate: str
    most_rejects: str
    changes_of_model: Counted

    frames: str
    passed: str
    rejected: str
    unsure: str
    reject_rate: str
    false_reject_rate: str
    waiting: str
    of_frames: Counted
    of_decided: Counted
    none_decided: str
    of_to_review: Counted
    earlier: str
    no_earlier: str

    over_time: str
    nothing_rejected: str
    interval: str
    kinds: str
    kind: str
    kind_not_named: str
    other_kinds: Counted
    share: str
    cumulative: str
    found_good: str
    kinds_note: str

    worst: str
    worst_note: str
    part: str
    heat_map: str
    score: str
    frame: str
    not_kept: str
    no_map: str
    unreadable: str
    map_unreadable: str
    not_described: str
    review: str
    review_note: str
    not_reviewed: str

    by_place: str
    line: str
    product: str
    camera: str
    total: str

    reviews: str
    decision: str
    true_defect: str
    false_reject: str
    missed: str
    skipped: str
    still_waiting: str

    drift: str
    no_drift: str
    detected: str
    place: str
    change: str
    remedy: str
    state: str
    open: str
    dealt_with: str
    first_only: str

    models: str
    version: str
    first_frame: str
    last_frame: str
    no_changes: str
    changed_at: str

    latency: str
    latency_note: str
    median: str
    slowest: str
    all_together: str
