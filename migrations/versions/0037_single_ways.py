"""Messages on ways that know no repetition are claimed one by one, whatever waits beside them.

Revision: 0037, after 0036.
"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

MESSAGES = "notifications_message"
KNOWS_NO_REPETITION = sa.text("channel <> 'template'")


def upgrade() -> None:
    op.create_index(
        "ix_notifications_message_single",
        MESSAGES,
        ["state", "due_s", "id"],
        sqlite_where=KNOWS_NO_REPETITION,
        postgresql_where=KNOWS_NO_REPETITION,
    )


def downgrade() -> None:
    op.drop_index("ix_notifications_message_single", MESSAGES)
