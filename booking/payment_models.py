"""Payments by WeChat Pay, and what is paid back."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Enum, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from booking.states import PAYMENT_MACHINE, PaymentAction, PaymentState
from kernel.db import Base, Fen, Instant
from kernel.leases import Leased
from kernel.money import Money


class Payment(Base):
    """One sum asked for: the deposit of a booking, its price at the door, or that of the sample it brought."""

    __tablename__ = "booking_payment"
    __table_args__ = (CheckConstraint("amount > 0", name="amount_positive"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    # WeChat's out_trade_no.
    number: Mapped[str] = mapped_column(unique=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking_booking.id"), index=True)
    # deposit, door or sample.
    purpose: Mapped[str]
    amount: Mapped[Money] = mapped_column(Fen)
    opened_at: Mapped[datetime] = mapped_column(Instant)
    # Until when WeChat takes it; none for a sum that may be paid at any time.
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    paid_at: Mapped[datetime | None] = mapped_column(Instant)
    transaction_id: Mapped[str] = mapped_column(default="")
    state: Mapped[PaymentState] = mapped_column(
        Enum(PaymentState, native_enum=False, length=32, values_callable=list),
        default=PaymentState.OPEN,
        index=True,
    )
    state_since: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # SQLAlchemy reads it as it is

    def advance(self, action: PaymentAction, *, now: datetime) -> None:
        """Move along PAYMENT_MACHINE; nothing else may assign `state`. Raises IllegalMove."""
        self.state = PAYMENT_MACHINE.after(self.state, action)
        self.state_since = now


class Refund(Leased, Base):
    """A payment to be paid back whole; `state` is pending until WeChat has taken the order (`asked`),
    `done` when the money is back, `dead` when a person must look."""

    __tablename__ = "booking_refund"
    __table_args__ = (Index("ix_booking_refund_due", "state", "due_s"),)

    # WeChat's out_refund_no.
    number: Mapped[str] = mapped_column(unique=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("booking_payment.id"), unique=True)
    reason: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(Instant)
    error: Mapped[str] = mapped_column(default="")
