"""What a visit and a proposal can be, and what each state allows."""

from enum import StrEnum

from kernel.machine import Machine


class VisitState(StrEnum):
    HELD = "held"
    PLANNED = "planned"
    READY = "ready"
    ASSIGNED = "assigned"
    ACCEPTED = "accepted"
    EN_ROUTE = "en_route"
    ARRIVED = "arrived"
    IN_SERVICE = "in_service"
    PAUSED = "paused"
    WORK_DONE = "work_done"
    DONE = "done"
    NO_SHOW = "no_show"
    REFUSED = "refused"
    ACCESS_FAILED = "access_failed"
    INCOMPLETE = "incomplete"
    CANCELLED = "cancelled"
    PROVIDER_NO_SHOW = "provider_no_show"


class VisitAction(StrEnum):
    COMMIT = "commit"
    RELEASE = "release"
    READY = "ready"
    UNREADY = "unready"
    ASSIGN = "assign"
    ACCEPT = "accept"
    DECLINE = "decline"
    UNASSIGN = "unassign"
    DEPART = "depart"
    ARRIVE = "arrive"
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    FINISH = "finish"
    SIGN = "sign"
    NOBODY = "nobody"
    VETO = "veto"
    REFUSE = "refuse"
    SHUT_OUT = "shut_out"
    BREAK_OFF = "break_off"
    CANCEL = "cancel"
    MISS = "miss"


_S, _A = VisitState, VisitAction

# Until somebody is on the way, the promise may be withdrawn by either side, or be missed by ours.
_WITHDRAWN = {_A.CANCEL: _S.CANCELLED, _A.MISS: _S.PROVIDER_NO_SHOW}

VISIT_MACHINE = Machine(
    name="visit",
    table={
        _S.HELD: {_A.COMMIT: _S.PLANNED, _A.RELEASE: _S.CANCELLED},
        _S.PLANNED: {_A.READY: _S.READY, _A.ASSIGN: _S.ASSIGNED, **_WITHDRAWN},
        # Goods, parts, address, presence and consent are all there, until one of them is not.
        _S.READY: {_A.UNREADY: _S.PLANNED, _A.ASSIGN: _S.ASSIGNED, **_WITHDRAWN},
        # Assigned again when the plan gives the visit to another technician, who must accept anew.
        _S.ASSIGNED: {
            _A.ACCEPT: _S.ACCEPTED,
            _A.ASSIGN: _S.ASSIGNED,
            _A.DECLINE: _S.PLANNED,
            # He is away that day after all.
            _A.UNASSIGN: _S.PLANNED,
            **_WITHDRAWN,
        },
        _S.ACCEPTED: {
            _A.DEPART: _S.EN_ROUTE,
            _A.ASSIGN: _S.ASSIGNED,
            _A.DECLINE: _S.PLANNED,
            _A.UNASSIGN: _S.PLANNED,
            **_WITHDRAWN,
        },
        # Once he is on his way no plan takes the visit from him; the member may still call it off.
        _S.EN_ROUTE: {_A.ARRIVE: _S.ARRIVED, **_WITHDRAWN},
        _S.ARRIVED: {
            _A.START: _S.IN_SERVICE,
            _A.NOBODY: _S.NO_SHOW,
            _A.REFUSE: _S.REFUSED,
            _A.SHUT_OUT: _S.ACCESS_FAILED,
            _A.BREAK_OFF: _S.INCOMPLETE,
        },
        _S.IN_SERVICE: {
            _A.PAUSE: _S.PAUSED,
            _A.FINISH: _S.WORK_DONE,
            _A.REFUSE: _S.REFUSED,
            _A.BREAK_OFF: _S.INCOMPLETE,
        },
        _S.PAUSED: {_A.RESUME: _S.IN_SERVICE, _A.BREAK_OFF: _S.INCOMPLETE},
        # The member signs and pays, or a day passes.
        _S.WORK_DONE: {_A.SIGN: _S.DONE},
        # A dispatcher who does not believe it turns it into a door that stayed shut: no strike.
        _S.NO_SHOW: {_A.VETO: _S.ACCESS_FAILED},
        _S.REFUSED: {},
        _S.ACCESS_FAILED: {},
        _S.INCOMPLETE: {},
        _S.DONE: {},
        _S.CANCELLED: {},
        _S.PROVIDER_NO_SHOW: {},
    },
)

