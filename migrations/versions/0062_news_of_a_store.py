"""News may go to the followers of one store.

Revision: 0062, after 0061.
"""

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("members_campaign", sa.Column("store_id", sa.Integer()))


def downgrade() -> None:
    op.drop_column("members_campaign", "store_id")
