"""Descriptions: what wrote a sentence and what it was checked against; the facts of each region.

Revision: 0002
Follows: 0001
Created: 2026-11-25
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: None = None
depends_on: None = None

# SQLite counts up by itself only in a column that is exactly INTEGER PRIMARY KEY.
_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)
_WORD = sa.String(16)
_FACTS: dict[str, sa.types.TypeEngine[Any]] = {
    "place": _WORD,
    "size": _WORD,
    "shape": _WORD,
    "contrast": _WORD,
    "severity": _WORD,
    "kind": sa.Text(),
    "kind_probability": sa.Double(),
    "core_px": sa.Integer(),
    "length_mm": sa.Double(),
    "area_mm2": sa.Double(),
}


def upgrade() -> None:
    """A sentence for each language, and what else was tried; regions say what was measured."""
    with op.batch_alter_table("regions") as table:
        for name, kind in _FACTS.items():
            table.add_column(sa.Column(name, kind))
    # Nothing has written descriptions until now, so their table is made anew.
    op.drop_table("descriptions")
    _create_descriptions(
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("source", _WORD, nullable=False),
        sa.Column("rejected_sentence", sa.Text()),
        sa.Column("defects", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.UniqueConstraint("inspection_id", "language", name="uq_descriptions_inspection_id_language"),
    )


def downgrade() -> None:
    """Back to a sentence and what wrote it; the first sentence of each frame stays."""
    op.rename_table("descriptions", "described")
    # PostgreSQL's names of constraints are unique in the schema, so the old table's go first.
    if op.get_context().dialect.name == "postgresql":
        for name in ("pk_descriptions", "fk_descriptions_inspection_id_inspections"):
            op.execute(f"ALTER TABLE described RENAME CONSTRAINT {name} TO {name}_old")
    _create_descriptions(
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
    )
    op.create_index("ix_descriptions_inspection_id", "descriptions", ["inspection_id"])
    op.execute(
        "INSERT INTO descriptions (inspection_id, text, source, created_at)"
        " SELECT inspection_id, sentence, source, created_at FROM described"
        " WHERE id IN (SELECT min(id) FROM described GROUP BY inspection_id)"
    )
    op.drop_table("described")
    with op.batch_alter_table("regions") as table:
        for name in _FACTS:
            table.drop_column(name)


def _create_descriptions(*columns: sa.schema.SchemaItem) -> None:
    name = "fk_descriptions_inspection_id_inspections"
    op.create_table(
        "descriptions",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("inspection_id", _KEY, nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["inspection_id"], ["inspections.id"], name=name, ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_descriptions"),
    )
