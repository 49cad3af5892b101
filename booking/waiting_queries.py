"""Reads of the waiting list."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import ColumnElement, false, func, select, true

from booking import waiting
from booking.models import Booking
from booking.states import KEPT, WaitingState
from booking.waiting import WaitingMissing
from booking.waiting_models import Waiting
from kernel.actor import Actor, Role
from kernel.db import Session

_OPEN = (WaitingState.WAITING, WaitingState.OFFERED)


def waiting_by_number(db: Session, *, number: str, by: Actor) -> Waiting:
    """Return a place in a line that the actor may see. Raises WaitingMissing."""
    found = select(Waiting).where(Waiting.number == number, _visible_to(by))
    row = db.scalars(found).one_or_none()
    if row is None:
        raise WaitingMissing
    return row


def waitings_of(db: Session, member_id: int, *, limit: int = 50) -> Sequence[Waiting]:
    """Return where the member stands in line or has stood, newest first."""
    found = select(Waiting).where(Waiting.member_id == member_id)
    return db.scalars(found.order_by(Waiting.id.desc()).limit(limit)).all()


def open_of(db: Session, member_id: int) -> Sequence[Waiting]:
    """Return where the member stands in line now, or has an offer, oldest first."""
    found = select(Waiting).where(Waiting.member_id == member_id, Waiting.state.in_(_OPEN))
    return db.scalars(found.order_by(Waiting.id)).all()


def line(db: Session, *, branch_id: int, day: date) -> Sequence[Waiting]:
    """Return who waits for that day of that branch, the first in line first."""
    found = select(Waiting).where(
        Waiting.state == WaitingState.WAITING,
        Waiting.branch_id == branch_id,
        Waiting.day == day,
    )
    return db.scalars(found.order_by(Waiting.id)).all()


def lines_of_branch(
    db: Session,
    *,
    branch_id: int,
    first: date,
    state: WaitingState | None = None,
    limit: int = 50,
    offset: int = 0,
) -> tuple[Sequence[Waiting], int]:
    """Return a page of who waits, or has an offer, for a day of the branch from `first` on; with
    `state` those of that state. By day, the first in line first; and how many there are."""
    where = [Waiting.branch_id == branch_id, Waiting.day >= first]
    where.append(Waiting.state == state if state is not None else Waiting.state.in_(_OPEN))
    total = db.scalar(select(func.count()).select_from(Waiting).where(*where)) or 0
    page = select(Waiting).where(*where).order_by(Waiting.day, Waiting.id)
    return db.scalars(page.limit(limit).offset(offset)).all(), total


def position_of(db: Session, row: Waiting) -> int:
    """Return the place in line of one who waits; 1 is the first."""
    ahead = select(Waiting.windows).where(
        Waiting.state == WaitingState.WAITING,
        Waiting.branch_id == row.branch_id,
        Waiting.day == row.day,
        Waiting.id < row.id,
    )
    return waiting.position(row.windows, db.scalars(ahead))


def days_waited_for(db: Session) -> list[tuple[int, date]]:
    """Return the (branch, day) for which somebody waits, the nearest first."""
    found = select(Waiting.branch_id, Waiting.day).where(Waiting.state == WaitingState.WAITING)
    rows = db.execute(found.distinct().order_by(Waiting.day, Waiting.branch_id))
    return [(row[0], row[1]) for row in rows]


def offers_decided(db: Session, *, limit: int) -> Sequence[str]:
    """Return the numbers of offers whose hold was taken or has ended, oldest first."""
    found = (
        select(Waiting.number)
        .join(Booking, Booking.id == Waiting.booking_id)
        .where(Waiting.state == WaitingState.OFFERED, Booking.state.not_in(KEPT))
    )
    return db.scalars(found.order_by(Waiting.id).limit(limit)).all()


def offer_of_booking(db: Session, booking_id: int) -> str | None:
    """Return the number of the offer that the booking was made for, while it is one."""
    found = select(Waiting.number).where(
        Waiting.booking_id == booking_id, Waiting.state == WaitingState.OFFERED
    )
    return db.scalars(found).one_or_none()


def counts(db: Session, *, branch_id: int, first: date, last: date) -> dict[date, int]:
    """Return how many wait for each of those days; days for which nobody does are left out."""
    rows = db.execute(
        select(Waiting.day, func.count())
        .where(
            Waiting.state == WaitingState.WAITING,
            Waiting.branch_id == branch_id,
            Waiting.day >= first,
            Waiting.day <= last,
        )
        .group_by(Waiting.day)
    )
    return {row[0]: row[1] for row in rows}


def _visible_to(by: Actor) -> ColumnElement[bool]:
    if by.role is Role.MEMBER:
        return Waiting.member_id == by.id
    if by.role in (Role.TECHNICIAN, Role.STORE):
        return false()
    if by.branch_ids:
        return Waiting.branch_id.in_(by.branch_ids)
    return true() if by.sees_branch(0) else false()
