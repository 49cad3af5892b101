"""The waiting list (候补)."""

from datetime import date, datetime

from sqlalchemy import JSON, Enum, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from booking.states import WAITING_MACHINE, WaitingAction, WaitingState
from kernel.db import Base, Instant


class Waiting(Base):
    """A member waits for a place on one day of one branch, with what he has filled in.

    The line of a day is ordered by id.
    """

    __tablename__ = "booking_waiting"
    __table_args__ = (Index("ix_booking_waiting_line", "state", "branch_id", "day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members_member.id"), index=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("booking_draft.id"), index=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("dispatch_branch.id"))
    day: Mapped[date]
    # The windows he would take, [opens_s, shuts_s]; empty for any.
    windows: Mapped[list[list[int]]] = mapped_column(JSON, default=list)
    joined_at: Mapped[datetime] = mapped_column(Instant)
    # The version of the day's plan into which he was last found not to fit.
    seen_version: Mapped[int | None]
    # The hold that he was offered.
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking_booking.id"), index=True)
    state: Mapped[WaitingState] = mapped_column(
        Enum(WaitingState, native_enum=False, length=32, values_callable=list),
        default=WaitingState.WAITING,
    )
    state_since: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}

    def advance(self, action: WaitingAction, *, now: datetime) -> None:
        """Move along WAITING_MACHINE; nothing else may assign `state`. Raises IllegalMove."""
        self.state = WAITING_MACHINE.after(self.state, action)
        self.state_since = now
