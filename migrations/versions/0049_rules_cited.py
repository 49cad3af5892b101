"""What points and vouchers are kept for says by which rules, so that spending them cites these.

Revision: 0049, after 0048.
"""

from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

TABLES = ("members_redemption", "booking_discount")


def upgrade() -> None:
    for table in TABLES:
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN rules_version VARCHAR DEFAULT '2026-11' NOT NULL"
        )


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} DROP COLUMN rules_version")
