"""Reads of goods, and of how ready a visit is."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from booking import readiness
from booking.goods import (
    FIND_GRACE,
    WAREHOUSE_NOTICE,
    GoodsKind,
    LateAnswer,
)
from booking.goods_models import GoodsItem, GoodsStep, LateGoods
from booking.models import Booking, Promise
from booking.queries import booking_of_visit, promise_of_visit, visible_to
from booking.readiness import Facts, Light, Thing
from booking.states import ABSENT_GOODS, BookingState
from kernel.actor import Actor
from kernel.db import Session
from kernel.errors import Missing
from kernel.words import msg


class GoodsMissing(Missing):
    """No such item, or it belongs to a booking out of the actor's scope."""

    says = msg("没有找到这件商品。")


def items_of(db: Session, booking_id: int) -> Sequence[GoodsItem]:
    """Return everything the booking brings or takes along, in the order in which it was added."""
    found = select(GoodsItem).where(GoodsItem.booking_id == booking_id).order_by(GoodsItem.id)
    return db.scalars(found).all()


def items_of_visit(db: Session, visit_id: int) -> Sequence[GoodsItem]:
    """Return what that one visit brings or takes along."""
    promise = promise_of_visit(db, visit_id)
    return [
        item for item in items_of(db, promise.booking_id) if item.service_id == promise.service_id
    ]


def item(db: Session, *, number: str, by: Actor) -> GoodsItem:
    """Return an item of a booking that the actor may see. Raises GoodsMissing."""
    found = db.scalars(
        select(GoodsItem)
        .join(Booking, Booking.id == GoodsItem.booking_id)
        .where(GoodsItem.number == number, visible_to(by))
    ).one_or_none()
    if found is None:
        raise GoodsMissing
    return found


def items_of_order(
    db: Session, *, order_number: str, by: Actor, limit: int = 200
) -> Sequence[GoodsItem]:
    """Return the items that the ERP knows by that order, of bookings the actor may see."""
    found = (
        select(GoodsItem)
        .join(Booking, Booking.id == GoodsItem.booking_id)
        .where(GoodsItem.order_number == order_number, visible_to(by))
    )
    return db.scalars(found.order_by(GoodsItem.id).limit(limit)).all()


def steps(db: Session, item_id: int) -> Sequence[GoodsStep]:
    """Return the item's moves, oldest first."""
    found = select(GoodsStep).where(GoodsStep.item_id == item_id).order_by(GoodsStep.seq)
    return db.scalars(found).all()


def steps_of(db: Session, booking_id: int) -> Sequence[tuple[GoodsItem, GoodsStep]]:
    """Return the moves of all the booking's items, oldest first: for its timeline."""
    rows = db.execute(
        select(GoodsItem, GoodsStep)
        .join(GoodsStep, GoodsStep.item_id == GoodsItem.id)
        .where(GoodsItem.booking_id == booking_id)
        .order_by(GoodsStep.at, GoodsStep.id)
    )
    return [(row[0], row[1]) for row in rows]


def takes_old(db: Session, booking_id: int) -> bool:
    """Tell whether the old appliance is taken along (以旧换新)."""
    return any(item.kind is GoodsKind.OLD for item in items_of(db, booking_id))


def late_goods(db: Session, booking_id: int) -> Sequence[tuple[LateGoods, GoodsItem]]:
    """Return what is late now for the visits that stand, oldest first."""
    rows = db.execute(
        select(LateGoods, GoodsItem)
        .join(GoodsItem, GoodsItem.id == LateGoods.item_id)
        .join(Promise, Promise.visit_id == LateGoods.visit_id)
        .where(
            LateGoods.booking_id == booking_id,
            LateGoods.ended_at.is_(None),
            Promise.ended_at.is_(None),
        )
        .order_by(LateGoods.id)
    )
    return [(row[0], row[1]) for row in rows]


def maybe_late(db: Session, *, now: datetime, limit: int) -> Sequence[tuple[int, int]]:
    """Return (item, visit) ids of absent goods that may be late for a promise, nearest first.

    Whatever is late is among them; the rule itself is `goods.lateness`.
    """
    known = select(LateGoods.id).where(
        LateGoods.item_id == GoodsItem.id,
        LateGoods.visit_id == Promise.visit_id,
        LateGoods.ended_at.is_(None),
    )
    is_near = (Promise.starts_at <= now + WAREHOUSE_NOTICE) & (
        GoodsItem.added_at <= now - FIND_GRACE
    )
    rows = db.execute(
        select(GoodsItem.id, Promise.visit_id)
        .join(Promise, Promise.booking_id == GoodsItem.booking_id)
        .where(
            Promise.service_id == GoodsItem.service_id,
            Promise.promised_at.is_not(None),
            Promise.ended_at.is_(None),
            Promise.ends_at > now,
            GoodsItem.state.in_(ABSENT_GOODS),
            is_near | GoodsItem.expected_at.is_not(None),
            ~known.exists(),
        )
        .order_by(Promise.starts_at, GoodsItem.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


def things_of_visit(db: Session, visit_id: int) -> list[Thing]:
    """Return the booking's items as that visit looks at them.

    Of a coupled booking (送装一体) the installation waits until the delivery has brought the goods.
    """
    promise = promise_of_visit(db, visit_id)
    booking = booking_of_visit(db, visit_id)
    late = {row.item_id: row for row, _ in late_goods(db, booking.id) if row.visit_id == visit_id}
    things = []
    for item in items_of(db, booking.id):
        is_own = item.service_id == promise.service_id
        is_due_before = (
            not is_own and item.kind is GoodsKind.GOODS and promise.service_id == booking.service_id
        )
        if is_own or is_due_before:
            row = late.get(item.id)
            things.append(
                Thing(
                    name=item.name,
                    kind=item.kind,
                    state=item.state,
                    is_due_before=is_due_before,
                    is_unanswered=row is not None and row.answer is None,
                    is_waived=row is not None and row.answer is LateAnswer.GO_AHEAD,
                )
            )
    return things


def readiness_of(
    db: Session, booking: Booking, *, visit_id: int | None = None
) -> tuple[Light, ...]:
    """Return the five lights of a visit of the booking: of its present one unless another is named."""
    return readiness.lights(
        Facts(
            things=things_of_visit(db, visit_id or booking.visit_id),
            is_address_sure=booking.address_is_sure,
            is_presence_confirmed=booking.state is BookingState.CONFIRMED,
            is_consent_given=booking.consented_at is not None,
        )
    )


def check_may_depart(db: Session, *, visit_id: int) -> None:
    """Refuse a technician who would come for nothing. Raises GoodsUnanswered, NotLoaded."""
    readiness.check_may_depart(things_of_visit(db, visit_id))
