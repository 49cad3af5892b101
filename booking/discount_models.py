"""What takes something off the price of a booking."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Enum, ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from booking.discounts import DiscountKind
from kernel.db import Base, Fen, Instant
from kernel.money import Money


class Discount(Base):
    """One part of a booking's price that is not paid in money: kept from the hold on, spent when the
    work is accepted, let go when the booking ends otherwise, given back with a refund."""

    __tablename__ = "booking_discount"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("spent_at IS NULL OR let_go_at IS NULL", name="spent_or_let_go"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking_booking.id"), index=True)
    kind: Mapped[DiscountKind] = mapped_column(
        Enum(DiscountKind, native_enum=False, length=32, values_callable=list)
    )
    amount: Mapped[Money] = mapped_column(Fen)
    points: Mapped[int] = mapped_column(default=0)
    coupon_id: Mapped[int | None]
    # The rules that said how much it may pay.
    rules_version: Mapped[str] = mapped_column(server_default=text("'2026-11'"))
    # Under which the ledger holds it, and posts it; a coupon is no account's.
    key: Mapped[str] = mapped_column(unique=True)
    kept_at: Mapped[datetime] = mapped_column(Instant)
    spent_at: Mapped[datetime | None] = mapped_column(Instant)
    let_go_at: Mapped[datetime | None] = mapped_column(Instant)
    returned_at: Mapped[datetime | None] = mapped_column(Instant)
