"""A report as plain values, for programs: `inspector report --json` prints them."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from dashboard.report.gathering import Report
from dashboard.report.parts import Absence, Part
from dashboard.report.tallies import ReviewTally, Tally
from inspector.results import Verdict


def facts(report: Report) -> dict[str, Any]:
    """What a report tells, as values that JSON knows: times in UTC, rates 0..1, null where there is none."""
    reviews = ReviewTally.of(report.decisions)
    return {
        "site": report.site,
        "shift": report.span.shift or None,
        "since": report.choice.since.isoformat(),
        "until": report.choice.until.isoformat(),
        "is_running": report.is_running,
        "made_at": report.made_at.isoformat(),
        "lines": list(report.choice.lines),
        "products": list(report.choice.products),
        "total": _tally(report.total),
        "before": _tally(report.before),
        "places": [
            {"line": line, "product": product}
            | _tally(Tally.of(one for one in report.counts if (one.line, one.product) == (line, product)))
            for line, product in sorted({(one.line, one.product) for one in report.counts})
        ],
        "reviews": asdict(reviews) | {"false_reject_rate": reviews.false_reject_rate},
        "kinds": [asdict(one) for one in report.kinds],
        "intervals": [
            {"since": since.isoformat()}
            | {
                verdict.value: sum(
                    one.frames for one in report.intervals if one.interval == place and one.verdict is verdict
                )
                for verdict in Verdict
            }
            for place, since in enumerate(report.edges[:-1])
        ],
        "models": [
            asdict(one) | {"first": one.first.isoformat(), "last": one.last.isoformat()}
            for one in report.models
        ],
        "model_changes": [asdict(one) | {"at": one.at.isoformat()} for one in report.changes],
        "latency": None if report.latency is None else asdict(report.latency),
        "drift_alarms": [
            {
                "line": one.line,
                "camera": one.camera,
                "product": one.product,
                "detected_at": one.detected_at.isoformat(),
                "kind": one.kind.value,
                "sentence": one.sentence,
                "suggestion": one.suggestion,
                "acknowledged_by": one.acknowledged_by,
            }
            for one in report.alarms
        ],
        "worst": [_part(one) for one in report.worst],
    }


def _tally(tally: Tally) -> dict[str, Any]:
    return asdict(tally) | {"reject_rate": tally.reject_rate}


def _part(part: Part) -> dict[str, Any]:
    record = part.record
    return {
        "frame": record.frame_id,
        "line": record.line,
        "camera": record.camera,
        "product": record.product,
        "inspected_at": record.inspected_at.isoformat(),
        # JSON has no infinity, which a limit may be.
        "score": record.score if math.isfinite(record.score) else None,
        "limit": record.reject_limit if math.isfinite(record.reject_limit) else None,
        "sentence": None if record.description is None else record.description.sentence,
        "decision": None if part.review is None else part.review.decision.value,
        "has_picture": not isinstance(part.picture, Absence),
        "why_no_picture": part.why or None,
    }
