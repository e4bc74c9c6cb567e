"""Frames that are wrong in every way: the box outlives them, counts each with its reason, and keeps it."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from inspector.errors import FrameError
from inspector.frames import decode_image
from tests.campaigns.box import running_box
from tests.campaigns.malformed import JUDGED, KINDS, SITE_FILTER, malformed
from tests.campaigns.malformed_check import send_malformed

FRAMES = 300


def test_a_box_outlives_malformed_frames_and_counts_each_with_its_reason(
    bundle: Path, good_png: bytes
) -> None:
    with running_box(bundle, topic_filter=SITE_FILTER, product="washer") as (box, port):
        after = send_malformed(box, port, good_png, FRAMES, seed=0)
    assert after.surprises == []
    assert set(after.sent) == set(KINDS)
    assert sum(after.codes.values()) + after.judged == FRAMES


def test_the_same_seed_gives_the_same_frames(good_png: bytes) -> None:
    first, second, other = (
        list(itertools.islice(malformed(good_png, seed), 2 * len(KINDS))) for seed in (1, 1, 2)
    )
    assert first == second
    assert first != other


def test_there_are_thirty_kinds_and_each_says_what_must_become_of_it() -> None:
    assert len(KINDS) >= 30
    assert all(kind.outcomes for kind in KINDS.values())


@pytest.mark.parametrize("seed", range(3))
def test_damaged_pictures_are_refused_with_the_code_that_their_kind_says(good_png: bytes, seed: int) -> None:
    picture_codes = frozenset(
        {"empty", "unreadable", "truncated", "unsupported", "too_large", "too_small", JUDGED}
    )
    for frame in itertools.islice(malformed(good_png, seed), len(KINDS)):
        if frame.outcomes <= picture_codes:
            try:
                decode_image(frame.payload)
                outcome: str = JUDGED
            except FrameError as error:
                outcome = str(error.code)
            assert outcome in frame.outcomes, frame.kind
