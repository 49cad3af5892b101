"""One of us may ask that a member be forgotten, for another to confirm.

Revision: 0064, after 0063.
"""

import sqlalchemy as sa
from alembic import op

from kernel.db import Instant

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "members_erasure_request",
        sa.Column("member_id", sa.Integer(), sa.ForeignKey("members_member.id"), primary_key=True),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("members_erasure_request")
