"""Deposits, door payments, refunds.

Revision: 0009, after 0008.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "booking_payment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=True),
        sa.Column("paid_at", INSTANT, nullable=True),
        sa.Column("transaction_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("state_since", INSTANT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_booking_payment_amount_positive")),
        sa.ForeignKeyConstraint(
            ["booking_id"],
            ["booking_booking.id"],
            name=op.f("fk_booking_payment_booking_id_booking_booking"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_payment")),
        sa.UniqueConstraint("number", name=op.f("uq_booking_payment_number")),
    )
    op.create_index("ix_booking_payment_booking_id", "booking_payment", ["booking_id"])
    op.create_index("ix_booking_payment_state", "booking_payment", ["state"])
    op.create_table(
        "booking_refund",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due_s", sa.Double(), nullable=False),
        sa.Column("lease_until_s", sa.Double(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["payment_id"],
            ["booking_payment.id"],
            name=op.f("fk_booking_refund_payment_id_booking_payment"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_refund")),
        sa.UniqueConstraint("number", name=op.f("uq_booking_refund_number")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_booking_refund_payment_id")),
    )
    op.create_index("ix_booking_refund_due", "booking_refund", ["state", "due_s"])
    op.create_index("ix_booking_refund_state", "booking_refund", ["state"])


def downgrade() -> None:
    op.drop_table("booking_refund")
    op.drop_table("booking_payment")
