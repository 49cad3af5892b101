"""WeChat's reports of messages whose answer was lost.

Revision: 0032, after 0031.
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notifications_stray_report",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("msgid", sa.String(), nullable=False, unique=True),
        sa.Column("openid", sa.String(), nullable=False, index=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("came_s", sa.Double(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("notifications_stray_report")
