"""A frame's description: the facts, and the sentence that says them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from inspector.describing.facts import Facts, RegionFacts, measure_facts
from inspector.describing.templates import describe_by_template
from inspector.describing.words import Language, Source
from inspector.frames import Frame
from inspector.inspecting import anomaly_map_in_frame
from inspector.results import Inspection

__all__ = ["Description", "Source", "describe"]


@dataclass(frozen=True, slots=True)
class Description:
    """What is said of one frame.

    Attributes:
        facts: what was measured.
        sentence: what an operator reads; it never contradicts the facts.
        source: what wrote the sentence.
        rejected_sentence: a sentence that contradicted the facts and was replaced; None where there was none.
        seconds: time from the inspection to the sentence.
    """

    facts: Facts
    sentence: str
    source: Source
    rejected_sentence: str | None
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """Values for one JSON line, without the frame's name."""
        return {
            "verdict": self.facts.verdict.value,
            "facts": {
                "count": self.facts.count,
                "regions": [_region(region) for region in self.facts.regions],
            },
            "sentence": self.sentence,
            "source": self.source.value,
            "rejected_sentence": self.rejected_sentence,
            "seconds": round(self.seconds, 4),
        }


def describe(
    frame: Frame,
    inspection: Inspection,
    pixel_limit: float,
    *,
    language: Language = "en",
    mm_per_px: float | None = None,
) -> Description:
    """Describe a frame that was inspected.

    Args:
        frame: the frame as captured.
        inspection: its inspection.
        pixel_limit: the bundle's, which the inspection's regions were found with.
        language: the sentence's language.
        mm_per_px: width of a pixel on the part; None: the product has no scale.

    Raises:
        ValueError: frame and inspection do not fit together.
    """
    started = time.perf_counter()
    facts = measure_facts(
        frame.image,
        anomaly_map_in_frame(inspection),
        inspection.regions,
        pixel_limit,
        inspection.verdict,
        mm_per_px=mm_per_px,
    )
    sentence = describe_by_template(facts, language)
    return Description(facts, sentence, Source.TEMPLATE, None, time.perf_counter() - started)


def _region(region: RegionFacts) -> dict[str, Any]:
    values: dict[str, Any] = {
        "position": region.position.value,
        "box_px": region.box_px,
        "centre_px": [round(coordinate, 2) for coordinate in region.centre_px],
        "area_px": region.area_px,
        "area_fraction": region.area_fraction,
        "size": region.size.value,
        "shape": region.shape.value,
        "contrast": region.contrast.value,
        "severity": region.severity.value,
        "kind": region.kind,
        "kind_probability": region.kind_probability,
    }
    if region.length_mm is not None:
        values |= {"length_mm": region.length_mm, "area_mm2": region.area_mm2}
    return values
