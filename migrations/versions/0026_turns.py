"""Messages are claimed as they fall due, what may have arrived first, whatever waits behind them.

Revision: 0026, after 0025.
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

MESSAGES = "notifications_message"
MAY_HAVE_ARRIVED = sa.text("maybe_sent_s IS NOT NULL")


def upgrade() -> None:
    op.drop_index("ix_notifications_message_due", MESSAGES)
    op.create_index("ix_notifications_message_due", MESSAGES, ["state", "due_s", "id"])
    op.create_index(
        "ix_notifications_message_unclear",
        MESSAGES,
        ["state", "due_s"],
        sqlite_where=MAY_HAVE_ARRIVED,
        postgresql_where=MAY_HAVE_ARRIVED,
    )
    op.drop_index("ix_notifications_message_about", MESSAGES)
    op.create_index("ix_notifications_message_turn", MESSAGES, ["about", "openid", "state"])


def downgrade() -> None:
    op.drop_index("ix_notifications_message_turn", MESSAGES)
    op.create_index("ix_notifications_message_about", MESSAGES, ["about"])
    op.drop_index("ix_notifications_message_unclear", MESSAGES)
    op.drop_index("ix_notifications_message_due", MESSAGES)
    op.create_index("ix_notifications_message_due", MESSAGES, ["state", "due_s"])
