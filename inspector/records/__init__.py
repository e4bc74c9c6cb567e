"""Records of every inspection, in SQLite or PostgreSQL."""

from inspector.records.repository import Records
from inspector.records.values import (
    Decision,
    StoredDescription,
    StoredFacts,
    StoredInspection,
    VerdictCount,
)

__all__ = ["Decision", "Records", "StoredDescription", "StoredFacts", "StoredInspection", "VerdictCount"]
