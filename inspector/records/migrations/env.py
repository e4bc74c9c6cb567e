"""Alembic's environment: `inspector.records.migrating` gives the connection and holds the lock."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import TypeDecorator

from inspector.records.tables import Table


def render_item(kind: str, item: Any, _autogenerate: Any) -> str | Literal[False]:
    """Write the database's own type for ours: a revision must not change when the code does."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl_instance!r}"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    render_item=render_item,
    # SQLite alters a table by copying it.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
