"""What a visit and a proposal can be, and what each state allows."""

from enum import StrEnum

from kernel.machine import Machine


class VisitState(StrEnum):
    HELD = "held"
    PLANNED = "planned"
    ASSIGNED = "assigned"
    ACCEPTED = "accepted"
    EN_ROUTE = "en_route"
    ARRIVED = "arrived"
    IN_SERVICE = "in_service"
    DONE = "done"
    CANCELLED = "cancelled"


class VisitAction(StrEnum):
    COMMIT = "commit"
    RELEASE = "release"
    ASSIGN = "assign"
    ACCEPT = "accept"
    DEPART = "depart"
    ARRIVE = "arrive"
    START = "start"
    FINISH = "finish"


_S, _A = VisitState, VisitAction

VISIT_MACHINE = Machine(
    name="visit",
    table={
        _S.HELD: {_A.COMMIT: _S.PLANNED, _A.RELEASE: _S.CANCELLED},
        _S.PLANNED: {_A.ASSIGN: _S.ASSIGNED},
        # Assigned again when the plan gives the visit to another technician, who must accept anew.
        _S.ASSIGNED: {_A.ACCEPT: _S.ACCEPTED, _A.ASSIGN: _S.ASSIGNED},
        _S.ACCEPTED: {_A.DEPART: _S.EN_ROUTE, _A.ASSIGN: _S.ASSIGNED},
        # Once he is on his way nothing takes the visit from him.
        _S.EN_ROUTE: {_A.ARRIVE: _S.ARRIVED},
        _S.ARRIVED: {_A.START: _S.IN_SERVICE},
        _S.IN_SERVICE: {_A.FINISH: _S.DONE},
        _S.DONE: {},
        _S.CANCELLED: {},
    },
)

# On the road or later: part of the frozen past of its route.
STARTED = frozenset({_S.EN_ROUTE, _S.ARRIVED, _S.IN_SERVICE, _S.DONE})
# Stands in a route and may still be moved by a better plan.
MOVABLE = frozenset({_S.HELD, _S.PLANNED, _S.ASSIGNED, _S.ACCEPTED})
# Has a technician that people were told about.
TOLD = frozenset({_S.ASSIGNED, _S.ACCEPTED}) | STARTED


class ProposalState(StrEnum):
    PENDING = "pending"
    READY = "ready"
    ACCEPTED = "accepted"
    DISCARDED = "discarded"
    OUTDATED = "outdated"
    FAILED = "failed"


class ProposalAction(StrEnum):
    SOLVE = "solve"
    FAIL = "fail"
    ACCEPT = "accept"
    DISCARD = "discard"
    OUTDATE = "outdate"


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
        _PS.ACCEPTED: {},
        _PS.DISCARDED: {},
    },
)
