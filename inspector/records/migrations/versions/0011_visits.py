"""Who is signed in, so that a page that is loaded anew knows its visitor.

Revision: 0011
Follows: 0010
Created: 2026-11-27
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: None = None
depends_on: None = None

# SQLite counts up by itself only in a column that is exactly INTEGER PRIMARY KEY.
_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """An empty table."""
    op.create_table(
        "visits",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("account_key", sa.String(64), nullable=False),
        sa.Column("password_fingerprint", sa.String(64), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_visits"),
        sa.UniqueConstraint("token_hash", name="uq_visits_token_hash"),
    )
    op.create_index("ix_visits_account_key", "visits", ["account_key"])
    op.create_index("ix_visits_ends_at", "visits", ["ends_at"])


def downgrade() -> None:
    """Without it."""
    op.drop_table("visits")
