"""What a booking can be, and what each state allows."""

from enum import StrEnum

from kernel.machine import Machine


class BookingState(StrEnum):
    HELD = "held"
    AWAITING_DEPOSIT = "awaiting_deposit"
    BOOKED = "booked"
    CONFIRMED = "confirmed"
    COMPLETED = "completed"
    CLOSED = "closed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    DISPUTED = "disputed"


class BookingAction(StrEnum):
    ASK_DEPOSIT = "ask_deposit"
    COMMIT = "commit"
    EXPIRE = "expire"
    REVIVE = "revive"
    CONFIRM = "confirm"
    RESCHEDULE = "reschedule"
    RETURN = "return"
    CANCEL = "cancel"
    FAIL = "fail"
    COMPLETE = "complete"
    CLOSE = "close"
    DISPUTE = "dispute"
    RESOLVE = "resolve"


_S, _A = BookingState, BookingAction

# What may befall a promise, whether or not the member has said that he will be at home.
_PROMISED = {
    # Moved, or to be visited once more: he is asked anew whether he will be at home.
    _A.RESCHEDULE: _S.BOOKED,
    _A.RETURN: _S.BOOKED,
    _A.CANCEL: _S.CANCELLED,
    # Nobody opened, or he would not have us in: the promise ends without work.
    _A.FAIL: _S.CANCELLED,
    _A.COMPLETE: _S.COMPLETED,
}

BOOKING_MACHINE = Machine(
    name="booking",
    table={
        # A hold ends by itself after HOLD_LIFE, or when the member picks another window.
        _S.HELD: {
            _A.COMMIT: _S.BOOKED,
            _A.ASK_DEPOSIT: _S.AWAITING_DEPOSIT,
            _A.EXPIRE: _S.EXPIRED,
        },
        # The payment notice commits; until it comes the place is held and no more.
        _S.AWAITING_DEPOSIT: {_A.COMMIT: _S.BOOKED, _A.EXPIRE: _S.EXPIRED},
        # Paid too late, but the window could be proven anew.
        _S.EXPIRED: {_A.REVIVE: _S.BOOKED},
        _S.BOOKED: {_A.CONFIRM: _S.CONFIRMED, **_PROMISED},
        _S.CONFIRMED: _PROMISED,
        _S.COMPLETED: {_A.CLOSE: _S.CLOSED, _A.DISPUTE: _S.DISPUTED},
        _S.CLOSED: {_A.DISPUTE: _S.DISPUTED},
        _S.CANCELLED: {_A.DISPUTE: _S.DISPUTED},
        _S.DISPUTED: {_A.RESOLVE: _S.CLOSED},
    },
)

# A window is kept for the member, and nothing is promised yet.
KEPT = frozenset({_S.HELD, _S.AWAITING_DEPOSIT})
# The house owes a visit.
PROMISED = frozenset({_S.BOOKED, _S.CONFIRMED})
# The work was done.
SERVED = frozenset({_S.COMPLETED, _S.CLOSED})
# It was a promise once: what a member reads in his list.
KNOWN = PROMISED | SERVED | {_S.CANCELLED, _S.DISPUTED}


class AdditionState(StrEnum):
    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class AdditionAction(StrEnum):
    APPROVE = "approve"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


_DS, _DA = AdditionState, AdditionAction

ADDITION_MACHINE = Machine(
    name="addition",
    table={
        # Asked by the technician; only the member's yes makes it part of the price.
        _DS.ASKED: {
            _DA.APPROVE: _DS.APPROVED,
            _DA.REFUSE: _DS.REFUSED,
            _DA.WITHDRAW: _DS.WITHDRAWN,
        },
        _DS.APPROVED: {},
        _DS.REFUSED: {},
        _DS.WITHDRAWN: {},
    },
)
