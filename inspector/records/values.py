"""What the records hold, as values that cross every room's border."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from inspector.describing.words import Contrast, Language, Position, Severity, Shape, Size, Source
from inspector.regions import Region
from inspector.results import Verdict

if TYPE_CHECKING:
    from inspector.describing.facts import RegionFacts


def with_zone(moment: datetime) -> datetime:
    """The moment, if it has a time zone; raises ValueError otherwise."""
    if moment.utcoffset() is None:
        raise ValueError(f"{moment!r} has no time zone")
    return moment


class Decision(StrEnum):
    """What an operator decided about an inspection."""

    TRUE_DEFECT = "true_defect"
    """The part was rejected, or nobody was sure, and it is defective."""
    FALSE_REJECT = "false_reject"
    """The part was rejected, or nobody was sure, and it is good."""
    MISSED = "missed"
    """The part passed and is defective."""
    SKIPPED = "skipped"
    """Somebody looked and would not say; the frame leaves the queue."""
    WITHDRAWN = "withdrawn"
    """The decision before was a mistake; the frame waits again."""


TRUTHS = frozenset({Decision.TRUE_DEFECT, Decision.FALSE_REJECT, Decision.MISSED})
"""Decisions that say what a part is. What is learned from, measured and exported counts only these."""


class Role(StrEnum):
    """What a person may do on the dashboard; each may do what those before it may."""

    VIEWER = "viewer"
    """Looks."""
    OPERATOR = "operator"
    """Decides reviews."""
    ENGINEER = "engineer"
    """Trains, sets limits, promotes and rolls back."""
    ADMIN = "admin"
    """Manages accounts."""

    def may(self, needed: Role) -> bool:
        """Whether this role includes another."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


class Destination(StrEnum):
    """Who is told of what is stored."""

    BROKER = "broker"
    """Subscribers of the result and description topics."""
    CENTRAL = "central"
    """The plant's database."""


class Stage(StrEnum):
    """What a registered bundle is to its product."""

    CANDIDATE = "candidate"
    """It has not judged yet."""
    ACTIVE = "active"
    RETIRED = "retired"
    """It has judged, or was set aside; it can be made active again."""


class Told(StrEnum):
    """What of an inspection is told."""

    RESULT = "result"
    DESCRIPTION = "description"


class JobKind(StrEnum):
    """What a worker can be asked for."""

    TRAIN = "train"
    """A product from pictures of good parts."""
    RETRAIN = "retrain"
    """The active bundle learns further."""
    PREVIEW = "preview"
    """A candidate beside the active bundle."""
    CALIBRATE = "calibrate"
    """The active bundle with another limit."""


