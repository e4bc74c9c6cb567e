"""What a box tells of a product's model and limit."""

from __future__ import annotations

from datetime import datetime

from edge.limits import ProductLimits
from inspector.fetching import shown
from inspector.inspecting import Inspector
from inspector.model_messages import (
    GateFigures,
    LimitsSetMessage,
    LimitsStateMessage,
    LimitsStatus,
    ModelSetMessage,
    ModelStateMessage,
    ModelStatus,
    ProductTopics,
)


def model_state(
    topics: ProductTopics,
    active: Inspector | None,
    request: ModelSetMessage | None,
    *,
    status: ModelStatus,
    why: str,
    remedy: str,
    previous: str | None,
    gate: GateFigures | None,
    now: datetime,
) -> ModelStateMessage:
    """The state of a product's model; passwords in sources are left out."""
    return ModelStateMessage(
        product=topics.product,
        box=topics.box,
        active=None if active is None else active.bundle.version,
        previous=previous,
        status=status,
        requested=request.version if request else None,
        request_id=request.request_id if request else None,
        requested_by=request.requested_by if request else None,
        why=shown(why),
        remedy=remedy,
        engine=None if active is None else active.engine.name,
        gate=gate,
        changed_at=now,
    )


def limits_state(
    topics: ProductTopics,
    active: Inspector | None,
    limits: ProductLimits,
    *,
    now: datetime,
    status: LimitsStatus | None = None,
    why: str = "",
    remedy: str = "",
    refused: LimitsSetMessage | None = None,
) -> LimitsStateMessage:
    """The state of a product's limit.

    Args:
        topics: the product's.
        active: what judges.
        limits: what was asked for and is kept.
        now: the box's clock, UTC.
        status: where it is known; else it follows from the two.
        why: of a refusal.
        remedy: of a refusal.
        refused: the request that was refused.
    """
    asked = limits.kept.request if limits.kept else None
    if status is None:
        status = "own"
        if active is not None and (why := limits.why_not(active.bundle)):
            status = "waiting"
        elif active is not None and limits.limits_of(active.bundle) is not None:
            status = "changed"
    told = refused if status == "refused" else asked
    return LimitsStateMessage(
        product=topics.product,
        box=topics.box,
        status=status,
        limit=None if active is None else active.limits.reject,
        own_limit=None if active is None else active.bundle.manifest.limits.reject,
        reject=asked.reject if asked else None,
        sensitivity=asked.sensitivity if asked else None,
        model_version=asked.model_version if asked else None,
        active=None if active is None else active.bundle.version,
        request_id=told.request_id if told else None,
        requested_by=told.requested_by if told else None,
        why=why,
        remedy=remedy,
        changed_at=now,
    )
