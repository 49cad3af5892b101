"""Leave and illness over several days: who takes the visits, and which find nobody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from dispatch import queries, roster_queries
from dispatch.models import RouteRow, Visit
from dispatch.operations import withdrawals
from dispatch.operations.withdrawals import NotOnShift
from kernel.actor import Actor
from kernel.db import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A visit that was his, and the technician whose route has it now; None when nobody could."""

    visit: Visit
    taker_id: int | None


def take_leave(
    db: Session,
    *,
    technician_id: int,
    first: date,
    last: date,
    reason: str,
    by: Actor,
    now: datetime,
) -> list[Moved]:
    """Take a technician off every day from `first` through `last` on which he has a shift.

    Returns what became of his visits, by day and window. Raises NotOnShift when he has no shift on
    any of those days.
    """
    days = [
        day.day
        for day in roster_queries.days_of(db, technician_id=technician_id, first=first, last=last)
        if day.is_working
    ]
    if not days:
        raise NotOnShift(field="first")
    moved: list[Moved] = []
    for day in days:
        his = roster_queries.to_move(db, technician_id=technician_id, day=day)
        withdrawals.send_home(
            db, technician_id=technician_id, day=day, reason=reason, by=by, now=now
        )
        moved += _what_became(db, his)
    return moved


def _what_became(db: Session, visits: Sequence[Visit]) -> list[Moved]:
    rows = [queries.fresh_visit(db, visit.id) for visit in visits]
    return [Moved(visit=row, taker_id=_holder(db, row)) for row in rows]


def _holder(db: Session, visit: Visit) -> int | None:
    route = db.get(RouteRow, visit.route_id) if visit.route_id is not None else None
    return route.technician_id if route else None
