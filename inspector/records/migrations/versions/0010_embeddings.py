"""What frames look like to the network, for finding alike ones.

Revision: 0010
Follows: 0009
Created: 2026-11-27
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: None = None
depends_on: None = None

# SQLite knows a row by its key without another index only where that is exactly INTEGER PRIMARY KEY.
_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """An empty table: what was inspected before has no embedding."""
    op.create_table(
        "embeddings",
        sa.Column("inspection_id", _KEY, autoincrement=False, nullable=False),
        sa.Column("product", sa.String(64), nullable=False),
        sa.Column("network", sa.String(64), nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["inspection_id"],
            ["inspections.id"],
            name="fk_embeddings_inspection_id_inspections",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("inspection_id", name="pk_embeddings"),
    )
    op.create_index(
        "ix_embeddings_product_network_inspection_id", "embeddings", ["product", "network", "inspection_id"]
    )


def downgrade() -> None:
    """Without it."""
    op.drop_table("embeddings")
