"""Conversations with people of ours.

Revision: 0022, after 0021.
"""

import sqlalchemy as sa
from alembic import op

from kernel.db import Instant

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "conversations_chat",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("number", sa.String(), nullable=False, unique=True),
        sa.Column("member_id", sa.Integer(), sa.ForeignKey("members_member.id"), nullable=False),
        sa.Column("openid", sa.String(), nullable=False, index=True),
        sa.Column("store_id", sa.Integer(), sa.ForeignKey("booking_store.id")),
        sa.Column("branch_id", sa.Integer(), sa.ForeignKey("dispatch_branch.id"), nullable=False),
        sa.Column("agent_id", sa.Integer(), sa.ForeignKey("members_staff.id")),
        sa.Column("opened_at", Instant(), nullable=False, index=True),
        sa.Column("answered_at", Instant()),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("state_since", Instant(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    op.create_index(
        "ix_conversations_chat_queue", "conversations_chat", ["state", "branch_id", "store_id"]
    )
    op.create_index(
        "ix_conversations_chat_open",
        "conversations_chat",
        ["member_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'closed'"),
        postgresql_where=sa.text("state <> 'closed'"),
    )
    op.create_table(
        "conversations_chat_line",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("number", sa.String(), nullable=False, unique=True),
        sa.Column(
            "chat_id",
            sa.Integer(),
            sa.ForeignKey("conversations_chat.id"),
            nullable=False,
            index=True,
        ),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("staff_id", sa.Integer(), sa.ForeignKey("members_staff.id"), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("conversations_chat_line")
    op.drop_table("conversations_chat")
