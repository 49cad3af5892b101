"""What a booking can be, and what each state allows."""

from enum import StrEnum

from kernel.machine import Machine


class BookingState(StrEnum):
    HELD = "held"
    BOOKED = "booked"
    COMPLETED = "completed"
    EXPIRED = "expired"


class BookingAction(StrEnum):
    COMMIT = "commit"
    EXPIRE = "expire"
    COMPLETE = "complete"


_S, _A = BookingState, BookingAction

BOOKING_MACHINE = Machine(
    name="booking",
    table={
        # A hold ends by itself after HOLD_LIFE, or when the member picks another window.
        _S.HELD: {_A.COMMIT: _S.BOOKED, _A.EXPIRE: _S.EXPIRED},
        _S.BOOKED: {_A.COMPLETE: _S.COMPLETED},
        _S.COMPLETED: {},
        _S.EXPIRED: {},
    },
)
