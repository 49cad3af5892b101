"""When a visit goes wrong at the door: the evidence, and the ways in which it ends.

Each leaves the technician free from now on, so that the rest of his day is timed anew.
"""

from collections.abc import Mapping
from datetime import datetime

from dispatch import queries
from dispatch.events import EvidenceAdded, VisitFailed
from dispatch.models import Evidence, Visit
from dispatch.operations import plan as plans
from dispatch.operations.steps import facts_of, move
from dispatch.operations.visits import own, technician_of
from dispatch.policy import EvidenceClock, check_nobody, evidence_clock
from dispatch.states import VISIT_MACHINE, Proof, Trouble, VisitAction, VisitState
from kernel import outbox
from kernel.actor import Actor
from kernel.db import Session
from kernel.errors import Conflict, Invalid
from kernel.machine import IllegalMove
from kernel.words import msg

PROOFS_MAX = 20
SHUT_OUT_CAUSES = frozenset({Trouble.WRONG_ADDRESS, Trouble.NO_ACCESS})
BREAK_OFF_CAUSES = frozenset({Trouble.MISSING_PART, Trouble.NOT_INSTALLABLE, Trouble.UNFINISHED})


class BadCause(Invalid):
    """The cause is not one of those that can end a visit in this way."""

    code = "bad_cause"
    says = msg("请选一个原因。")


class TooManyProofs(Conflict):
    """PROOFS_MAX proofs are kept already."""

    code = "too_many_proofs"
    says = msg("证据已经够了，不用再加。")


def add_proof(
    db: Session,
    *,
    number: str,
    kind: Proof,
    by: Actor,
    now: datetime,
    facts: Mapping[str, object] | None = None,
) -> Evidence:
    """Keep one more proof of standing at the door: a call, a message, a photo, that he asks for a code.

    Raises VisitMissing, TooManyProofs, IllegalMove when he is not at the door.
    """
    visit = own(db, number, by)
    if visit.state is not VisitState.ARRIVED:
        raise IllegalMove(machine="visit", state=visit.state.value, action="prove")
    if len(queries.evidence(db, visit.id)) >= PROOFS_MAX:
        raise TooManyProofs
    proof = Evidence(visit_id=visit.id, kind=kind.value, facts=dict(facts or {}), at=now)
    db.add(proof)
    db.flush()
    outbox.record(db, EvidenceAdded(at=now, kind=kind.value, **facts_of(visit)))
    return proof


def clock_of(db: Session, visit: Visit) -> EvidenceClock | None:
    """Return what is proven at the door of a visit; None before somebody arrived there."""
    if visit.arrived_at is None:
        return None
    proofs = [(proof.kind, proof.at) for proof in queries.evidence(db, visit.id)]
    return evidence_clock(arrived_at=visit.arrived_at, proofs=proofs)


def nobody(db: Session, *, number: str, by: Actor, now: datetime) -> Visit:
    """Leave a door that nobody opened, once the evidence clock has run out.

    Raises VisitMissing, EvidenceMissing, IllegalMove.
    """
    visit = own(db, number, by)
    if VISIT_MACHINE.allows(visit.state, VisitAction.NOBODY):
        clock = clock_of(db, visit)
        assert clock is not None
        check_nobody(clock, now=now)
    return _leave(db, visit, VisitAction.NOBODY, cause=Trouble.NOBODY_HOME, by=by, now=now)


def refuse(db: Session, *, number: str, by: Actor, now: datetime) -> Visit:
    """Leave a door at which the work was refused. Raises VisitMissing, IllegalMove."""
    visit = own(db, number, by)
    return _leave(db, visit, VisitAction.REFUSE, cause=Trouble.REFUSED, by=by, now=now)


def shut_out(db: Session, *, number: str, cause: Trouble, by: Actor, now: datetime) -> Visit:
    """Leave a door that could not be reached. Raises VisitMissing, BadCause, IllegalMove."""
    if cause not in SHUT_OUT_CAUSES:
        raise BadCause(field="cause")
    visit = own(db, number, by)
    return _leave(db, visit, VisitAction.SHUT_OUT, cause=cause, by=by, now=now)


def break_off(db: Session, *, number: str, cause: Trouble, by: Actor, now: datetime) -> Visit:
    """Leave work that cannot be finished today. Raises VisitMissing, BadCause, IllegalMove."""
    if cause not in BREAK_OFF_CAUSES:
        raise BadCause(field="cause")
    visit = own(db, number, by)
    return _leave(db, visit, VisitAction.BREAK_OFF, cause=cause, by=by, now=now)


def veto(db: Session, *, number: str, by: Actor, now: datetime) -> Visit:
    """Do not believe that nobody was home: the door counts as shut, and nobody is to blame.

    Raises VisitMissing, IllegalMove.
    """
    visit = own(db, number, by)
    move(db, visit, VisitAction.VETO, by=by, now=now, cause=Trouble.VETOED.value)
    visit.cause = Trouble.VETOED.value
    outbox.record(
        db, VisitFailed(at=now, state=visit.state.value, cause=visit.cause, **facts_of(visit))
    )
    return visit


def _leave(
    db: Session, visit: Visit, action: VisitAction, *, cause: Trouble, by: Actor, now: datetime
) -> Visit:
    move(db, visit, action, by=by, now=now, cause=cause.value)
    visit.cause, visit.finished_at, visit.paused_at = cause.value, now, None
    db.flush()
    plans.retime(
        db,
        technician_id=technician_of(visit),
        branch_id=visit.branch_id,
        day=visit.day,
        now=now,
    )
    outbox.record(
        db, VisitFailed(at=now, state=visit.state.value, cause=cause.value, **facts_of(visit))
    )
    return visit
