"""Reads of the roster: a technician's coming days, and what leave would move."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from dispatch import queries
from dispatch.models import Shift, Visit
from dispatch.states import LEFT, STARTED
from kernel.db import Session

DAYS_MAX = 62


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterDay:
    """One technician's day: his shift when he has one, and the visits in his route."""

    day: date
    shift: Shift | None
    visits: tuple[Visit, ...]

    @property
    def is_working(self) -> bool:
        return self.shift is not None and not self.shift.absent

    @property
    def is_away(self) -> bool:
        return self.shift is not None and bool(self.shift.absent)

    @property
    def open_count(self) -> int:
        """How many of the visits are not over yet."""
        return sum(visit.state not in LEFT for visit in self.visits)


def days_of(db: Session, *, technician_id: int, first: date, last: date) -> list[RosterDay]:
    """Return his days from `first` through `last`, DAYS_MAX at most, also those without a shift."""
    count = min((last - first).days + 1, DAYS_MAX)
    days = [first + timedelta(days=n) for n in range(count)]
    found = select(Shift).where(
        Shift.technician_id == technician_id, Shift.day >= first, Shift.day <= last
    )
    shifts = {shift.day: shift for shift in db.scalars(found)}
    rows = queries.routes_of(db, technician_id=technician_id, first=first, last=last)
    orders = {row.day: [stop[0] for stop in row.stops] for row in rows}
    visits = queries.visits_by_id(db, [i for order in orders.values() for i in order])
    return [
        RosterDay(
            day=day,
            shift=shifts.get(day),
            visits=tuple(visits[i] for i in orders.get(day, ())),
        )
        for day in days
    ]


def to_move(db: Session, *, technician_id: int, day: date) -> Sequence[Visit]:
    """Return what leave on that day would take from him: all that he has not set out for, by window."""
    row = queries.route_of(db, technician_id=technician_id, day=day)
    visits = queries.visits_by_id(db, [stop[0] for stop in row.stops] if row else [])
    left = [visit for visit in visits.values() if visit.state not in STARTED]
    return sorted(left, key=lambda visit: (visit.opens_s, visit.id))
