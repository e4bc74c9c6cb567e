"""Records of every inspection, in SQLite or PostgreSQL."""

from inspector.records.drift import StoredAlarm
from inspector.records.history_filter import (
    UNDECIDED,
    Cursor,
    FrameCount,
    HistoryChoices,
    HistoryFilter,
    ReviewState,
)
from inspector.records.outbox import OutboxBacklog, OutboxEntry
from inspector.records.repository import Records
from inspector.records.values import (
    TRUTHS,
    Account,
    AuditEntry,
    Decision,
    Destination,
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
    "UNDECIDED",
    "Account",
    "AuditEntry",
    "Cursor",
    "Decision",
    "Destination",
    "FrameCount",
    "HistoryChoices",
    "HistoryFilter",
    "OutboxBacklog",
    "OutboxEntry",
    "Records",
    "RegisteredBundle",
    "Review",
    "ReviewState",
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
