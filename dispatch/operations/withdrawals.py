"""Visits that nobody makes: called off, missed by us, or in need of another technician."""

from datetime import date, datetime

from sqlalchemy import select

from dispatch import live, queries
from dispatch.events import VisitCancelled, VisitReadied
from dispatch.models import Shift, Visit
from dispatch.operations import plan as plans
from dispatch.operations import publishing, rehousing
from dispatch.operations.steps import facts_of, move
from dispatch.policy import OVERTIME_MAX_S
from dispatch.states import OWED, STARTED, Trouble, VisitAction, VisitState
from kernel import outbox
from kernel.actor import Actor
from kernel.clock import second_of_day
from kernel.db import Session
from kernel.errors import ChangedMeanwhile, Conflict, Missing
from kernel.machine import IllegalMove
from kernel.words import msg


class NotOnShift(Missing):
    """The technician does not work that day."""

    says = msg("这位师傅那天不上班。")


class TooLong(Conflict):
    """He would stay longer than may be asked of anybody."""

    code = "too_long"
    says = msg("加班不能超过每天 30 分钟。")


class DoesNotFit(Conflict):
    """The visit does not fit into that technician's day without breaking a promise or what crosses routes."""

    code = "does_not_fit"
    says = msg("排不进这位师傅的路线：会打破其他承诺或派单关联，或他不能做这项服务。")


def cancel(db: Session, *, visit_id: int, cause: Trouble, by: Actor, now: datetime) -> Visit:
    """Call a visit off before anybody is at the door. Raises IllegalMove."""
    return _withdraw(db, visit_id, VisitAction.CANCEL, cause=cause, by=by, now=now)


def miss(db: Session, *, visit_id: int, by: Actor, now: datetime) -> Visit:
    """Write down that we did not come. Raises IllegalMove."""
    return _withdraw(db, visit_id, VisitAction.MISS, cause=Trouble.MISSED, by=by, now=now)


def set_ready(db: Session, *, visit_id: int, ready: bool, by: Actor, now: datetime) -> Visit:
    """Write down that everything a planned visit needs is there, or no longer; what is neither
    planned nor ready stays as it is."""
    known = plans.visit_row(db, visit_id)
    plans.lock_row(db, branch_id=known.branch_id, day=known.day)
    visit = plans.visit_row(db, visit_id)
    wanted = VisitState.PLANNED if ready else VisitState.READY
    if visit.state is wanted:
        action = VisitAction.READY if ready else VisitAction.UNREADY
        move(db, visit, action, by=by, now=now)
        outbox.record(db, VisitReadied(at=now, ready=ready, **facts_of(visit)))
    return visit


def hand_over(
    db: Session,
    *,
    number: str,
    technician_id: int,
    version: int,
    by: Actor,
    now: datetime,
    until_s: int | None = None,
) -> Visit:
    """Give a visit to a technician of a dispatcher's choice, proven within its window.

    `version` is the visit's, as the dispatcher saw it; a pin goes with it. What was told of another is
    told anew; on a day not published yet only the plan changes. With `until_s` he has agreed to stay
    until then, OVERTIME_MAX_S after his shift at most. Raises VisitMissing, ChangedMeanwhile,
    DoesNotFit, TooLong, NotOnShift, IllegalMove once somebody is on the way.
    """
    visit = in_hand(db, number=number, version=version, by=by, now=now)
    plans.take_out(db, visit, now=now)
    if until_s is not None:
        lengthen_shift(db, technician_id=technician_id, day=visit.day, until_s=until_s)
    locked = plans.lock_day(db, branch_id=visit.branch_id, day=visit.day, now=now)
    if not rehousing.put_with(db, locked, visit, technician_id=technician_id, now=now):
        raise DoesNotFit(field="technician")
    visit.pinned_id = visit.pinned_id and technician_id
    was_told = visit.technician_id is not None or locked.row.published_at is not None
    if was_told and visit.technician_id != technician_id:
        publishing.assign(db, visit, technician_id, by=by, now=now)
    return visit


def in_hand(db: Session, *, number: str, version: int, by: Actor, now: datetime) -> Visit:
    """Return a visit that a dispatcher may move, with its day locked, as he saw it.

    Raises VisitMissing, ChangedMeanwhile, IllegalMove once somebody is on the way.
    """
    known = queries.visit_by_number(db, number)
    if not by.sees_branch(known.branch_id):
        raise queries.VisitMissing
    plans.lock_row(db, branch_id=known.branch_id, day=known.day)
    visit = plans.visit_row(db, known.id)
    if visit.version != version:
        raise ChangedMeanwhile
    if visit.state not in OWED:
        raise IllegalMove(machine="visit", state=visit.state.value, action="hand_over")
    return visit


