"""Samples, and who has them at home to try."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Enum, ForeignKey, true
from sqlalchemy.orm import Mapped, mapped_column

from booking.states import TRYOUT_MACHINE, TryoutAction, TryoutState
from kernel.db import Base, Fen, Instant
from kernel.money import Money


class Sample(Base):
    """Something of which a branch has units to lend: for how many hours, and what keeping it costs."""

    __tablename__ = "booking_sample"
    __table_args__ = (
        CheckConstraint("stock >= 0", name="stock_not_negative"),
        CheckConstraint("price > 0", name="price_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("dispatch_branch.id"), index=True)
    name: Mapped[str]
    about: Mapped[str] = mapped_column(default="")
    price: Mapped[Money] = mapped_column(Fen)
    hours: Mapped[int]
    # Units in the warehouse that nobody has asked for.
    stock: Mapped[int]
    # What brings it, and what fetches it: services of the category TRYOUT.
    delivery_id: Mapped[int] = mapped_column(ForeignKey("booking_service.id"))
    pickup_id: Mapped[int] = mapped_column(ForeignKey("booking_service.id"))
    on_offer: Mapped[bool] = mapped_column(default=True, server_default=true())
    made_at: Mapped[datetime] = mapped_column(Instant)


class Tryout(Base):
    """One unit that a member asked for, at the price and for the hours of that day."""

    __tablename__ = "booking_tryout"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    sample_id: Mapped[int] = mapped_column(ForeignKey("booking_sample.id"), index=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members_member.id"), index=True)
    price: Mapped[Money] = mapped_column(Fen)
    hours: Mapped[int]
    asked_at: Mapped[datetime] = mapped_column(Instant)
    # What brought it, when it came into the home, and until when it is tried there.
    brought_by_id: Mapped[int | None] = mapped_column(ForeignKey("booking_booking.id"), index=True)
    delivered_at: Mapped[datetime | None] = mapped_column(Instant)
    ends_at: Mapped[datetime | None] = mapped_column(Instant)
    reminded_at: Mapped[datetime | None] = mapped_column(Instant)
    told_over_at: Mapped[datetime | None] = mapped_column(Instant)
    # Who of us did the last step; none for the member's own hand and the clock's.
    staff_id: Mapped[int | None]
    state: Mapped[TryoutState] = mapped_column(
        Enum(TryoutState, native_enum=False, length=32, values_callable=list),
        default=TryoutState.ASKED,
        index=True,
    )
    state_since: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # SQLAlchemy reads it as it is

    def advance(self, action: TryoutAction, *, now: datetime) -> None:
        """Move along TRYOUT_MACHINE; nothing else may assign `state`. Raises IllegalMove."""
        self.state = TRYOUT_MACHINE.after(self.state, action)
        self.state_since = now
