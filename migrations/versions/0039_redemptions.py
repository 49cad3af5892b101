"""Points that members spend on the spot.

Revision: 0039, after 0038.
"""

import sqlalchemy as sa
from alembic import op

from kernel.db import Instant

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "members_redemption",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("number", sa.String(), nullable=False, unique=True),
        sa.Column(
            "member_id",
            sa.Integer(),
            sa.ForeignKey("members_member.id"),
            nullable=False,
            index=True,
        ),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("offered_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("withdrawn_at", Instant()),
        sa.Column("redeemed_at", Instant(), index=True),
        sa.Column("by_role", sa.String(), nullable=False),
        sa.Column("by_id", sa.Integer()),
        sa.Column("store_id", sa.Integer()),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("reversed_at", Instant()),
        sa.Column("reversed_by_id", sa.Integer()),
        sa.Column("reversed_why", sa.String(), nullable=False),
        sa.CheckConstraint("points > 0", name=op.f("ck_members_redemption_points_positive")),
        sa.CheckConstraint(
            "redeemed_at IS NULL OR withdrawn_at IS NULL",
            name=op.f("ck_members_redemption_taken_or_withdrawn"),
        ),
    )
    waits = sa.text("redeemed_at IS NULL")
    op.create_index(
        "ix_members_redemption_open",
        "members_redemption",
        ["code"],
        sqlite_where=waits,
        postgresql_where=waits,
    )


def downgrade() -> None:
    op.drop_table("members_redemption")
