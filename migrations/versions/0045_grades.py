"""Which membership grade a member was told that he holds.

Revision: 0045, after 0044.
"""

import sqlalchemy as sa
from alembic import op

from kernel.db import Instant

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "members_grade",
        sa.Column("member_id", sa.Integer(), sa.ForeignKey("members_member.id"), primary_key=True),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("looked_at", Instant(), nullable=False, index=True),
    )


def downgrade() -> None:
    op.drop_table("members_grade")
