"""What members say of us: ratings, complaints, and 催单."""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, Enum, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from booking.states import COMPLAINT_MACHINE, ComplaintAction, ComplaintState
from booking.urging import Where
from kernel.db import Base, Instant


class Rating(Base):
    """What a member thinks of one booking; one, and it stays."""

    __tablename__ = "booking_rating"
    __table_args__ = (CheckConstraint("stars BETWEEN 1 AND 5", name="one_to_five_stars"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking_booking.id"), unique=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members_member.id"), index=True)
    # Who did the work; none when nobody came.
    technician_id: Mapped[int | None] = mapped_column(
        ForeignKey("dispatch_technician.id"), index=True
    )
    stars: Mapped[int]
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)
    text: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime] = mapped_column(Instant, index=True)


class Complaint(Base):
    """A complaint about one booking, which the console answers."""

    __tablename__ = "booking_complaint"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking_booking.id"), index=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members_member.id"), index=True)
    # One of `feedback.Topic`.
    topic: Mapped[str]
    text: Mapped[str]
    opened_at: Mapped[datetime] = mapped_column(Instant, index=True)
    answer: Mapped[str] = mapped_column(default="")
    answered_role: Mapped[str] = mapped_column(default="")
    answered_id: Mapped[int] = mapped_column(default=0)
    state: Mapped[ComplaintState] = mapped_column(
        Enum(ComplaintState, native_enum=False, length=32, values_callable=list),
        default=ComplaintState.OPEN,
        index=True,
    )
    state_since: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}

    def advance(self, action: ComplaintAction, *, now: datetime) -> None:
        """Move along COMPLAINT_MACHINE; nothing else may assign `state`. Raises IllegalMove."""
        self.state = COMPLAINT_MACHINE.after(self.state, action)
        self.state_since = now


class Urge(Base):
    """Somebody asked where the technician is, and what he was told."""

    __tablename__ = "booking_urge"

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking_booking.id"), index=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("dispatch_visit.id"))
    actor_role: Mapped[str]
    actor_id: Mapped[int]
    at: Mapped[datetime] = mapped_column(Instant)
    # The answer, as it was given: see `urging.Answer`.
    place: Mapped[Where] = mapped_column(
        Enum(Where, native_enum=False, length=32, values_callable=list)
    )
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    stops_before: Mapped[int | None]
    eta: Mapped[datetime | None] = mapped_column(Instant)
