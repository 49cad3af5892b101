"""What was dropped because its time was over.

Revision: 0058, after 0057.
"""

import sqlalchemy as sa
from alembic import op

from kernel.db import Instant

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

RUNS = "kernel_retention_run"


def upgrade() -> None:
    op.create_table(
        RUNS,
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("rule", sa.String(), nullable=False, index=True),
        sa.Column("before", Instant(), nullable=False),
        sa.Column("dropped", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table(RUNS)