# He has been at the door and has left it.
LEFT = frozenset({_S.WORK_DONE, _S.DONE, _S.NO_SHOW, _S.REFUSED, _S.ACCESS_FAILED, _S.INCOMPLETE})
# On the road or at the door.
UNDER_WAY = frozenset({_S.EN_ROUTE, _S.ARRIVED, _S.IN_SERVICE, _S.PAUSED})
# On the road or later: part of the frozen past of its route.
STARTED = UNDER_WAY | LEFT
# Stands in a route and may still be moved by a better plan.
MOVABLE = frozenset({_S.HELD, _S.PLANNED, _S.READY, _S.ASSIGNED, _S.ACCEPTED})
# Owed to somebody, and nobody has set out for it yet.
OWED = MOVABLE - {_S.HELD}
# Has a technician that people were told about.
# Somebody said yes to it and has not arrived.
ACCEPTED = frozenset({_S.ACCEPTED, _S.EN_ROUTE})
TOLD = frozenset({_S.ASSIGNED, _S.ACCEPTED}) | STARTED
# Over without having been attended: it stands in no route.
OUT = frozenset({_S.CANCELLED, _S.PROVIDER_NO_SHOW})


class Trouble(StrEnum):
    """Why a visit was not made as promised."""

    NOBODY_HOME = "nobody_home"
    REFUSED = "refused"
    WRONG_ADDRESS = "wrong_address"
    NO_ACCESS = "no_access"
    MISSING_PART = "missing_part"
    NOT_INSTALLABLE = "not_installable"
    UNFINISHED = "unfinished"
    VETOED = "vetoed"
    MOVED = "moved"
    MEMBER = "member"
    PROVIDER = "provider"
    UNANSWERED = "unanswered"
    MISSED = "missed"


class Proof(StrEnum):
    """What is kept of a door. The evidence clock counts that he stood there, called twice and wrote
    once; beside it a technician asks to begin without a code, and a member signs with his finger."""

    ARRIVAL = "arrival"
    CALL = "call"
    MESSAGE = "message"
    RELEASE_ASKED = "release_asked"
    SIGNATURE = "signature"


class ProposalState(StrEnum):
    PENDING = "pending"
    READY = "ready"
    ACCEPTED = "accepted"
    DISCARDED = "discarded"
    OUTDATED = "outdated"
    FAILED = "failed"
    UNDONE = "undone"


class ProposalAction(StrEnum):
    SOLVE = "solve"
    FAIL = "fail"
    ACCEPT = "accept"
    DISCARD = "discard"
    OUTDATE = "outdate"
    UNDO = "undo"


_PS, _PA = ProposalState, ProposalAction

PROPOSAL_MACHINE = Machine(
    name="proposal",
    table={
        # Solved by whoever holds the lease; three hands that die in it make it fail.
        _PS.PENDING: {_PA.SOLVE: _PS.READY, _PA.FAIL: _PS.FAILED},
        # Another proposal for the same day was accepted first.
        _PS.READY: {
            _PA.ACCEPT: _PS.ACCEPTED,
            _PA.DISCARD: _PS.DISCARDED,
            _PA.OUTDATE: _PS.OUTDATED,
        },
        _PS.OUTDATED: {_PA.DISCARD: _PS.DISCARDED},
        _PS.FAILED: {_PA.DISCARD: _PS.DISCARDED},
        # While nothing has happened since on the routes that it changed.
        _PS.ACCEPTED: {_PA.UNDO: _PS.UNDONE},
        _PS.UNDONE: {},
        _PS.DISCARDED: {},
    },
)
