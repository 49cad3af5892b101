"""Pictures in the chat: those that people send, fetched before WeChat forgets them, and ours.

Revision: 0030, after 0029.
"""

import sqlalchemy as sa
from alembic import op

from kernel.db import Instant

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "conversations_picture",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("state", sa.String(), nullable=False, index=True),
        sa.Column("due_s", sa.Double(), nullable=False),
        sa.Column("lease_until_s", sa.Double(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("media_id", sa.String(), nullable=False, unique=True),
        sa.Column("openid", sa.String(), nullable=False, index=True),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False, index=True),
        sa.Column("error", sa.String(), nullable=False),
    )
    op.add_column(
        "conversations_chat_line",
        sa.Column("picture", sa.String(), server_default=sa.text("''"), nullable=False),
    )
    op.create_index("ix_conversations_chat_line_picture", "conversations_chat_line", ["picture"])


def downgrade() -> None:
    op.drop_index("ix_conversations_chat_line_picture", "conversations_chat_line")
    op.drop_column("conversations_chat_line", "picture")
    op.drop_table("conversations_picture")
