"""Records of every inspection, in SQLite or PostgreSQL."""

from inspector.records.drift import StoredAlarm
from inspector.records.jobs import Job
from inspector.records.outbox import OutboxBacklog, OutboxEntry
from inspector.records.repository import Records
from inspector.records.sums import (
    Choice,
    DecisionCount,
    IntervalCount,
    KindCount,
    Latency,
    ModelChange,
    ModelUse,
)
from inspector.records.values import (
    TRUTHS,
    Account,
    AuditEntry,
    Decision,
    Destination,
    JobKind,
    JobState,
    RegisteredBundle,
    Review,
    Role,
    Stage,
    StoredDescription,
    StoredFacts,
    StoredFlip,
    StoredInspection,
    StoredPreview,
    Told,
    VerdictCount,
)

__all__ = [
    "TRUTHS",
    "Account",
    "AuditEntry",
    "Choice",
    "Decision",
    "DecisionCount",
    "Destination",
    "IntervalCount",
    "Job",
    "JobKind",
    "JobState",
    "KindCount",
    "Latency",
    "ModelChange",
    "ModelUse",
    "OutboxBacklog",
    "OutboxEntry",
    "Records",
    "RegisteredBundle",
    "Review",
    "Role",
    "Stage",
    "StoredAlarm",
    "StoredDescription",
    "StoredFacts",
    "StoredFlip",
    "StoredInspection",
    "StoredPreview",
    "Told",
    "VerdictCount",
]
