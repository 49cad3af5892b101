"""Stand-bys (备着): a place that somebody else may not need, kept in mind for one who waits."""

from datetime import date, datetime

from sqlalchemy import Enum, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from booking.states import STANDBY_MACHINE, StandbyAction, StandbyState
from kernel.clock import instant_at
from kernel.db import Base, Instant

_OPEN = text("state IN ('offered', 'accepted')")


class Standby(Base):
    """Should that booking's visit give up its place until `until`, the window is his who waits.

    Of a booking, and of one who waits, one is open at a time; it is asked of him once.
    """

    __tablename__ = "booking_standby"
    __table_args__ = (
        UniqueConstraint("waiting_id", "booking_id"),
        Index(
            "ix_booking_standby_of_booking",
            "booking_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index(
            "ix_booking_standby_of_waiting",
            "waiting_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    waiting_id: Mapped[int] = mapped_column(ForeignKey("booking_waiting.id"))
    # The booking whose member has not answered, and the visit that would be his.
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking_booking.id"))
    visit_id: Mapped[int]
    day: Mapped[date]
    opens_s: Mapped[int]
    shuts_s: Mapped[int]
    until: Mapped[datetime] = mapped_column(Instant)
    state: Mapped[StandbyState] = mapped_column(
        Enum(StandbyState, native_enum=False, length=32, values_callable=list),
        default=StandbyState.OFFERED,
    )
    state_since: Mapped[datetime] = mapped_column(Instant)
    # Why it ended without a booking: one of `waiting.StandbyEnd`.
    why: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # SQLAlchemy reads it as it is

    @property
    def starts_at(self) -> datetime:
        return instant_at(self.day, self.opens_s)

    @property
    def ends_at(self) -> datetime:
        return instant_at(self.day, self.shuts_s)

    def advance(self, action: StandbyAction, *, now: datetime) -> None:
        """Move along STANDBY_MACHINE; nothing else may assign `state`. Raises IllegalMove."""
        self.state = STANDBY_MACHINE.after(self.state, action)
        self.state_since = now
