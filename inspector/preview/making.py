"""A preview from two bundles to the records, for the command and for the worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from inspector.inspecting import Inspector, load_inspector, utc_now
from inspector.preview.comparing import Comparison, compare
from inspector.preview.keeping import stored_preview
from inspector.preview.policy import reasons_against
from inspector.preview.trials import gather
from inspector.records import Records
from inspector.settings import Settings


@dataclass(frozen=True, slots=True)
class Preview:
    """What a candidate would change.

    Attributes:
        comparison: verdicts of both.
        reasons: what speaks against the candidate.
        before: the active bundle, loaded.
        after: the candidate, loaded.
    """

    comparison: Comparison
    reasons: tuple[str, ...]
    before: Inspector
    after: Inspector


def make_preview(
    active: Path,
    candidate: Path,
    settings: Settings,
    *,
    last: int,
    on_frame: Callable[[int, int], None] = lambda *_: None,
) -> Preview:
    """Judge golden and stored frames by both bundles, and store what flips.

    Args:
        active: bundle that judges at present.
        candidate: bundle that may judge next.
        settings: database, data folder, engine.
        last: newest stored frames with pictures that are judged again.
        on_frame: told how many frames are judged, and how many there are.

    Raises:
        BundleError: one of them is missing or damaged.
        RecordsError: the database cannot be read or written.
    """
    before, after = load_inspector(active, settings.engine), load_inspector(candidate, settings.engine)
    trials = gather(before.bundle, after.bundle, settings, last=last)
    done = 0
    on_frame(0, len(trials))

    def judged() -> None:
        nonlocal done
        done += 1
        on_frame(done, len(trials))

    comparison = compare(before, after, trials, judged)
    reasons = reasons_against(comparison, after.limits)
    with Records.open(settings.registry_database) as records:
        records.previews.add(stored_preview(comparison, reasons, utc_now()))
    return Preview(comparison, reasons, before, after)
