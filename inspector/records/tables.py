"""The tables of the records. A change here needs a revision in `migrations/versions`; a test compares."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Double,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from inspector.describing.words import Contrast, Position, Severity, Shape, Size, Source
from inspector.drift.channels import DriftKind, What
from inspector.records.columns import Key, ScoreFloat, UtcDateTime, words
from inspector.records.values import Decision, Destination, JobKind, JobState, Role, Stage, Told
from inspector.results import Verdict


class Table(DeclarativeBase):
    """Base of all tables. Constraints have names, so that a later migration can alter them on SQLite too."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class InspectionRow(Table):
    """One frame's result."""

    __tablename__ = "inspections"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    frame_id: Mapped[str] = mapped_column(String(128), unique=True)
    site: Mapped[str] = mapped_column(String(64))
    line: Mapped[str] = mapped_column(String(64))
    camera: Mapped[str] = mapped_column(String(64))
    box: Mapped[str] = mapped_column(String(64))
    product: Mapped[str] = mapped_column(String(64))
    model_version: Mapped[str] = mapped_column(String(64))
    captured_at: Mapped[datetime] = mapped_column(UtcDateTime)
    inspected_at: Mapped[datetime] = mapped_column(UtcDateTime)
    score: Mapped[float] = mapped_column(ScoreFloat, nullable=True)
    reject_limit: Mapped[float] = mapped_column(Double)
    verdict: Mapped[Verdict] = mapped_column(words(Verdict, "verdict"))
    reason: Mapped[str] = mapped_column(Text)
    latency_ms: Mapped[float] = mapped_column(Double)
    width_px: Mapped[int]
    height_px: Mapped[int]

    regions: Mapped[list[RegionRow]] = relationship(
        lazy="raise", order_by="RegionRow.position", passive_deletes=True
    )
    evidence: Mapped[EvidenceRow | None] = relationship(lazy="raise", passive_deletes=True)
    descriptions: Mapped[list[DescriptionRow]] = relationship(
        lazy="raise", order_by="DescriptionRow.id", passive_deletes=True
    )

    # Filters of the live page and of the history have an index that also gives their order, the newest first.
    __table_args__ = (
        Index(None, "inspected_at", "frame_id"),
        Index(None, "verdict", "inspected_at", "frame_id"),
        Index(None, "product", "inspected_at", "frame_id"),
        Index(None, "camera", "inspected_at", "frame_id"),
        Index(None, "line", "inspected_at", "frame_id"),
        Index(None, "model_version", "inspected_at", "frame_id"),
    )


