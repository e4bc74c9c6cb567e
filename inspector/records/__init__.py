"""Records of every inspection, in SQLite or PostgreSQL."""

from inspector.records.outbox import OutboxBacklog, OutboxEntry
from inspector.records.repository import Records
from inspector.records.values import (
    Decision,
    Destination,
    StoredDescription,
    StoredFacts,
    StoredInspection,
    Told,
    VerdictCount,
)

__all__ = [
    "Decision",
    "Destination",
    "OutboxBacklog",
    "OutboxEntry",
    "Records",
    "StoredDescription",
    "StoredFacts",
    "StoredInspection",
    "Told",
    "VerdictCount",
]
