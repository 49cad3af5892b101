"""A campaign's people may be called, one by one.

Revision: 0065, after 0064.
"""

import sqlalchemy as sa
from alembic import op

from kernel.db import Instant

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None

TARGET = "members_target"


def upgrade() -> None:
    op.add_column(
        "members_campaign",
        sa.Column("is_by_call", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column(TARGET, sa.Column("tried_at", Instant()))
    op.add_column(TARGET, sa.Column("tried_by_id", sa.Integer()))
    op.execute(f"ALTER TABLE {TARGET} ADD COLUMN said VARCHAR DEFAULT '' NOT NULL")


def downgrade() -> None:
    for column in ("said", "tried_by_id", "tried_at"):
        op.drop_column(TARGET, column)
    op.drop_column("members_campaign", "is_by_call")
