"""Reads of the points that windows on somebody's way earn."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import func, or_, select

from booking import on_the_way, policy, queries
from booking.models import Booking, Promise
from booking.on_the_way import Mark
from booking.policy import Ending
from dispatch import live
from dispatch.live import Offer
from dispatch.planner.problem import Window
from kernel.clock import local_date, midnight
from kernel.db import Session


def spent(db: Session, *, branch_id: int, day: date) -> int:
    """Return the points of the day's budget that held, promised and kept windows have taken."""
    return spent_by_day(db, branch_id=branch_id, days=[day])[day]


def spent_by_day(db: Session, *, branch_id: int, days: Collection[date]) -> dict[date, int]:
    """Return that of each of these days, which are not many and not far from each other."""
    found = (
        select(Promise.starts_at, func.sum(Promise.bonus))
        .join(Booking, Booking.id == Promise.booking_id)
        .where(
            Booking.branch_id == branch_id,
            Promise.starts_at >= midnight(min(days)),
            Promise.starts_at < midnight(max(days) + timedelta(days=1)),
            or_(Promise.ended_at.is_(None), Promise.ending == Ending.KEPT.value),
        )
        .group_by(Promise.starts_at)
    )
    points = dict.fromkeys(days, 0)
    for starts_at, taken in db.execute(found):
        if (day := local_date(starts_at)) in points:
            points[day] += taken
    return points


def marks(
    db: Session, offers: Sequence[Offer], *, branch_id: int, now: datetime
) -> dict[tuple[date, Window], Mark]:
    """Return which of these offers of a branch are on somebody's way."""
    alone = [offer for offer in offers if not offer.is_opening]
    if not alone:
        return {}
    usual = on_the_way.usual_s(live.detours(db, branch_id=branch_id, now=now))
    taken = spent_by_day(db, branch_id=branch_id, days={offer.day for offer in alone})
    found = {
        (offer.day, offer.window): on_the_way.mark(
            extra_s=_extra_s(offer), usual=usual, left=policy.ON_THE_WAY_DAY - taken[offer.day]
        )
        for offer in alone
    }
    return {where: mark for where, mark in found.items() if mark is not None}


def due(
    db: Session,
    offers: Sequence[Offer],
    *,
    branch_id: int,
    day: date,
    window: Window,
    now: datetime,
) -> int:
    """Return the points that taking this window of the offers earns now."""
    wanted = [offer for offer in offers if (offer.day, offer.window) == (day, window)]
    return sum(m.points for m in marks(db, wanted, branch_id=branch_id, now=now).values())


def bonus_of(db: Session, booking: Booking) -> int:
    """Return the points that the window of the booking's service earns when it is kept, as it stands
    or stood last."""
    rows = queries.promises(db, booking.id)
    return next((p.bonus for p in reversed(rows) if p.service_id == booking.service_id), 0)


def _extra_s(offer: Offer) -> int:
    before = offer.delivery.witness.extra_s if offer.delivery is not None else 0
    return before + offer.witness.extra_s