class JobState(StrEnum):
    """How a job stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def has_ended(self) -> bool:
        """Nothing more will come of it."""
        return self not in {JobState.WAITING, JobState.RUNNING}


@dataclass(frozen=True, slots=True)
class StoredFacts:
    """What was measured of one region; see `inspector.describing.facts.RegionFacts`. None: not measured.

    Attributes:
        place: the cell of the frame that it lies in. (A region's `position` in the tables is its rank.)
        size: word for the share of the frame that its core covers.
        shape: word for its outline.
        contrast: word for its colour beside the surroundings'.
        severity: word for its peak beside the pixel limit.
        kind: kind of defect, "unknown" where none fits well enough.
        kind_probability: 0..1.
        core_px: pixels of its core, which the words and the sentence speak of; a `Region`'s area is larger.
        length_mm: its longest extent.
        area_mm2: `core_px` in mm².
    """

    place: Position | None = None
    size: Size | None = None
    shape: Shape | None = None
    contrast: Contrast | None = None
    severity: Severity | None = None
    kind: str | None = None
    kind_probability: float | None = None
    core_px: int | None = None
    length_mm: float | None = None
    area_mm2: float | None = None

    @classmethod
    def of(cls, facts: RegionFacts) -> StoredFacts:
        """What is stored of the facts of a region."""
        return cls(
            place=facts.position,
            size=facts.size,
            shape=facts.shape,
            contrast=facts.contrast,
            severity=facts.severity,
            kind=facts.kind,
            kind_probability=facts.kind_probability,
            core_px=facts.area_px,
            length_mm=facts.length_mm,
            area_mm2=facts.area_mm2,
        )


@dataclass(frozen=True, slots=True)
class StoredDescription:
    """What is said of a rejected frame.

    Attributes:
        sentence: what an operator reads.
        source: what wrote it.
        language: language of the sentence.
        defects: number of defects that were counted; 0 where they could not be measured.
        seconds: from the verdict to the sentence.
        described_at: time of the sentence by the box's clock; has a time zone, comes back in UTC.
        rejected_sentence: what the language model wrote and the facts contradict; None where there was none.
        facts: what was measured, one for each region of the inspection in their order; or none at all.

    Raises:
        ValueError: the time has no time zone.
    """

    sentence: str
    source: Source
    language: Language
    defects: int
    seconds: float
    described_at: datetime
    rejected_sentence: str | None = None
    facts: tuple[StoredFacts, ...] = ()

    def __post_init__(self) -> None:
        if self.described_at.utcoffset() is None:
            raise ValueError("described_at has no time zone")


@dataclass(frozen=True, slots=True)
class StoredInspection:
    """One row of the table `inspections` with its regions, evidence and description.

    Attributes:
        frame_id: identity of the frame, unique in the records.
        site: plant the camera belongs to.
        line: line the camera looks at.
        camera: camera's name, unique on its line.
        box: box that judged.
        product: product the bundle was trained for.
        model_version: content hash of the bundle.
        captured_at: time of the picture by the camera's clock; has a time zone, comes back in UTC.
        inspected_at: time of the verdict by the box's clock; has a time zone, comes back in UTC.
        score: raw score, higher is worse; NaN where the frame could not be scored.
        reject_limit: the limit that the verdict was made with.
        verdict: pass, reject or unsure.
        reason: one clause for a person.
        latency_ms: milliseconds from encoded bytes to the verdict.
        width_px: width of the frame as captured; 0 where it could not be decoded.
        height_px: height of the frame as captured; 0 where it could not be decoded.
        regions: the abnormal places, the worst first.
        evidence: the frame's picture, a path relative to the box's data folder or an absolute URI; None where
            it is not kept.
        evidence_map: the anomaly map, in the same way.
        description: the sentence about a reject, once it is written; the first one where there are several
            languages. `Records.add` stores none: it comes after the verdict.

    Raises:
        ValueError: a time has no time zone.
    """

    frame_id: str
    site: str
    line: str
    camera: str
    box: str
    product: str
    model_version: str
    captured_at: datetime
    inspected_at: datetime
    score: float
    reject_limit: float
    verdict: Verdict
    reason: str
    latency_ms: float
    width_px: int
    height_px: int
    regions: tuple[Region, ...] = ()
    evidence: str | None = None
    evidence_map: str | None = None
    description: StoredDescription | None = None

    def __post_init__(self) -> None:
        for name in ("captured_at", "inspected_at"):
            if getattr(self, name).utcoffset() is None:
                raise ValueError(f"{name} has no time zone")


@dataclass(frozen=True, slots=True)
class VerdictCount:
    """How many frames of one camera and product got a verdict."""

    line: str
    camera: str
    product: str
    verdict: Verdict
    frames: int


@dataclass(frozen=True, slots=True)
class Review:
    """What an operator decided about a frame.

    Attributes:
        frame_id: the frame.
        decision: what was decided.
        reviewer: who.
        reviewed_at: when, UTC.
        note: what was added in words; may be empty.
        kind: kind of the defect by the reviewer's word; None where none was given.
    """

    frame_id: str
    decision: Decision
    reviewer: str
    reviewed_at: datetime
    note: str = ""
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """A person who may use the dashboard.

    Attributes:
        name: what they sign in with; unique whatever its case.
        role: what they may do.
        password_hash: of the password, in the format of argon2; never the password itself.
        is_temporary: the password was given by another person, and is to be changed on the next sign-in.
        created_at: when, UTC.
        created_by: by whom.
    """

    name: str
    role: Role
    password_hash: str
    is_temporary: bool
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A change by a person.

    Attributes:
        happened_at: when, UTC.
        actor: who.
        action: one word or two, such as `promote`.
        subject: of what, such as `bottle/6f0c…`.
        details: the rest, as JSON.
    """

    happened_at: datetime
    actor: str
    action: str
    subject: str
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RegisteredBundle:
    """A bundle that is known to the registry.

    Attributes:
        product: its product.
        version: content hash.
        stage: what it is to its product.
        location: fsspec URL of its folder.
        parent: version that it was retrained from.
        added_at: when it was registered, UTC.
        added_by: by whom.
        changed_at: when its stage changed last, UTC.
    """

    product: str
    version: str
    stage: Stage
    location: str
    parent: str | None
    added_at: datetime
    added_by: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class StoredFlip:
    """A verdict that a candidate would change.

    Attributes:
        frame: frame id, or file of a golden frame.
        origin: where the frame comes from, such as `stored`.
        truth: what is known of it: `good`, `defective` or `unknown`.
        before: verdict of the active bundle.
        after: verdict of the candidate.
        score_before: score by the active bundle.
        score_after: score by the candidate.
    """

    frame: str
    origin: str
    truth: str
    before: Verdict
    after: Verdict
    score_before: float
    score_after: float


@dataclass(frozen=True, slots=True)
class StoredPreview:
    """A candidate beside the active bundle.

    Attributes:
        product: of both.
        active: version of the active bundle.
        candidate: version of the candidate.
        made_at: when they were compared, UTC.
        frames: how many were judged by both.
        reasons: what speaks against the candidate.
        flips: verdicts that differ, those that matter most first.
    """

    product: str
    active: str
    candidate: str
    made_at: datetime
    frames: int
    reasons: tuple[str, ...]
    flips: tuple[StoredFlip, ...]
