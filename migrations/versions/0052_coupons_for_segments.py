"""Coupons are given to a segment, too.

Revision: 0052, after 0051.
"""

from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE booking_coupon_giving "
        "ADD COLUMN segment_id INTEGER REFERENCES members_segment (id)"
    )


def downgrade() -> None:
    op.drop_column("booking_coupon_giving", "segment_id")
