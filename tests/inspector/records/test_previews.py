"""What candidates would have changed is kept, with its flips in their order."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from inspector.records import Records, StoredFlip, StoredPreview
from inspector.results import Verdict
from tests.inspector.records.examples import NOON

FLIP = StoredFlip("frame-1", "stored", "defective", Verdict.REJECT, Verdict.PASS, 2.5, 0.5)
PREVIEW = StoredPreview(
    product="washer",
    active="0123456789abcdef",
    candidate="fedcba9876543210",
    made_at=NOON,
    frames=500,
    reasons=("1 confirmed defects would no longer be rejected",),
    flips=(FLIP, replace(FLIP, frame="frame-2", before=Verdict.PASS, after=Verdict.REJECT)),
)


def test_previews_come_back_whole_the_newest_first_and_by_product(records: Records) -> None:
    later = replace(PREVIEW, made_at=NOON + timedelta(hours=1), flips=(), reasons=())
    for preview in (PREVIEW, replace(PREVIEW, product="bottle"), later):
        records.previews.add(preview)
    assert records.previews.latest("washer") == [later, PREVIEW]
    assert records.previews.latest("washer", limit=1) == [later]
    assert records.previews.latest("nothing") == []


def test_a_frame_without_a_score_is_kept(records: Records) -> None:
    unsure = replace(FLIP, after=Verdict.UNSURE, score_after=math.nan)
    records.previews.add(replace(PREVIEW, flips=(unsure,)))
    [kept] = records.previews.latest("washer")
    assert math.isnan(kept.flips[0].score_after)
    assert kept.flips[0].after is Verdict.UNSURE


def test_a_time_without_a_zone_is_refused_and_nothing_is_stored(records: Records) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        records.previews.add(replace(PREVIEW, made_at=datetime(2026, 1, 1)))
    assert records.previews.latest("washer") == []
