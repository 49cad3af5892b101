"""Care plans, and what came of each time one was due."""

from datetime import date, datetime

from sqlalchemy import Enum, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from booking.care import CareKind, Doer, Outcome
from kernel.db import Base, Instant


class CarePlan(Base):
    """A member is cared for every so many months, at the door or by a call."""

    __tablename__ = "booking_care_plan"
    __table_args__ = (Index("ix_booking_care_plan_due", "branch_id", "due_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    # What it was made for: a booking and its appliance, or its own number. Nothing makes two.
    origin: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[CareKind] = mapped_column(
        Enum(CareKind, native_enum=False, length=32, values_callable=list)
    )
    member_id: Mapped[int] = mapped_column(ForeignKey("members_member.id"), index=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("dispatch_branch.id"))
    # What is booked for a maintenance.
    service_id: Mapped[int | None] = mapped_column(ForeignKey("booking_service.id"))
    asset_id: Mapped[int | None] = mapped_column(ForeignKey("booking_asset.id"), index=True)
    # The last booking that it follows: its door is where he is visited.
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking_booking.id"))
    every_months: Mapped[int]
    # What he is told, and what he gets for nothing; "" for none.
    tips: Mapped[str] = mapped_column(default="")
    gift: Mapped[str] = mapped_column(default="")
    doer: Mapped[Doer] = mapped_column(
        Enum(Doer, native_enum=False, length=32, values_callable=list)
    )
    # The technician whose work it is; none for a desk's.
    technician_id: Mapped[int | None] = mapped_column(ForeignKey("dispatch_technician.id"))
    # None once it has ended.
    due_on: Mapped[date | None]
    made_at: Mapped[datetime] = mapped_column(Instant)


class CareNote(Base):
    """What came of a plan, by whom, and when it is due since; never changed."""

    __tablename__ = "booking_care_note"
    __table_args__ = (UniqueConstraint("plan_id", "seq"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("booking_care_plan.id"))
    seq: Mapped[int]
    outcome: Mapped[Outcome] = mapped_column(
        Enum(Outcome, native_enum=False, length=32, values_callable=list)
    )
    text: Mapped[str] = mapped_column(default="")
    # The number of the booking that it is about, "" for none.
    booking: Mapped[str] = mapped_column(default="")
    due_on: Mapped[date | None]
    actor_role: Mapped[str]
    actor_id: Mapped[int]
    at: Mapped[datetime] = mapped_column(Instant)
