"""Tags of members, segments of them, and news to those.

Revision: 0047, after 0046.
"""

import sqlalchemy as sa
from alembic import op

from kernel.db import Instant

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "members_tag",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(), nullable=False, unique=True),
        sa.Column("rule_kind", sa.String(32)),
        sa.Column("rule_number", sa.Integer(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
    )
    op.create_table(
        "members_tagging",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("tag_id", sa.Integer(), sa.ForeignKey("members_tag.id"), nullable=False),
        _whose(index=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.UniqueConstraint("tag_id", "member_id"),
    )
    op.create_table(
        "members_segment",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(), nullable=False, unique=True),
        sa.Column("with_ids", sa.JSON(), nullable=False),
        sa.Column("without_ids", sa.JSON(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
    )
    op.create_table(
        "members_news_refusal",
        sa.Column("member_id", sa.Integer(), sa.ForeignKey("members_member.id"), primary_key=True),
        sa.Column("at", Instant(), nullable=False),
    )
    _make_campaigns()


def downgrade() -> None:
    for name in ("target", "campaign", "news_refusal", "segment", "tagging", "tag"):
        op.drop_table(f"members_{name}")


def _make_campaigns() -> None:
    op.create_table(
        "members_campaign",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("number", sa.String(), nullable=False, unique=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("segment_id", sa.Integer(), sa.ForeignKey("members_segment.id"), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("about", "tip", "path")),
        sa.Column("hold_out", sa.Integer(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        *(sa.Column(name, Instant()) for name in ("started_at", "stopped_at", "done_at")),
    )
    op.create_table(
        "members_target",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column(
            "campaign_id", sa.Integer(), sa.ForeignKey("members_campaign.id"), nullable=False
        ),
        _whose(),
        sa.Column("fate", sa.String(), nullable=False),
        sa.Column("told_at", Instant()),
        sa.UniqueConstraint("campaign_id", "member_id"),
    )
    op.create_index("ix_members_target_due", "members_target", ["campaign_id", "fate", "id"])
    op.create_index("ix_members_target_heard", "members_target", ["member_id", "told_at"])


def _whose(*, index: bool = False) -> sa.Column[int]:
    return sa.Column(
        "member_id", sa.Integer(), sa.ForeignKey("members_member.id"), nullable=False, index=index
    )
