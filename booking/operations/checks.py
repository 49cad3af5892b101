"""The check list at the door: what was looked at, before the work counts as done."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete

from booking import check_queries
from booking.checks import NoSuchPoint
from booking.models import CheckedPoint
from dispatch.operations import visits
from dispatch.states import VisitState
from kernel.actor import Actor
from kernel.db import Session
from kernel.errors import Conflict
from kernel.words import msg

_AT_WORK = frozenset({VisitState.IN_SERVICE, VisitState.PAUSED})


class NotInService(Conflict):
    """Points are ticked while the work goes on."""

    code = "not_in_service"
    says = msg("服务进行中才能打勾。")


def tick(db: Session, *, number: str, points: Sequence[str], by: Actor, now: datetime) -> set[str]:
    """Let exactly these points of a visit's check list be ticked, and return them; saying it twice is
    once.

    Raises VisitMissing, NotInService, NoSuchPoint.
    """
    visit = visits.own(db, number, by)
    if visit.state not in _AT_WORK:
        raise NotInService
    wanted = set(points)
    if not wanted <= set(check_queries.points_of_visit(db, visit.id)):
        raise NoSuchPoint(field="checks")
    before = check_queries.ticked(db, visit.id)
    gone = before - wanted
    if gone:
        db.execute(
            delete(CheckedPoint).where(
                CheckedPoint.visit_id == visit.id, CheckedPoint.point.in_(gone)
            )
        )
    for point in sorted(wanted - before):
        db.add(CheckedPoint(visit_id=visit.id, point=point, at=now))
    db.flush()
    return wanted
