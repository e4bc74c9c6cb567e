"""Values become rows of the tables, and rows become values."""

from __future__ import annotations

from dataclasses import fields
from typing import cast

from inspector.describing.words import Language
from inspector.records.tables import DescriptionRow, InspectionRow, RegionRow
from inspector.records.values import StoredDescription, StoredFacts, StoredInspection
from inspector.regions import Region


def inspection_values(record: StoredInspection) -> dict[str, object]:
    """An inspection as a row of `inspections`."""
    # float() and int(): SQLite stores numpy's numbers as bytes without a word.
    return {
        "frame_id": record.frame_id,
        "site": record.site,
        "line": record.line,
        "camera": record.camera,
        "box": record.box,
        "product": record.product,
        "model_version": record.model_version,
        "captured_at": record.captured_at,
        "inspected_at": record.inspected_at,
        "score": float(record.score),
        "reject_limit": float(record.reject_limit),
        "verdict": record.verdict,
        "reason": record.reason,
        "latency_ms": float(record.latency_ms),
        "width_px": int(record.width_px),
        "height_px": int(record.height_px),
    }


def region_values(record: StoredInspection, key: int) -> list[dict[str, object]]:
    """An inspection's regions as rows of `regions`; `key` is the inspection's."""
    return [
        {
            "inspection_id": key,
            "position": position,
            **dict(zip(("x_px", "y_px", "width_px", "height_px"), map(int, region.box_px), strict=True)),
            "centre_x_px": float(region.centre_px[0]),
            "centre_y_px": float(region.centre_px[1]),
            "area_px": int(region.area_px),
            "area_fraction": float(region.area_fraction),
            "peak_score": float(region.peak_score),
        }
        for position, region in enumerate(record.regions)
    ]


def evidence_values(record: StoredInspection, key: int) -> dict[str, object]:
    """An inspection's pictures as a row of `evidence`; `key` is the inspection's."""
    return {
        "inspection_id": key,
        "frame_uri": record.evidence,
        "map_uri": record.evidence_map,
        "created_at": record.inspected_at,
    }


def description_values(description: StoredDescription, key: int) -> dict[str, object]:
    """A description as a row of `descriptions`; `key` is the inspection's."""
    return {
        "inspection_id": key,
        "language": description.language,
        "sentence": description.sentence,
        "source": description.source,
        "rejected_sentence": description.rejected_sentence,
        "defects": int(description.defects),
        "seconds": float(description.seconds),
        "created_at": description.described_at,
    }


def facts_values(facts: StoredFacts) -> dict[str, object]:
    """The facts of one region as columns of its row in `regions`."""
    return {
        "place": facts.place,
        "size": facts.size,
        "shape": facts.shape,
        "contrast": facts.contrast,
        "severity": facts.severity,
        "kind": None if facts.kind is None else str(facts.kind),
        "kind_probability": _float(facts.kind_probability),
        "core_px": None if facts.core_px is None else int(facts.core_px),
        "length_mm": _float(facts.length_mm),
        "area_mm2": _float(facts.area_mm2),
    }


def stored_inspection(row: InspectionRow) -> StoredInspection:
    """The value of a row whose regions, evidence and descriptions are loaded."""
    return StoredInspection(
        frame_id=row.frame_id,
        site=row.site,
        line=row.line,
        camera=row.camera,
        box=row.box,
        product=row.product,
        model_version=row.model_version,
        captured_at=row.captured_at,
        inspected_at=row.inspected_at,
        score=row.score,
        reject_limit=row.reject_limit,
        verdict=row.verdict,
        reason=row.reason,
        latency_ms=row.latency_ms,
        width_px=row.width_px,
        height_px=row.height_px,
        regions=tuple(map(_region, row.regions)),
        evidence=row.evidence.frame_uri if row.evidence else None,
        evidence_map=row.evidence.map_uri if row.evidence else None,
        description=_description(row.descriptions[0], row.regions) if row.descriptions else None,
    )


def _region(row: RegionRow) -> Region:
    return Region(
        box_px=(row.x_px, row.y_px, row.width_px, row.height_px),
        centre_px=(row.centre_x_px, row.centre_y_px),
        area_px=row.area_px,
        area_fraction=row.area_fraction,
        peak_score=row.peak_score,
    )


def _description(row: DescriptionRow, regions: list[RegionRow]) -> StoredDescription:
    facts = tuple(
        StoredFacts(**{field.name: getattr(region, field.name) for field in fields(StoredFacts)})
        for region in regions
    )
    return StoredDescription(
        sentence=row.sentence,
        source=row.source,
        language=cast("Language", row.language),
        defects=row.defects,
        seconds=row.seconds,
        described_at=row.created_at,
        rejected_sentence=row.rejected_sentence,
        facts=facts if any(each != StoredFacts() for each in facts) else (),
    )


def _float(value: float | None) -> float | None:
    return None if value is None else float(value)
