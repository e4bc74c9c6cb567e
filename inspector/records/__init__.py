"""Records of every inspection, in SQLite or PostgreSQL."""

from inspector.records.drift import StoredAlarm
from inspector.records.outbox import OutboxBacklog, OutboxEntry
from inspector.records.repository import Records
from inspector.records.values import (
    AuditEntry,
    Decision,
    Destination,
    RegisteredBundle,
    Review,
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
    "AuditEntry",
    "Decision",
    "Destination",
    "OutboxBacklog",
    "OutboxEntry",
    "Records",
    "RegisteredBundle",
    "Review",
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
