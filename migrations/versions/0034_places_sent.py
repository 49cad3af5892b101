"""Where the place is that somebody sends in the chat, so that whoever answers sees it on a map.

Revision: 0034, after 0033.
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversations_inbox", sa.Column("lat", sa.Double()))
    op.add_column("conversations_inbox", sa.Column("lon", sa.Double()))


def downgrade() -> None:
    op.drop_column("conversations_inbox", "lon")
    op.drop_column("conversations_inbox", "lat")