class RegionRow(Table):
    """One abnormal place of a frame; see `inspector.regions.Region`.

    The columns from `place` on are filled when the frame is described; see `StoredFacts`.
    """

    __tablename__ = "regions"

    inspection_id: Mapped[int] = mapped_column(
        Key, ForeignKey("inspections.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """0 is the worst region of its frame."""
    x_px: Mapped[int]
    y_px: Mapped[int]
    width_px: Mapped[int]
    height_px: Mapped[int]
    centre_x_px: Mapped[float] = mapped_column(Double)
    centre_y_px: Mapped[float] = mapped_column(Double)
    area_px: Mapped[int]
    area_fraction: Mapped[float] = mapped_column(Double)
    peak_score: Mapped[float] = mapped_column(Double)
    place: Mapped[Position | None] = mapped_column(words(Position, "place"))
    size: Mapped[Size | None] = mapped_column(words(Size, "size"))
    shape: Mapped[Shape | None] = mapped_column(words(Shape, "shape"))
    contrast: Mapped[Contrast | None] = mapped_column(words(Contrast, "contrast"))
    severity: Mapped[Severity | None] = mapped_column(words(Severity, "severity"))
    kind: Mapped[str | None] = mapped_column(Text)
    """A product may have kinds of its own, so these are no fixed words."""
    kind_probability: Mapped[float | None] = mapped_column(Double)
    core_px: Mapped[int | None]
    length_mm: Mapped[float | None] = mapped_column(Double)
    area_mm2: Mapped[float | None] = mapped_column(Double)

    __table_args__ = (Index(None, "kind", "inspection_id"),)


class EvidenceRow(Table):
    """Where a frame's pictures are: paths relative to the box's data folder, or absolute URIs."""

    __tablename__ = "evidence"

    inspection_id: Mapped[int] = mapped_column(
        Key, ForeignKey("inspections.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    frame_uri: Mapped[str | None] = mapped_column(Text)
    map_uri: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class EmbeddingRow(Table):
    """What a frame looks like to the network that judged it; see `inspector.records.embeddings`."""

    __tablename__ = "embeddings"

    inspection_id: Mapped[int] = mapped_column(
        Key, ForeignKey("inspections.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    product: Mapped[str] = mapped_column(String(64))
    """As in the inspection, so that an index leads to the newest that compare."""
    network: Mapped[str] = mapped_column(String(64))
    dimension: Mapped[int]
    vector: Mapped[bytes] = mapped_column(LargeBinary)
    """float16 `[dimension]`, little-endian, of length 1."""

    __table_args__ = (Index(None, "product", "network", "inspection_id"),)


class ReviewRow(Table):
    """What an operator decided about a frame. A second review of a frame does not replace the first."""

    __tablename__ = "reviews"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    inspection_id: Mapped[int] = mapped_column(
        Key, ForeignKey("inspections.id", ondelete="CASCADE"), index=True
    )
    decision: Mapped[Decision] = mapped_column(words(Decision, "decision"))
    reviewer: Mapped[str] = mapped_column(String(128))
    reviewed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    note: Mapped[str] = mapped_column(Text)
    kind: Mapped[str | None] = mapped_column(Text)
    """Kind of the defect by the reviewer's word."""


class DescriptionRow(Table):
    """The sentence that says what is wrong with a frame, one for each language."""

    __tablename__ = "descriptions"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    inspection_id: Mapped[int] = mapped_column(Key, ForeignKey("inspections.id", ondelete="CASCADE"))
    language: Mapped[str] = mapped_column(String(8))
    sentence: Mapped[str] = mapped_column(Text)
    source: Mapped[Source] = mapped_column(words(Source, "source"))
    rejected_sentence: Mapped[str | None] = mapped_column(Text)
    defects: Mapped[int]
    seconds: Mapped[float] = mapped_column(Double)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("inspection_id", "language"),)


class OutboxRow(Table):
    """Something that is stored and not yet told; see `inspector.records.outbox`."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    inspection_id: Mapped[int] = mapped_column(Key, ForeignKey("inspections.id", ondelete="CASCADE"))
    destination: Mapped[Destination] = mapped_column(words(Destination, "destination"))
    what: Mapped[Told] = mapped_column(words(Told, "what"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("inspection_id", "destination", "what"),
        Index(None, "destination", "id"),
        # Without it, SQLite gives the id of the last row that was removed again.
        {"sqlite_autoincrement": True},
    )


class BundleRow(Table):
    """A bundle that is known to the registry; see `inspector.registry`."""

    __tablename__ = "bundles"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    product: Mapped[str] = mapped_column(String(64))
    version: Mapped[str] = mapped_column(String(16))
    stage: Mapped[Stage] = mapped_column(words(Stage, "stage"))
    location: Mapped[str] = mapped_column(Text)
    parent: Mapped[str | None] = mapped_column(String(16))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    added_by: Mapped[str] = mapped_column(String(128))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When its stage changed last."""

    __table_args__ = (
        UniqueConstraint("product", "version"),
        # The database itself holds that a product has one active bundle at most.
        Index(
            "uq_bundles_active",
            "product",
            unique=True,
            sqlite_where=text("stage = 'active'"),
            postgresql_where=text("stage = 'active'"),
        ),
    )


class DriftAlarmRow(Table):
    """A change in a camera's frames that was told; see `inspector.records.drift`."""

    __tablename__ = "drift_alarms"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    site: Mapped[str] = mapped_column(String(64))
    line: Mapped[str] = mapped_column(String(64))
    camera: Mapped[str] = mapped_column(String(64))
    box: Mapped[str] = mapped_column(String(64))
    product: Mapped[str] = mapped_column(String(64))
    model_version: Mapped[str] = mapped_column(String(64))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    detected_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    kind: Mapped[DriftKind] = mapped_column(words(DriftKind, "drift_kind"))
    what: Mapped[What] = mapped_column(words(What, "drift_what"))
    sentence: Mapped[str] = mapped_column(Text)
    suggestion: Mapped[str] = mapped_column(Text)
    before: Mapped[float] = mapped_column(Double)
    after: Mapped[float] = mapped_column(Double)
    frames_before: Mapped[list[str]] = mapped_column(JSON)
    frames_after: Mapped[list[str]] = mapped_column(JSON)
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    acknowledged_by: Mapped[str | None] = mapped_column(String(128))
    is_normal_now: Mapped[bool]


class PreviewRow(Table):
    """A candidate beside the active bundle; see `inspector.preview`."""

    __tablename__ = "previews"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    product: Mapped[str] = mapped_column(String(64), index=True)
    active: Mapped[str] = mapped_column(String(16))
    candidate: Mapped[str] = mapped_column(String(16))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    frames: Mapped[int]
    reasons: Mapped[list[str]] = mapped_column(JSON)


class FlipRow(Table):
    """A verdict that a candidate would change."""

    __tablename__ = "flips"

    preview_id: Mapped[int] = mapped_column(
        Key, ForeignKey("previews.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """0 matters most."""
    frame: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(String(64))
    truth: Mapped[str] = mapped_column(String(16))
    verdict_before: Mapped[Verdict] = mapped_column(words(Verdict, "verdict"))
    verdict_after: Mapped[Verdict] = mapped_column(words(Verdict, "verdict"))
    score_before: Mapped[float] = mapped_column(ScoreFloat, nullable=True)
    score_after: Mapped[float] = mapped_column(ScoreFloat, nullable=True)


class AccountRow(Table):
    """A person who may use the dashboard; see `inspector.records.accounts`."""

    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    """The name without regard to case."""
    name: Mapped[str] = mapped_column(String(64))
    role: Mapped[Role] = mapped_column(words(Role, "role"))
    password_hash: Mapped[str] = mapped_column(Text)
    is_temporary: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(128))


class VisitRow(Table):
    """Somebody who is signed in; see `inspector.records.visits`."""

    __tablename__ = "visits"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    account_key: Mapped[str] = mapped_column(String(64), index=True)
    password_fingerprint: Mapped[str] = mapped_column(String(64))
    """Hash of the account's `password_hash` when the visit began."""
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class JobRow(Table):
    """Work that somebody has asked for; see `inspector.records.jobs`."""

    __tablename__ = "jobs"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    kind: Mapped[JobKind] = mapped_column(words(JobKind, "job_kind"))
    product: Mapped[str] = mapped_column(String(64), index=True)
    arguments: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[JobState] = mapped_column(words(JobState, "job_state"), index=True)
    asked_by: Mapped[str] = mapped_column(String(128))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    worker: Mapped[str | None] = mapped_column(String(128))
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    heard_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the worker told last how far it is."""
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    step: Mapped[str] = mapped_column(Text)
    done: Mapped[int]
    parts: Mapped[int]
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    error: Mapped[str] = mapped_column(Text)


class JobLineRow(Table):
    """A line of a job's log."""

    __tablename__ = "job_lines"

    job_id: Mapped[int] = mapped_column(
        Key, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    text: Mapped[str] = mapped_column(Text)


class AuditRow(Table):
    """Who changed what, and when. Rows are only ever added."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    actor: Mapped[str] = mapped_column(String(128))
    action: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(256))
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
