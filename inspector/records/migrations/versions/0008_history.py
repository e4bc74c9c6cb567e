"""Looking back by line, by model and by kind of defect.

Revision: 0008
Follows: 0007
Created: 2026-11-27
"""

from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    """Three indexes; on a large table this takes a while."""
    for column in ("line", "model_version"):
        op.create_index(
            f"ix_inspections_{column}_inspected_at_frame_id",
            "inspections",
            [column, "inspected_at", "frame_id"],
        )
    op.create_index("ix_regions_kind_inspection_id", "regions", ["kind", "inspection_id"])


def downgrade() -> None:
    """The same rows, found more slowly."""
    op.drop_index("ix_regions_kind_inspection_id", "regions")
    for column in ("line", "model_version"):
        op.drop_index(f"ix_inspections_{column}_inspected_at_frame_id", "inspections")
