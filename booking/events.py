"""What booking tells the house."""

from dataclasses import dataclass

from kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class _BookingEvent(Event):
    booking_id: int
    number: str
    member_id: int

    def topics(self) -> tuple[str, ...]:
        return (f"booking:{self.number}", f"member:{self.member_id}")


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingHeld(_BookingEvent):
    """A window is kept for the member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingBooked(_BookingEvent):
    """The promise is made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingExpired(_BookingEvent):
    """The hold ran out or was given up; its place is free."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingCompleted(_BookingEvent):
    """All visits are done; the points stand in the ledger."""
