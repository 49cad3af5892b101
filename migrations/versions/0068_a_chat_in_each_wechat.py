"""Who has two WeChats may be in an open conversation in each.

Revision: 0068, after 0067.
"""

import sqlalchemy as sa
from alembic import op

revision = "0068"
down_revision = "0067"
branch_labels = None
depends_on = None

CHAT, OPEN = "conversations_chat", "ix_conversations_chat_open"


def upgrade() -> None:
    _one_open_by("openid")


def downgrade() -> None:
    _one_open_by("member_id")


def _one_open_by(column: str) -> None:
    is_open = sa.text("state <> 'closed'")
    op.drop_index(OPEN, CHAT)
    op.create_index(
        OPEN, CHAT, [column], unique=True, sqlite_where=is_open, postgresql_where=is_open
    )
