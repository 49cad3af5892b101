"""What is on offer at a place that nobody has filled in a draft for yet."""

from collections.abc import Sequence
from datetime import datetime

from booking import queries
from dispatch import live
from dispatch import queries as dispatch
from dispatch.live import Offer, VisitShape
from kernel.db import Session
from kernel.geo import Point


def next_windows(
    db: Session, *, service_code: str, point: Point, estate: str, now: datetime, limit: int
) -> Sequence[Offer]:
    """Return the next proven windows of the service there, the earliest first.

    Raises ServiceMissing, and OutOfArea when no branch serves the place.
    """
    service = queries.service_by_code(db, service_code)
    branch = dispatch.branch_serving(db, point)
    shape = VisitShape(
        point=point,
        work_s=service.work_s,
        skill=service.skill,
        level=service.level,
        service=service.code,
        estate=estate,
    )
    # Days are looked at one by one: the chat waits five seconds, and the first days will do.
    found: list[Offer] = []
    for day, windows in live.on_sale(db, branch_id=branch.id, now=now):
        plan = live.day_plan(db, branch_id=branch.id, day=day, now=now)
        found += live.offers_of(plan, shape, windows)
        if len(found) >= limit:
            break
    return found[:limit]
