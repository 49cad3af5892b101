"""WeChat Pay's bills of a day, what they say otherwise than we do, and what people did about it.

Nothing here is ever changed: a bill that comes again with other words is another row.
"""

from datetime import date, datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Fen, Instant
from kernel.money import Money


class KeptBill(Base):
    """One day's bill as it was fetched; `sha1` of its text is "" where WeChat had none."""

    __tablename__ = "booking_bill"
    __table_args__ = (UniqueConstraint("day", "sha1"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(index=True)
    sha1: Mapped[str]
    fetched_at: Mapped[datetime] = mapped_column(Instant)
    payments: Mapped[int]
    paid: Mapped[Money] = mapped_column(Fen)
    refunds: Mapped[int]
    paid_back: Mapped[Money] = mapped_column(Fen)


class KeptLine(Base):
    """One line of a bill: a payment, or a refund under its own number."""

    __tablename__ = "booking_bill_line"
    __table_args__ = (UniqueConstraint("bill_id", "trade", "number", "serial"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    bill_id: Mapped[int] = mapped_column(ForeignKey("booking_bill.id"))
    # payment or refund.
    trade: Mapped[str]
    number: Mapped[str] = mapped_column(index=True)
    serial: Mapped[str]
    amount: Mapped[Money] = mapped_column(Fen)
    state: Mapped[str]
    at: Mapped[datetime] = mapped_column(Instant)


class BillDifference(Base):
    """One trade of which a bill and our books say different things; a sum that nobody has is none."""

    __tablename__ = "booking_bill_difference"
    __table_args__ = (UniqueConstraint("day", "kind", "trade", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(index=True)
    kind: Mapped[str]
    trade: Mapped[str]
    number: Mapped[str]
    ours: Mapped[Money | None] = mapped_column(Fen)
    theirs: Mapped[Money | None] = mapped_column(Fen)
    our_state: Mapped[str]
    their_state: Mapped[str]
    # Whose booking it is about, as far as we know.
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking_booking.id"))
    found_at: Mapped[datetime] = mapped_column(Instant)


class BillNote(Base):
    """What was done about a difference; without a person it was found to be gone."""

    __tablename__ = "booking_bill_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    difference_id: Mapped[int] = mapped_column(ForeignKey("booking_bill_difference.id"), index=True)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("members_staff.id"))
    text: Mapped[str]
    at: Mapped[datetime] = mapped_column(Instant)
