"""Records of every inspection, in SQLite or PostgreSQL."""

from inspector.records.repository import Records
from inspector.records.values import Decision, StoredInspection, VerdictCount

__all__ = ["Decision", "Records", "StoredInspection", "VerdictCount"]
