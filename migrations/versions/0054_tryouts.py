"""Samples that are lent home, and who has them.

Revision: 0054, after 0053.
"""

import sqlalchemy as sa
from alembic import op

from kernel.db import Fen, Instant

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

SAMPLE, TRYOUT = "booking_sample", "booking_tryout"


def upgrade() -> None:
    op.create_table(
        SAMPLE,
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("number", sa.String(), nullable=False, unique=True),
        _to("branch_id", "dispatch_branch", index=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("price", Fen(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("stock", sa.Integer(), nullable=False),
        _to("delivery_id", "booking_service"),
        _to("pickup_id", "booking_service"),
        sa.Column("on_offer", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.CheckConstraint("stock >= 0", name=op.f("ck_booking_sample_stock_not_negative")),
        sa.CheckConstraint("price > 0", name=op.f("ck_booking_sample_price_positive")),
    )
    op.create_table(
        TRYOUT,
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("number", sa.String(), nullable=False, unique=True),
        _to("sample_id", SAMPLE, index=True),
        _to("member_id", "members_member", index=True),
        sa.Column("price", Fen(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("delivered_at", Instant()),
        sa.Column("ends_at", Instant()),
        sa.Column("reminded_at", Instant()),
        sa.Column("told_over_at", Instant()),
        sa.Column("staff_id", sa.Integer()),
        sa.Column("state", sa.String(32), nullable=False, index=True),
        sa.Column("state_since", Instant(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table(TRYOUT)
    op.drop_table(SAMPLE)


def _to(name: str, table: str, *, index: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), sa.ForeignKey(f"{table}.id"), nullable=False, index=index)
