"""Alarms of drift: what has changed in a camera's frames, since when, and what was decided about it.

Revision: 0005
Follows: 0004
Created: 2026-11-26
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: None = None
depends_on: None = None

# SQLite counts up by itself only in a column that is exactly INTEGER PRIMARY KEY.
_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """No alarm yet."""
    op.create_table(
        "drift_alarms",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("site", sa.String(64), nullable=False),
        sa.Column("line", sa.String(64), nullable=False),
        sa.Column("camera", sa.String(64), nullable=False),
        sa.Column("box", sa.String(64), nullable=False),
        sa.Column("product", sa.String(64), nullable=False),
        sa.Column("model_version", sa.String(64), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("detected_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("suggestion", sa.Text(), nullable=False),
        sa.Column("before", sa.Double(), nullable=False),
        sa.Column("after", sa.Double(), nullable=False),
        sa.Column("frames_before", sa.JSON(), nullable=False),
        sa.Column("frames_after", sa.JSON(), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.String(128), nullable=True),
        sa.Column("is_normal_now", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_drift_alarms"),
    )
    op.create_index("ix_drift_alarms_detected_at", "drift_alarms", ["detected_at"])


def downgrade() -> None:
    """Without alarms."""
    op.drop_table("drift_alarms")
