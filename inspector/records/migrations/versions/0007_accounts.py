"""People who use the dashboard, and the kind of defect that they name.

Revision: 0007
Follows: 0006
Created: 2026-11-27
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: None = None
depends_on: None = None

# SQLite counts up by itself only in a column that is exactly INTEGER PRIMARY KEY.
_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """An empty table; reviews until now name no kind."""
    op.create_table(
        "accounts",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("is_temporary", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(128), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("key", name="uq_accounts_key"),
    )
    op.add_column("reviews", sa.Column("kind", sa.Text(), nullable=True))


def downgrade() -> None:
    """Without accounts and kinds; a decision of the new words cannot be read by earlier code."""
    op.execute("DELETE FROM reviews WHERE decision IN ('skipped', 'withdrawn')")
    op.drop_column("reviews", "kind")
    op.drop_table("accounts")
