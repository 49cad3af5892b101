"""What WeChat says of our quotas.

Revision: 0028, after 0027.
"""

import sqlalchemy as sa
from alembic import op

from kernel.db import Instant

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notifications_quota",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("state", sa.String(), nullable=False, index=True),
        sa.Column("due_s", sa.Double(), nullable=False),
        sa.Column("lease_until_s", sa.Double(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("limits", sa.JSON(), nullable=False),
        sa.Column("told_at", Instant()),
        sa.Column("clear_wanted", sa.Boolean(), nullable=False),
        sa.Column("cleared_at", Instant()),
        sa.Column("error", sa.String(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("notifications_quota")
