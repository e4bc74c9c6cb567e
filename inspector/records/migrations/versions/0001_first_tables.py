"""First tables.

Revision: 0001
Follows: nothing
Created: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: None = None
depends_on: None = None

# SQLite counts up by itself only in a column that is exactly INTEGER PRIMARY KEY.
_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def _of_inspection(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_inspection_id_inspections"
    return sa.ForeignKeyConstraint(["inspection_id"], ["inspections.id"], name=name, ondelete="CASCADE")


def upgrade() -> None:
    """Inspections, their regions, evidence, reviews and descriptions, and the audit trail."""
    op.create_table(
        "inspections",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("frame_id", sa.String(128), nullable=False),
        sa.Column("site", sa.String(64), nullable=False),
        sa.Column("line", sa.String(64), nullable=False),
        sa.Column("camera", sa.String(64), nullable=False),
        sa.Column("box", sa.String(64), nullable=False),
        sa.Column("product", sa.String(64), nullable=False),
        sa.Column("model_version", sa.String(64), nullable=False),
        sa.Column("captured_at", _MOMENT, nullable=False),
        sa.Column("inspected_at", _MOMENT, nullable=False),
        sa.Column("score", sa.Double()),
        sa.Column("reject_limit", sa.Double(), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("latency_ms", sa.Double(), nullable=False),
        sa.Column("width_px", sa.Integer(), nullable=False),
        sa.Column("height_px", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_inspections"),
        sa.UniqueConstraint("frame_id", name="uq_inspections_frame_id"),
    )
    for columns in (
        ["inspected_at", "frame_id"],
        ["verdict", "inspected_at", "frame_id"],
        ["product", "inspected_at", "frame_id"],
        ["camera", "inspected_at", "frame_id"],
    ):
        op.create_index(f"ix_inspections_{'_'.join(columns)}", "inspections", columns)

    op.create_table(
        "regions",
        sa.Column("inspection_id", _KEY, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("x_px", sa.Integer(), nullable=False),
        sa.Column("y_px", sa.Integer(), nullable=False),
        sa.Column("width_px", sa.Integer(), nullable=False),
        sa.Column("height_px", sa.Integer(), nullable=False),
        sa.Column("centre_x_px", sa.Double(), nullable=False),
        sa.Column("centre_y_px", sa.Double(), nullable=False),
        sa.Column("area_px", sa.Integer(), nullable=False),
        sa.Column("area_fraction", sa.Double(), nullable=False),
        sa.Column("peak_score", sa.Double(), nullable=False),
        _of_inspection("regions"),
        sa.PrimaryKeyConstraint("inspection_id", "position", name="pk_regions"),
    )
    op.create_table(
        "evidence",
        sa.Column("inspection_id", _KEY, autoincrement=False, nullable=False),
        sa.Column("frame_uri", sa.Text()),
        sa.Column("map_uri", sa.Text()),
        sa.Column("created_at", _MOMENT, nullable=False),
        _of_inspection("evidence"),
        sa.PrimaryKeyConstraint("inspection_id", name="pk_evidence"),
    )
    op.create_table(
        "reviews",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("inspection_id", _KEY, nullable=False),
        sa.Column("decision", sa.String(16), nullable=False),
        sa.Column("reviewer", sa.String(128), nullable=False),
        sa.Column("reviewed_at", _MOMENT, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        _of_inspection("reviews"),
        sa.PrimaryKeyConstraint("id", name="pk_reviews"),
    )
    op.create_index("ix_reviews_inspection_id", "reviews", ["inspection_id"])
    op.create_index("ix_reviews_reviewed_at", "reviews", ["reviewed_at"])
    op.create_table(
        "descriptions",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("inspection_id", _KEY, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        _of_inspection("descriptions"),
        sa.PrimaryKeyConstraint("id", name="pk_descriptions"),
    )
    op.create_index("ix_descriptions_inspection_id", "descriptions", ["inspection_id"])
    op.create_table(
        "audit",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("happened_at", _MOMENT, nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(256), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_happened_at", "audit", ["happened_at"])


def downgrade() -> None:
    """Remove every table."""
    for table in ("audit", "descriptions", "reviews", "evidence", "regions", "inspections"):
        op.drop_table(table)