def lengthen_shift(db: Session, *, technician_id: int, day: date, until_s: int) -> None:
    """Let him stay until then, as he has agreed; never shorter. Raises TooLong, NotOnShift."""
    shift = shift_of(db, technician_id, day)
    if until_s - shift.shuts_s > OVERTIME_MAX_S:
        raise TooLong(field="until")
    shift.shuts_s = max(shift.shuts_s, until_s)
    db.flush()
    live.mark_changed(db, branch_id=shift.branch_id, day=day)


def send_home(
    db: Session, *, technician_id: int, day: date, reason: str, by: Actor, now: datetime
) -> list[int]:
    """Take a technician off a day (leave, illness); return the visits that found nobody else.

    What he has begun stays his. Everything else finds another technician within its window where
    one can take it; what cannot is named as unserved and waits for a person. Raises NotOnShift.
    """
    left = take_off(db, technician_id=technician_id, day=day, reason=reason, by=by, now=now)
    return [
        visit.id
        for visit in left
        if rehousing.give_back(db, visit, cause="absent", by=by, now=now) is None
    ]


def take_off(
    db: Session, *, technician_id: int, day: date, reason: str, by: Actor, now: datetime
) -> list[Visit]:
    """Take a technician off a day; return what he has not begun, by window, now in no route.

    Raises NotOnShift.
    """
    shift = shift_of(db, technician_id, day)
    day_row = plans.lock_row(db, branch_id=shift.branch_id, day=day)
    row = queries.route_of(db, technician_id=technician_id, day=day)
    held = queries.visits_by_id(db, [stop[0] for stop in row.stops] if row else [])
    begun = [visit for visit in held.values() if visit.state in STARTED]
    left = sorted(
        (visit for visit in held.values() if visit.state not in STARTED),
        key=lambda visit: (visit.opens_s, visit.id),
    )
    for visit in left:
        unassign(db, visit, cause=reason, by=by, now=now)
    if row is not None:
        row.stops = [stop for stop in row.stops if held[stop[0]].state in STARTED]
    if begun:
        shift.shuts_s = max(shift.opens_s + 1, min(shift.shuts_s, second_of_day(now, day)))
    else:
        shift.absent = reason
    db.flush()
    plans.changed(db, day_row, now=now)
    return left


def unassign(db: Session, visit: Visit, *, cause: str, by: Actor, now: datetime) -> None:
    """Take a visit out of its route, and tell him who was told of it; the caller writes the route."""
    visit.route_id = visit.pinned_id = None
    if visit.state in (VisitState.ASSIGNED, VisitState.ACCEPTED):
        rehousing.take_from(db, visit, now=now)
        move(db, visit, VisitAction.UNASSIGN, by=by, now=now, cause=cause)


def call_back(db: Session, *, technician_id: int, day: date, now: datetime) -> None:
    """Let a technician who was to be away work that day after all. Raises NotOnShift."""
    shift = shift_of(db, technician_id, day, absent=True)
    day_row = plans.lock_row(db, branch_id=shift.branch_id, day=day)
    shift.absent = ""
    plans.changed(db, day_row, now=now)


def serve_unserved(db: Session, *, visit_id: int, by: Actor, now: datetime) -> bool:
    """Try once more to find somebody for a visit that stands in no route; True when found."""
    known = plans.visit_row(db, visit_id)
    plans.lock_row(db, branch_id=known.branch_id, day=known.day)
    visit = plans.visit_row(db, visit_id)
    if visit.route_id is not None or visit.state not in OWED:
        return visit.route_id is not None
    return rehousing.give_back(db, visit, cause="tried again", by=by, now=now) is not None


def _withdraw(
    db: Session, visit_id: int, action: VisitAction, *, cause: Trouble, by: Actor, now: datetime
) -> Visit:
    known = plans.visit_row(db, visit_id)
    plans.lock_row(db, branch_id=known.branch_id, day=known.day)
    visit = plans.visit_row(db, visit_id)
    move(db, visit, action, by=by, now=now, cause=cause.value)
    visit.cause, visit.held_until = cause.value, None
    outbox.record(db, VisitCancelled(at=now, cause=cause.value, **facts_of(visit)))
    plans.take_out(db, visit, now=now)
    return visit


def shift_of(db: Session, technician_id: int, day: date, *, absent: bool = False) -> Shift:
    """Return the shift he works that day, or that he was to work and is `absent` from.

    Raises NotOnShift.
    """
    shift = any_shift_of(db, technician_id, day)
    if bool(shift.absent) != absent:
        raise NotOnShift
    return shift


def any_shift_of(db: Session, technician_id: int, day: date) -> Shift:
    """Return his shift of that day, whether or not he works it. Raises NotOnShift."""
    found = select(Shift).where(Shift.technician_id == technician_id, Shift.day == day)
    shift = db.scalars(found).one_or_none()
    if shift is None:
        raise NotOnShift
    return shift
