"""A frame's description: the facts, and the sentence that says them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from inspector.describing.describer import Describer
from inspector.describing.facts import Facts, RegionFacts
from inspector.describing.templates import describe_by_template
from inspector.describing.words import Source
from inspector.describing.writer import SentenceWriter
from inspector.frames import Frame
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
    frame: Frame, inspection: Inspection, describer: Describer, writer: SentenceWriter | None = None
) -> Description:
    """Describe a frame that was inspected.

    Args:
        frame: the frame as captured.
        inspection: its inspection.
        describer: of the bundle that inspected it.
        writer: a language model with its adapter; None: templates write.

    Raises:
        KindsError: the network for kinds failed.
        AdapterError: the adapter failed.
        LanguageModelError: the language model failed.
        ValueError: frame and inspection do not fit together.
    """
    started = time.perf_counter()
    task = describer.measure(frame, inspection)
    if writer is None:
        sentence = describe_by_template(task.facts, task.language, task.part)
        source, rejected = Source.TEMPLATE, None
    else:
        written = writer.write(task)
        sentence, source, rejected = written.sentence, written.source, written.rejected_sentence
    return Description(task.facts, sentence, source, rejected, time.perf_counter() - started)


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
