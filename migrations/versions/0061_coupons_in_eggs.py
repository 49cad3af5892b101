"""A prize of a draw may be a coupon.

Revision: 0061, after 0060.
"""

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "members_draw_prize",
        sa.Column("coupon", sa.String(), nullable=False, server_default=sa.text("''")),
    )


def downgrade() -> None:
    op.drop_column("members_draw_prize", "coupon")
