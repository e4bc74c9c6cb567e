"""Facts of any frame, drawn by hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from inspector.describing.facts import Facts, RegionFacts, severity_of, size_of
from inspector.describing.positions import THIRDS, position_at
from inspector.describing.words import Contrast, Kind, Position, Shape
from inspector.results import Verdict

OWN_KINDS = ("blowhole", "sink mark", "Short-Shot", "left label torn", "no print", "weld_spatter")
PARTS = st.sampled_from([None, "bottle", "left bracket", "top", "M8 nut", "broken-lid", "crack tester"])
LANGUAGES = st.sampled_from(["en", "zh"])


def neighbours(position: Position) -> list[Position]:
    """The cells beside a position and at its corners."""
    row, column = divmod(tuple(Position).index(position), THIRDS)
    return [
        position_at(other_row, other_column)
        for other_row in range(THIRDS)
        for other_column in range(THIRDS)
        if max(abs(other_row - row), abs(other_column - column)) == 1
    ]


@st.composite
def region_facts(draw: st.DrawFn) -> RegionFacts:
    position = draw(st.sampled_from(Position))
    area_fraction = 10 ** draw(st.floats(-6, 0))
    scale = draw(st.none() | st.floats(0.001, 10))
    length_px = draw(st.floats(1, 2000))
    return RegionFacts(
        position=position,
        near=tuple(draw(st.lists(st.sampled_from(neighbours(position)), unique=True))),
        box_px=(0, 0, 1, 1),
        centre_px=(0, 0),
        area_px=round(1e6 * area_fraction),
        area_fraction=area_fraction,
        size=size_of(area_fraction),
        shape=draw(st.sampled_from(Shape)),
        contrast=draw(st.sampled_from(Contrast)),
        severity=severity_of(draw(st.floats(0, 9)), 1),
        kind=draw(st.sampled_from([kind.value for kind in Kind]) | st.sampled_from(OWN_KINDS)),
        kind_probability=draw(st.none() | st.floats(0, 1)),
        length_mm=None if scale is None else length_px * scale,
        area_mm2=None if scale is None else 1e6 * area_fraction * scale**2,
    )


@st.composite
def rejects(draw: st.DrawFn, *, least: int = 0, most: int = 32) -> Facts:
    count = draw(st.integers(least, min(12, most)) | st.integers(least, most))
    regions = tuple(draw(region_facts()) for _ in range(min(count, draw(st.sampled_from([count, 1, 3])))))
    return Facts(Verdict.REJECT, count, regions)


ALL_FACTS = rejects() | st.sampled_from([Facts(Verdict.PASS, 0, ()), Facts(Verdict.UNSURE, 0, ())])
