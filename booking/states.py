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
    RESTORE = "restore"


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
        # How it ended may be contested for a week, rated before or not.
        _S.COMPLETED: {_A.CLOSE: _S.CLOSED, _A.DISPUTE: _S.DISPUTED},
        # So it may be after a rating; or an appeal was decided, and is made once more.
        _S.CLOSED: {_A.DISPUTE: _S.DISPUTED},
        # A no-show that a dispatcher does not believe: the promise stands again, without a window.
        _S.CANCELLED: {_A.DISPUTE: _S.DISPUTED, _A.RESTORE: _S.BOOKED},
        _S.DISPUTED: {_A.RESOLVE: _S.CLOSED},
    },
)

# A window is kept for the member, and nothing is promised yet.
KEPT = frozenset({_S.HELD, _S.AWAITING_DEPOSIT})
# Never was promised, so that its member did not book.
NOT_BOOKED = KEPT | {_S.EXPIRED}
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


class GoodsState(StrEnum):
    NOT_SHIPPED = "not_shipped"
    IN_WAREHOUSE = "in_warehouse"
    ON_VAN = "on_van"
    DELIVERED = "delivered"
    RETURNED = "returned"
    TO_COLLECT = "to_collect"
    COLLECTED = "collected"


class GoodsAction(StrEnum):
    STOCK = "stock"
    LOSE = "lose"
    LOAD = "load"
    UNLOAD = "unload"
    DELIVER = "deliver"
    SEND_BACK = "send_back"
    REPLACE = "replace"
    COLLECT = "collect"


_GS, _GA = GoodsState, GoodsAction

GOODS_MACHINE = Machine(
    name="goods",
    table={
        _GS.NOT_SHIPPED: {_GA.STOCK: _GS.IN_WAREHOUSE},
        # Counted by mistake: it is not there after all.
        _GS.IN_WAREHOUSE: {
            _GA.LOSE: _GS.NOT_SHIPPED,
            _GA.LOAD: _GS.ON_VAN,
            _GA.SEND_BACK: _GS.RETURNED,
        },
        # Off the van again when the visit was not made.
        _GS.ON_VAN: {
            _GA.DELIVER: _GS.DELIVERED,
            _GA.UNLOAD: _GS.IN_WAREHOUSE,
            _GA.SEND_BACK: _GS.RETURNED,
        },
        _GS.DELIVERED: {_GA.SEND_BACK: _GS.RETURNED},
        # Back on the shelf as it is, or another one is on its way.
        _GS.RETURNED: {_GA.STOCK: _GS.IN_WAREHOUSE, _GA.REPLACE: _GS.NOT_SHIPPED},
    },
)

# The old appliance that is taken along (以旧换新).
OLD_MACHINE = Machine(
    name="old appliance",
    table={
        _GS.TO_COLLECT: {_GA.COLLECT: _GS.COLLECTED},
        _GS.COLLECTED: {},
    },
)

# Nobody can load it: it is not in the warehouse, or it went away again.
ABSENT_GOODS = frozenset({_GS.NOT_SHIPPED, _GS.RETURNED})
# With the technician or already with the member.
LOADED_GOODS = frozenset({_GS.ON_VAN, _GS.DELIVERED})


class ComplaintState(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"


class ComplaintAction(StrEnum):
    ANSWER = "answer"


COMPLAINT_MACHINE = Machine(
    name="complaint",
    table={
        ComplaintState.OPEN: {ComplaintAction.ANSWER: ComplaintState.ANSWERED},
        ComplaintState.ANSWERED: {},
    },
)


class WaitingState(StrEnum):
    WAITING = "waiting"
    OFFERED = "offered"
    TAKEN = "taken"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


class WaitingAction(StrEnum):
    OFFER = "offer"
    TAKE = "take"
    LAPSE = "lapse"
    WITHDRAW = "withdraw"


_WS, _WA = WaitingState, WaitingAction

WAITING_MACHINE = Machine(
    name="waiting",
    table={
        # The day comes too near without a place.
        _WS.WAITING: {
            _WA.OFFER: _WS.OFFERED,
            _WA.LAPSE: _WS.LAPSED,
            _WA.WITHDRAW: _WS.WITHDRAWN,
        },
        # The hold becomes his promise, or runs out and the next in line is asked.
        _WS.OFFERED: {
            _WA.TAKE: _WS.TAKEN,
            _WA.LAPSE: _WS.LAPSED,
            _WA.WITHDRAW: _WS.WITHDRAWN,
        },
        _WS.TAKEN: {},
        _WS.LAPSED: {},
        _WS.WITHDRAWN: {},
    },
)


class StandbyState(StrEnum):
    OFFERED = "offered"
    ACCEPTED = "accepted"
    TAKEN = "taken"
    ENDED = "ended"


class StandbyAction(StrEnum):
    ACCEPT = "accept"
    TAKE = "take"
    END = "end"


STANDBY_MACHINE = Machine(
    name="standby",
    table={
        StandbyState.OFFERED: {
            StandbyAction.ACCEPT: StandbyState.ACCEPTED,
            StandbyAction.END: StandbyState.ENDED,
        },
        # The other's place came free: the booking is made with it.
        StandbyState.ACCEPTED: {
            StandbyAction.TAKE: StandbyState.TAKEN,
            StandbyAction.END: StandbyState.ENDED,
        },
        StandbyState.TAKEN: {},
        StandbyState.ENDED: {},
    },
)


class PaymentState(StrEnum):
    OPEN = "open"
    PAID = "paid"
    REFUNDING = "refunding"
    REFUNDED = "refunded"
    CLOSED = "closed"


class PaymentAction(StrEnum):
    PAY = "pay"
    CLOSE = "close"
    REFUND = "refund"
    RETURN = "return"


_PS, _PA = PaymentState, PaymentAction

PAYMENT_MACHINE = Machine(
    name="payment",
    table={
        _PS.OPEN: {_PA.PAY: _PS.PAID, _PA.CLOSE: _PS.CLOSED},
        # Paid after all, although nobody waited for it any more: what it was for decides.
        _PS.CLOSED: {_PA.PAY: _PS.PAID},
        _PS.PAID: {_PA.REFUND: _PS.REFUNDING},
        # WeChat has taken the order to pay it back, and says so when it is done.
        _PS.REFUNDING: {_PA.RETURN: _PS.REFUNDED},
        _PS.REFUNDED: {},
    },
)


class TryoutState(StrEnum):
    ASKED = "asked"
    OUT = "out"
    RETURNING = "returning"
    KEPT = "kept"
    RETURNED = "returned"
    CANCELLED = "cancelled"


class TryoutAction(StrEnum):
    DELIVER = "deliver"
    KEEP = "keep"
    RETURN = "return"
    TAKE_BACK = "take_back"
    CANCEL = "cancel"


_TS, _TA = TryoutState, TryoutAction

TRYOUT_MACHINE = Machine(
    name="tryout",
    table={
        # A unit is put aside; its delivery is booked like any visit, and its end starts the clock.
        _TS.ASKED: {_TA.DELIVER: _TS.OUT, _TA.CANCEL: _TS.CANCELLED},
        # In the home, be his time over or not: paid for it is his, else it is to be fetched.
        _TS.OUT: {_TA.KEEP: _TS.KEPT, _TA.RETURN: _TS.RETURNING},
        _TS.RETURNING: {_TA.TAKE_BACK: _TS.RETURNED},
        _TS.KEPT: {},
        _TS.RETURNED: {},
        _TS.CANCELLED: {},
    },
)
