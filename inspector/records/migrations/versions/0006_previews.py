"""What candidates would have changed.

Revision: 0006
Follows: 0005
Created: 2026-11-27
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: None = None
depends_on: None = None

# SQLite counts up by itself only in a column that is exactly INTEGER PRIMARY KEY.
_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Empty tables."""
    op.create_table(
        "previews",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("product", sa.String(64), nullable=False),
        sa.Column("active", sa.String(16), nullable=False),
        sa.Column("candidate", sa.String(16), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_previews"),
    )
    op.create_index("ix_previews_product", "previews", ["product"])
    op.create_table(
        "flips",
        sa.Column("preview_id", _KEY, autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("frame", sa.Text(), nullable=False),
        sa.Column("origin", sa.String(64), nullable=False),
        sa.Column("truth", sa.String(16), nullable=False),
        sa.Column("verdict_before", sa.String(16), nullable=False),
        sa.Column("verdict_after", sa.String(16), nullable=False),
        sa.Column("score_before", sa.Double(), nullable=True),
        sa.Column("score_after", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["preview_id"], ["previews.id"], name="fk_flips_preview_id_previews", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("preview_id", "position", name="pk_flips"),
    )


def downgrade() -> None:
    """Without them."""
    op.drop_table("flips")
    op.drop_table("previews")
