"""Visits become ready when their five lights are green, and are so no more when one is not."""

from datetime import datetime

from booking import goods_queries, queries, readiness
from booking.operations import promises
from booking.states import PROMISED
from dispatch import queries as dispatch
from dispatch.operations import withdrawals
from dispatch.states import VisitState
from kernel.actor import SYSTEM
from kernel.db import Session

_WAITS = frozenset({VisitState.PLANNED, VisitState.READY})


def look_at(db: Session, *, booking_id: int, now: datetime) -> int:
    """Hold each planned visit of a booking against its lights; return how many changed.

    Safe to repeat. Whatever lights or puts out a light is told, and brings us here again.
    """
    booking = queries.by_id(db, booking_id)
    if booking.state not in PROMISED:
        return 0
    changed = 0
    for promise in promises.standing(db, booking):
        visit = dispatch.visit(db, promise.visit_id)
        if visit.state not in _WAITS:
            continue
        lights = goods_queries.readiness_of(db, booking, visit_id=visit.id)
        ready = readiness.is_ready(lights)
        if ready != (visit.state is VisitState.READY):
            withdrawals.set_ready(db, visit_id=visit.id, ready=ready, by=SYSTEM, now=now)
            changed += 1
    return changed
