"""Coupons: their kinds, those that members have, and codes that give them.

Revision: 0043, after 0042.
"""

import sqlalchemy as sa
from alembic import op

from kernel.db import Fen, Instant

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "booking_coupon_kind",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("number", sa.String(), nullable=False, unique=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("form", sa.String(32), nullable=False),
        sa.Column("amount", Fen(), nullable=False),
        sa.Column("percent_off", sa.Integer(), nullable=False),
        sa.Column("most", Fen(), nullable=False),
        sa.Column("least", Fen(), nullable=False),
        sa.Column("is_second_only", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("service_id", sa.Integer(), sa.ForeignKey("booking_service.id")),
        sa.Column("store_id", sa.Integer(), sa.ForeignKey("booking_store.id")),
        sa.Column("live_days", sa.Integer(), nullable=False),
        sa.Column("given_max", sa.Integer()),
        sa.Column("given", sa.Integer(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant()),
        sa.CheckConstraint(
            "given_max IS NULL OR given <= given_max",
            name=op.f("ck_booking_coupon_kind_given_within_limit"),
        ),
    )
    _make_coupons()
    op.create_table(
        "booking_coupon_giving",
        sa.Column("id", sa.Integer(), primary_key=True),
        _kind(),
        sa.Column("store_id", sa.Integer(), sa.ForeignKey("booking_store.id")),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("last_id", sa.Integer(), nullable=False),
        sa.Column("given", sa.Integer(), nullable=False),
        sa.Column("done_at", Instant(), index=True),
    )
    op.add_column("booking_code", sa.Column("coupon_kind_id", sa.Integer()))
    op.add_column("booking_discount", sa.Column("coupon_id", sa.Integer()))


def downgrade() -> None:
    op.drop_column("booking_discount", "coupon_id")
    op.drop_column("booking_code", "coupon_kind_id")
    for table in ("booking_coupon_giving", "booking_coupon", "booking_coupon_kind"):
        op.drop_table(table)


def _kind() -> sa.Column[int]:
    return sa.Column(
        "kind_id",
        sa.Integer(),
        sa.ForeignKey("booking_coupon_kind.id"),
        nullable=False,
        index=True,
    )


def _make_coupons() -> None:
    op.create_table(
        "booking_coupon",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("number", sa.String(), nullable=False, unique=True),
        _kind(),
        sa.Column(
            "member_id",
            sa.Integer(),
            sa.ForeignKey("members_member.id"),
            nullable=False,
            index=True,
        ),
        sa.Column("key", sa.String(), nullable=False, unique=True),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("given_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("told_at", Instant()),
        sa.Column("booking_id", sa.Integer(), sa.ForeignKey("booking_booking.id"), index=True),
        sa.Column("used_at", Instant()),
        sa.CheckConstraint(
            "used_at IS NULL OR booking_id IS NOT NULL",
            name=op.f("ck_booking_coupon_used_on_a_booking"),
        ),
    )
    untold = sa.text("told_at IS NULL AND booking_id IS NULL")
    op.create_index(
        "ix_booking_coupon_untold",
        "booking_coupon",
        ["expires_at"],
        sqlite_where=untold,
        postgresql_where=untold,
    )
