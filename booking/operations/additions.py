"""增项: what a technician finds necessary at the door, off the price card, approved by the member."""

from datetime import datetime

from sqlalchemy import func, select

from booking import policy, pricing, queries
from booking.events import AdditionAsked, AdditionDecided
from booking.models import Addition, Booking
from booking.operations.steps import facts_of, locked
from booking.states import AdditionAction, AdditionState
from dispatch import queries as dispatch
from dispatch.operations import visits
from dispatch.states import VisitState
from kernel import outbox
from kernel.actor import SYSTEM, Actor
from kernel.db import Session
from kernel.errors import Conflict, Missing
from kernel.machine import IllegalMove
from kernel.numbers import new_number
from kernel.words import msg

ADDITIONS_MAX = 10
_AT_WORK = frozenset({VisitState.ARRIVED, VisitState.IN_SERVICE, VisitState.PAUSED})


class AdditionMissing(Missing):
    """No such addition, or it is another member's."""

    says = msg("没有这一项增项。")


class TooManyAdditions(Conflict):
    """ADDITIONS_MAX are asked for already."""

    code = "too_many_additions"
    says = msg("增项已有 10 项，请先与业主商量。")


def ask(
    db: Session, *, visit_number: str, code: str, count: int, reason: str, by: Actor, now: datetime
) -> Addition:
    """Ask the member for something that the service's price card lists.

    Raises VisitMissing, BadOption, TooManyAdditions, IllegalMove when he is not at the door.
    """
    known = dispatch.visit_by_number(db, visit_number)
    booking = locked(db, queries.booking_of_visit(db, known.id).number, SYSTEM)
    visit = visits.own(db, visit_number, by)
    if visit.state not in _AT_WORK:
        raise IllegalMove(machine="visit", state=visit.state.value, action="add")
    if _count(db, booking) >= ADDITIONS_MAX:
        raise TooManyAdditions
    service = queries.services_by_id(db)[booking.service_id]
    line = pricing.priced(service.options, code=code, count=count)
    addition = Addition(
        number=new_number("A"),
        booking_id=booking.id,
        visit_id=visit.id,
        code=code,
        name=line.name,
        count=count,
        price=line.price,
        work_s=line.work_s,
        reason=reason,
        asked_at=now,
        state=AdditionState.ASKED,
    )
    db.add(addition)
    db.flush()
    outbox.record(db, AdditionAsked(at=now, addition_number=addition.number, **facts_of(booking)))
    return addition


def decide(db: Session, *, number: str, approved: bool, by: Actor, now: datetime) -> Addition:
    """Say the member's yes or no: a yes makes it part of the price, and of the time it takes.

    Raises AdditionMissing, IllegalMove when it was decided or taken back, or the technician, done or
    not, has left: nobody pays for what can no longer be done.
    """
    addition, booking = _locked(db, number, by)
    if approved and dispatch.fresh_visit(db, addition.visit_id).state not in _AT_WORK:
        raise IllegalMove(machine="addition", state=addition.state.value, action="approve")
    addition.advance(AdditionAction.APPROVE if approved else AdditionAction.REFUSE, now=now)
    if approved:
        booking.price += addition.price
        visits.lengthen(db, visit_id=addition.visit_id, work_s=addition.work_s, now=now)
    _tell(db, booking, addition, now=now)
    return addition


def withdraw(db: Session, *, number: str, by: Actor, now: datetime) -> Addition:
    """Take back what was asked for and not decided. Raises AdditionMissing, IllegalMove."""
    # The member's lock first: he may agree to it at the same instant.
    addition, booking = _locked(db, number, SYSTEM)
    visits.own(db, dispatch.visit(db, addition.visit_id).number, by)
    addition.advance(AdditionAction.WITHDRAW, now=now)
    _tell(db, booking, addition, now=now)
    return addition


def _locked(db: Session, number: str, by: Actor) -> tuple[Addition, Booking]:
    addition = _found(db, number)
    try:
        booking = locked(db, queries.by_id(db, addition.booking_id).number, by)
    except policy.BookingMissing as error:
        raise AdditionMissing from error
    db.refresh(addition)
    return addition, booking


def _found(db: Session, number: str) -> Addition:
    found = db.scalars(select(Addition).where(Addition.number == number)).one_or_none()
    if found is None:
        raise AdditionMissing
    return found


def _count(db: Session, booking: Booking) -> int:
    return db.scalar(select(func.count()).where(Addition.booking_id == booking.id)) or 0


def _tell(db: Session, booking: Booking, addition: Addition, *, now: datetime) -> None:
    told = AdditionDecided(
        at=now,
        addition_number=addition.number,
        state=addition.state.value,
        **facts_of(booking),
    )
    outbox.record(db, told)
