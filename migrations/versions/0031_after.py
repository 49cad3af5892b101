"""Which visit is over before another begins.

Revision: 0031, after 0030.
"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("dispatch_visit", sa.Column("after_id", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("dispatch_visit", "after_id")
