"""A comparison as the records keep it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from inspector.preview.comparing import Comparison
from inspector.records import StoredFlip, StoredPreview


def stored_preview(comparison: Comparison, reasons: Sequence[str], made_at: datetime) -> StoredPreview:
    """What the records keep of a comparison: the flips, and what speaks against the candidate."""
    return StoredPreview(
        product=comparison.product,
        active=comparison.active,
        candidate=comparison.candidate,
        made_at=made_at,
        frames=len(comparison.frames),
        reasons=tuple(reasons),
        flips=tuple(
            StoredFlip(
                frame=one.trial.name,
                origin=one.trial.origin,
                truth=one.trial.truth.value,
                before=one.before.verdict,
                after=one.after.verdict,
                score_before=one.before.score,
                score_after=one.after.score,
            )
            for one in comparison.flips
        ),
    )
