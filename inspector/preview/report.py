"""The flip preview as one HTML file that needs nothing else, for a person who has to answer for it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from numpy.typing import NDArray

from inspector.errors import InspectorError
from inspector.frames import encode_jpeg, resize
from inspector.inspecting import Inspector, anomaly_map_in_frame
from inspector.overlay import overlay
from inspector.preview.comparing import Compared, Comparison, Truth
from inspector.results import Verdict

MOST_PICTURES: Final = 48
LONGER_SIDE_PX: Final = 300
JPEG_QUALITY: Final = 82


@dataclass(frozen=True, slots=True)
class Card:
    """One flip in the report.

    Attributes:
        compared: the frame.
        part: data URI of the picture.
        before: data URI with the active bundle's heat map.
        after: data URI with the candidate's.
    """

    compared: Compared
    part: str
    before: str
    after: str


def write_report(
    comparison: Comparison,
    reasons: Sequence[str],
    active: Inspector,
    candidate: Inspector,
    path: Path,
    *,
    written_at: datetime,
) -> None:
    """Write the report.

    Args:
        comparison: what it tells of.
        reasons: what speaks against the candidate.
        active: draws the heat maps of what judges at present.
        candidate: draws those of what may judge next.
        path: the file.
        written_at: time that the report bears.
    """
    shown = comparison.flips[:MOST_PICTURES]
    environment = Environment(
        loader=PackageLoader("inspector.preview", "."),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
    )
    text = environment.get_template("report.html").render(
        comparison=comparison,
        reasons=list(reasons),
        directions=sorted(comparison.directions().items()),
        known=[(truth, _caught(comparison, truth)) for truth in (Truth.GOOD, Truth.DEFECTIVE)],
        cards=[card for one in shown if (card := _card(one, active, candidate)) is not None],
        limits=(active.limits, candidate.limits),
        written_at=f"{written_at:%Y-%m-%d %H:%M} UTC",
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def _caught(comparison: Comparison, truth: Truth) -> tuple[int, int, int]:
    """(rejected before, rejected after, all) of the frames of which this is known."""
    frames = comparison.known(truth)
    before = sum(one.before.verdict is Verdict.REJECT for one in frames)
    after = sum(one.after.verdict is Verdict.REJECT for one in frames)
    return before, after, len(frames)


def _card(compared: Compared, active: Inspector, candidate: Inspector) -> Card | None:
    """None where the picture is gone since it was judged."""
    try:
        frame = compared.trial.read()
    except InspectorError:
        return None
    before, after = (active.inspect(frame), candidate.inspect(frame))
    pictures = [
        frame.image,
        *(
            overlay(frame.image, anomaly_map_in_frame(one), inspector.limits.pixel, one.regions)
            for one, inspector in ((before, active), (after, candidate))
        ),
    ]
    return Card(compared, *(_data_uri(picture) for picture in pictures))


def _data_uri(image: NDArray[np.uint8]) -> str:
    height, width = image.shape[:2]
    factor = min(1.0, LONGER_SIDE_PX / max(height, width))
    small = resize(image, max(1, round(height * factor)), max(1, round(width * factor)))
    return "data:image/jpeg;base64," + base64.b64encode(encode_jpeg(small, JPEG_QUALITY)).decode()
