"""A draw or a survey may be for the followers of one store.

Revision: 0067, after 0066.
"""

import sqlalchemy as sa
from alembic import op

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None

TABLES = ("members_draw", "members_survey")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("store_id", sa.Integer()))


def downgrade() -> None:
    for table in TABLES:
        op.drop_column(table, "store_id")
