"""Points and vouchers pay for a part of a booking, and a finished booking may be paid back.

Revision: 0042, after 0041.
"""

import sqlalchemy as sa
from alembic import op

from kernel.db import Fen, Instant

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "booking_booking", sa.Column("discount", Fen(), nullable=False, server_default="0")
    )
    op.add_column("booking_booking", sa.Column("refunded_at", Instant()))
    op.create_table(
        "booking_discount",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column(
            "booking_id",
            sa.Integer(),
            sa.ForeignKey("booking_booking.id"),
            nullable=False,
            index=True,
        ),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("amount", Fen(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False, unique=True),
        sa.Column("kept_at", Instant(), nullable=False),
        sa.Column("spent_at", Instant()),
        sa.Column("let_go_at", Instant()),
        sa.Column("returned_at", Instant()),
        sa.CheckConstraint("amount > 0", name=op.f("ck_booking_discount_amount_positive")),
        sa.CheckConstraint(
            "spent_at IS NULL OR let_go_at IS NULL",
            name=op.f("ck_booking_discount_spent_or_let_go"),
        ),
    )


def downgrade() -> None:
    op.drop_table("booking_discount")
    op.drop_column("booking_booking", "refunded_at")
    op.drop_column("booking_booking", "discount")
