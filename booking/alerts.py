"""What of a branch's bookings needs a person now. Derived from the rows each time it is asked."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select

from booking.goods_models import GoodsItem, LateGoods
from booking.models import Booking, Promise
from booking.states import PROMISED, BookingState
from kernel.db import Session
from members import rule_queries

# Who needs a second visit is called within a day.
WINDOW_LIFE = timedelta(hours=24)
# Goods that are late for a promise so near must be asked about.
GOODS_AHEAD = timedelta(hours=48)
# An unconfirmed booking of a risky member is called so long before its window.
CONFIRM_AHEAD = timedelta(hours=2)
FOUND_MAX = 50


class BookingAlertKind(StrEnum):
    SECOND_VISIT = "second_visit"
    GOODS_LATE = "goods_late"
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingAlert:
    """One booking that a person must see to; at `breaks_at` it is too late.

    `thing` names goods, `visit_id` the visit they are for, `expected_at` when they are to be there.
    """

    kind: BookingAlertKind
    breaks_at: datetime
    booking: Booking
    thing: str = ""
    visit_id: int = 0
    expected_at: datetime | None = None


def branch_alerts(db: Session, *, branch_id: int, now: datetime) -> list[BookingAlert]:
    """Return what needs a person now in that branch, what breaks first before the others."""
    found = [
        *_without_window(db, branch_id),
        *_goods_late(db, branch_id, now=now),
        *_unconfirmed(db, branch_id, now=now),
    ]
    return sorted(found, key=lambda alert: (alert.breaks_at, alert.booking.id))


def _without_window(db: Session, branch_id: int) -> list[BookingAlert]:
    rows = select(Booking).where(
        Booking.branch_id == branch_id,
        Booking.needs_window,
        Booking.state.in_(PROMISED),
    )
    return [
        BookingAlert(
            kind=BookingAlertKind.SECOND_VISIT,
            breaks_at=row.state_since + WINDOW_LIFE,
            booking=row,
        )
        for row in db.scalars(rows.order_by(Booking.id).limit(FOUND_MAX))
    ]


def _goods_late(db: Session, branch_id: int, *, now: datetime) -> list[BookingAlert]:
    """Name each booking once, by what of it is late first."""
    rows = db.execute(
        select(Booking, Promise.starts_at, GoodsItem, LateGoods.visit_id)
        .join(LateGoods, LateGoods.booking_id == Booking.id)
        .join(GoodsItem, GoodsItem.id == LateGoods.item_id)
        .join(Promise, Promise.visit_id == LateGoods.visit_id)
        .where(
            Booking.branch_id == branch_id,
            Booking.state.in_(PROMISED),
            LateGoods.ended_at.is_(None),
            LateGoods.answer.is_(None),
            Promise.ended_at.is_(None),
            Promise.starts_at > now,
            Promise.starts_at <= now + GOODS_AHEAD,
        )
        .order_by(Promise.starts_at, LateGoods.id)
        .limit(FOUND_MAX)
    )
    found: dict[int, BookingAlert] = {}
    for booking, starts_at, item, visit_id in rows:
        found.setdefault(
            booking.id,
            BookingAlert(
                kind=BookingAlertKind.GOODS_LATE,
                breaks_at=starts_at,
                booking=booking,
                thing=item.name,
                visit_id=visit_id,
                expected_at=item.expected_at,
            ),
        )
    return list(found.values())


def _unconfirmed(db: Session, branch_id: int, *, now: datetime) -> list[BookingAlert]:
    """Return the bookings of those whom the rules let somebody call, as they have not answered."""
    rules = rule_queries.all_in_force(db)
    rows = select(Booking).where(
        Booking.branch_id == branch_id,
        Booking.state == BookingState.BOOKED,
        Booking.tier >= min(each.call_from_tier for each in rules),
        Booking.needs_window.is_(False),
        Booking.starts_at > now,
        Booking.starts_at <= now + CONFIRM_AHEAD,
    )
    return [
        BookingAlert(
            kind=BookingAlertKind.UNCONFIRMED,
            breaks_at=row.starts_at,
            booking=row,
        )
        for row in db.scalars(rows.order_by(Booking.starts_at, Booking.id).limit(FOUND_MAX))
        # What is tried for its member may let somebody call later than elsewhere.
        if row.tier >= rule_queries.governing(db, row).call_from_tier
    ]
