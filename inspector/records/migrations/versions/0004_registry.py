"""The registry: bundles by product and stage.

Revision: 0004
Follows: 0003
Created: 2026-11-27
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: None = None
depends_on: None = None

# SQLite counts up by itself only in a column that is exactly INTEGER PRIMARY KEY.
_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """An empty registry; boxes keep the bundles that they have."""
    op.create_table(
        "bundles",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("product", sa.String(64), nullable=False),
        sa.Column("version", sa.String(16), nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("parent", sa.String(16), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.String(128), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_bundles"),
        sa.UniqueConstraint("product", "version", name="uq_bundles_product_version"),
    )
    op.create_index(
        "uq_bundles_active",
        "bundles",
        ["product"],
        unique=True,
        sqlite_where=sa.text("stage = 'active'"),
        postgresql_where=sa.text("stage = 'active'"),
    )


def downgrade() -> None:
    """Without a registry; the bundles themselves stay where they are."""
    op.drop_table("bundles")
