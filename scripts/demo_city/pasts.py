"""Members with a past: promises of weeks ago that came to nothing, and the strikes they brought.

Each is as the operations would have left it: reached through its machine, with its steps, its proofs
and its place in the technician's day.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import inspect, select

from booking.models import Booking, BookingStep, Draft, Promise
from booking.policy import HOLD_LIFE, Cause, Ending
from booking.states import KEPT, PROMISED, BookingAction, BookingState
from dispatch.models import Evidence, Visit, VisitStep
from dispatch.operations import plan
from dispatch.states import Proof, VisitAction, VisitState
from kernel.actor import SYSTEM, Actor, Role
from kernel.clock import local_date, second_of_day
from kernel.db import Base, Session, transaction
from kernel.numbers import new_service_code
from members.operations import strikes
from members.risk import StrikeKind
from members.strike_models import Strike
from scripts.demo_city.stage import NOW, dice, number

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
WINDOW = 2 * HOUR
# Days ago, by the rung they lead to; the last member is stopped.
PASTS = ((40,), (40, 55), (12, 50), (10, 33, 61))
KINDS = (StrikeKind.NO_SHOW, StrikeKind.LATE_CANCEL, StrikeKind.REFUSED)
_ENDS = {
    StrikeKind.NO_SHOW: (VisitAction.NOBODY, BookingAction.FAIL, Cause.NOBODY_HOME, Ending.FAILED),
    StrikeKind.REFUSED: (VisitAction.REFUSE, BookingAction.FAIL, Cause.REFUSED, Ending.FAILED),
    StrikeKind.LATE_CANCEL: (
        VisitAction.CANCEL,
        BookingAction.CANCEL,
        Cause.MEMBER,
        Ending.CANCELLED,
    ),
}
# He stands at the door for so long; what he did there, by the minute after he came.
_STAY = 22 * MINUTE
_PROOFS: tuple[tuple[int, Proof, dict[str, int]], ...] = (
    (0, Proof.ARRIVAL, {"metres": 35}),
    (3, Proof.CALL, {}),
    (5, Proof.MESSAGE, {}),
    (12, Proof.CALL, {}),
)

Row = TypeVar("Row", bound=Base)


def climb_the_ladder() -> None:
    """Give members a past, so that every rung has somebody, and one is stopped."""
    with transaction(reads_only=True) as db:
        served = _served(db)
    for done, past in zip(served, PASTS, strict=False):
        for kind, days in zip(KINDS, past, strict=False):
            with transaction() as db:
                strike = _strike(db, done.id, kind=kind, at=NOW - timedelta(days=days))
            with transaction() as db:
                strikes.post_strike(db, number=strike.number, now=strike.posts_at)


def _served(db: Session) -> Iterable[Booking]:
    """Return one booking that was done of each member whom nobody owes a visit now."""
    owed = select(Booking.member_id).where(Booking.state.in_(PROMISED | KEPT))
    found = select(Booking).where(
        Booking.state == BookingState.COMPLETED, Booking.member_id.not_in(owed)
    )
    return {row.member_id: row for row in db.scalars(found.order_by(Booking.id.desc()))}.values()


def _strike(db: Session, done_id: int, *, kind: StrikeKind, at: datetime) -> Strike:
    """Write a promise to the same home that came to nothing at that instant, and its strike."""
    visit_ends, booking_ends, cause, ending = _ENDS[kind]
    at_door = kind is not StrikeKind.LATE_CANCEL
    opens_at = at - HOUR if at_door else at + HOUR
    done = db.get_one(Booking, done_id)
    draft, visit, booking = _rows(db, done, opens_at=opens_at, ended_at=at, at_door=at_door)
    member, technician = (
        Actor(booking.member_id, Role.MEMBER),
        Actor(visit.technician_id or 0, Role.TECHNICIAN),
    )

    _walk_visit(db, visit, visit_ends, member, technician, at=at, at_door=at_door)
    visit.cause, booking.cause = cause.value, cause.value
    _step(db, booking, None, member, draft.made_at)
    _step(db, booking, BookingAction.COMMIT, member, draft.made_at + MINUTE)
    _step(db, booking, booking_ends, technician if at_door else member, at, cause=cause.value)
    db.add(
        Promise(
            booking_id=booking.id,
            visit_id=visit.id,
            service_id=booking.service_id,
            starts_at=booking.starts_at,
            ends_at=booking.ends_at,
            promised_at=draft.made_at + MINUTE,
            ended_at=at,
            ending=ending.value,
        )
    )
    return strikes.open_strike(
        db,
        member_id=booking.member_id,
        kind=kind,
        booking_number=booking.number,
        branch_id=booking.branch_id,
        evidence=_evidence(db, visit, booking, at=at) if at_door else _cancelled(booking, at),
        now=at,
    )


def _rows(
    db: Session, done: Booking, *, opens_at: datetime, ended_at: datetime, at_door: bool
) -> tuple[Draft, Visit, Booking]:
    throw = dice(f"past:{done.number}:{ended_at.isoformat()}")
    made_at = opens_at - timedelta(days=2)
    draft = _again(db.get_one(Draft, done.draft_id), number=number(throw, "D"), made_at=made_at)
    visit = _again(
        db.get_one(Visit, done.visit_id),
        number=number(throw, "V"),
        day=local_date(opens_at),
        opens_s=second_of_day(opens_at, local_date(opens_at)),
        shuts_s=second_of_day(opens_at + WINDOW, local_date(opens_at)),
        route_id=None,
        service_code=new_service_code(),
        departed_at=ended_at - _STAY - 20 * MINUTE if at_door else None,
        arrived_at=ended_at - _STAY if at_door else None,
        started_at=None,
        finished_at=ended_at if at_door else None,
        signed_at=None,
        state=VisitState.HELD,
        state_since=made_at,
    )
    db.add_all([draft, visit])
    db.flush()
    booking = _again(
        done,
        number=number(throw, "B"),
        draft_id=draft.id,
        visit_id=visit.id,
        starts_at=opens_at,
        ends_at=opens_at + WINDOW,
        made_at=made_at,
        held_until=made_at + HOLD_LIFE,
        look_at=None,
        state=BookingState.HELD,
        state_since=made_at,
    )
    db.add(booking)
    db.flush()
    return draft, visit, booking


def _again(row: Row, **changes: object) -> Row:
    """Return another row like that one but for the changes."""
    own = {a.key for a in inspect(type(row)).column_attrs} - {"id", "version"}
    return type(row)(**{key: getattr(row, key) for key in own} | changes)


def _walk_visit(
    db: Session,
    visit: Visit,
    ends: VisitAction,
    member: Actor,
    technician: Actor,
    *,
    at: datetime,
    at_door: bool,
) -> None:
    made_at, evening = visit.state_since, at - 15 * HOUR
    _step(db, visit, None, member, made_at)
    _step(db, visit, VisitAction.COMMIT, member, made_at + MINUTE)
    _step(db, visit, VisitAction.ASSIGN, SYSTEM, evening)
    _step(db, visit, VisitAction.ACCEPT, technician, evening + MINUTE)
    if at_door and visit.departed_at and visit.arrived_at:
        _step(db, visit, VisitAction.DEPART, technician, visit.departed_at)
        _step(db, visit, VisitAction.ARRIVE, technician, visit.arrived_at)
        _step(db, visit, ends, technician, at)
        row = plan.route_row(
            db, branch_id=visit.branch_id, technician_id=technician.id, day=visit.day
        )
        came_s, left_s = second_of_day(visit.arrived_at, visit.day), second_of_day(at, visit.day)
        row.stops = [*row.stops, [visit.id, came_s, came_s, left_s]]
        visit.route_id = row.id
    else:
        _step(db, visit, ends, member, at)


def _step(
    db: Session,
    row: Visit | Booking,
    action: VisitAction | BookingAction | None,
    by: Actor,
    at: datetime,
    *,
    cause: str = "",
) -> None:
    """Move the row along its machine and write the step; without an action, its birth."""
    if action is not None:
        row.advance(action, now=at)  # type: ignore[arg-type]  # each is moved along its own machine
    said = {
        "action": action.value if action else "create",
        "state": row.state,
        "actor_role": by.role.value,
        "actor_id": by.id,
        "at": at,
    }
    db.flush()
    if isinstance(row, Visit):
        known = db.scalars(select(VisitStep.seq).where(VisitStep.visit_id == row.id)).all()
        db.add(VisitStep(visit_id=row.id, seq=len(known) + 1, **said))
    else:
        known = db.scalars(select(BookingStep.seq).where(BookingStep.booking_id == row.id)).all()
        db.add(BookingStep(booking_id=row.id, seq=len(known) + 1, cause=cause, **said))


def _evidence(db: Session, visit: Visit, booking: Booking, *, at: datetime) -> dict[str, object]:
    """Write the proofs of the door and return what the strike rests on."""
    assert visit.arrived_at is not None
    nobody = visit.state is VisitState.NO_SHOW
    proofs = []
    for minute, kind, facts in _PROOFS if nobody else _PROOFS[:1]:
        when = visit.arrived_at + minute * MINUTE
        db.add(Evidence(visit_id=visit.id, kind=kind.value, facts=facts, at=when))
        proofs.append({"kind": kind.value, "at": when.isoformat(), **facts})
    return {
        "visit": visit.number,
        "technician_id": visit.technician_id,
        "starts_at": booking.starts_at.isoformat(),
        "ends_at": booking.ends_at.isoformat(),
        "arrived_at": visit.arrived_at.isoformat(),
        "left_at": at.isoformat(),
        "proofs": proofs,
    }


def _cancelled(booking: Booking, at: datetime) -> dict[str, object]:
    return {"cancelled_at": at.isoformat(), "starts_at": booking.starts_at.isoformat()}
