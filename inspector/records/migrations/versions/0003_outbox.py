"""The outbox: what is stored and not yet told to those who shall hear of it.

Revision: 0003
Follows: 0002
Created: 2026-11-26
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: None = None
depends_on: None = None

# SQLite counts up by itself only in a column that is exactly INTEGER PRIMARY KEY.
_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """An empty outbox: what was told before is not told again."""
    op.create_table(
        "outbox",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("inspection_id", _KEY, nullable=False),
        sa.Column("destination", sa.String(16), nullable=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["inspection_id"],
            ["inspections.id"],
            name="fk_outbox_inspection_id_inspections",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint(
            "inspection_id", "destination", "what", name="uq_outbox_inspection_id_destination_what"
        ),
        # Whoever delivers goes on after the last id it has seen, so an id must never come again.
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_destination_id", "outbox", ["destination", "id"])


def downgrade() -> None:
    """Without an outbox; what waits in it is never told."""
    op.drop_table("outbox")
