"""Types of columns that are the same on SQLite and on PostgreSQL."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, DateTime, Dialect, Double, Enum, Integer, TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """A moment. Takes only times with a zone; gives UTC, on SQLite as well, which stores no zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn to UTC; raises ValueError for a time without a zone."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError(f"{value!r} has no time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give UTC; PostgreSQL answers in the session's zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class ScoreFloat(TypeDecorator[float]):
    """A double whose NaN is NULL: SQLite cannot store NaN, and PostgreSQL sorts it above every number."""

    impl = Double
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: Dialect) -> float | None:  # noqa: ARG002
        """NaN becomes NULL."""
        return None if value is None or math.isnan(value) else value

    def process_result_value(self, value: float | None, dialect: Dialect) -> float:  # noqa: ARG002
        """NULL becomes NaN."""
        return math.nan if value is None else value


def words(kind: type[StrEnum], name: str) -> Enum:
    """A column of an enum's values as text, so that a new value needs no change of a database type."""
    return Enum(
        kind,
        name=name,
        native_enum=False,
        create_constraint=False,
        length=16,
        values_callable=lambda members: [member.value for member in members],
    )


# SQLite counts up by itself only in a column that is exactly INTEGER PRIMARY KEY.
Key = BigInteger().with_variant(Integer, "sqlite")
