"""Goods that will not be there in time: found out, told once, and what the member says to it."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from booking import goods, goods_queries, queries
from booking.events import GoodsLate, LateGoodsAnswered
from booking.goods import LateAnswer, LateReason
from booking.goods_models import GoodsItem, LateGoods
from booking.models import Booking, Promise
from booking.operations.steps import facts_of
from booking.states import PROMISED
from kernel import outbox
from kernel.actor import Actor
from kernel.db import Session
from kernel.errors import Conflict
from kernel.words import msg


class NothingLate(Conflict):
    """All that the booking needs will be there, or is there by now."""

    code = "nothing_late"
    says = msg("商品已经赶上了，不用再选。")


def look_at(db: Session, *, item_id: int, visit_id: int, now: datetime) -> bool:
    """Find out whether an item is late for a visit, and tell it once; tell whether it is."""
    item = db.scalars(select(GoodsItem).where(GoodsItem.id == item_id)).one()
    promise = queries.promise_of_visit(db, visit_id)
    booking = queries.by_id(db, promise.booking_id)
    if promise.ended_at is not None or booking.state not in PROMISED:
        return False
    reason = _reason(item, promise, now)
    if reason is None:
        return False

    if _is_new(db, item, promise, reason, now):
        told = GoodsLate(
            at=now,
            item_number=item.number,
            visit_id=visit_id,
            reason=reason.value,
            **facts_of(booking),
        )
        outbox.record(db, told)
        return True
    found = select(LateGoods).where(LateGoods.item_id == item_id, LateGoods.visit_id == visit_id)
    # Late once more: it was told, and what was answered then still stands.
    db.scalars(found).one().ended_at = None
    return True


def look_again(db: Session, item: GoodsItem, *, now: datetime) -> None:
    """End what made an item late and does so no longer: it came, or is expected in time."""
    rows = db.execute(
        select(LateGoods, Promise)
        .join(Promise, Promise.visit_id == LateGoods.visit_id)
        .where(LateGoods.item_id == item.id, LateGoods.ended_at.is_(None))
    )
    for late, promise in rows:
        if _reason(item, promise, now) is None:
            late.ended_at = now


def answer_late_goods(
    db: Session, *, booking_number: str, answer: LateAnswer, by: Actor, now: datetime
) -> Booking:
    """Write down what the member says to all that is late; the last word counts.

    Moving the visit itself is another act: this records that he wants to. Raises BookingMissing,
    NothingLate.
    """
    booking = queries.booking(db, number=booking_number, by=by)
    late = goods_queries.late_goods(db, booking.id)
    if not late:
        raise NothingLate

    for row, _ in late:
        row.answer, row.answered_at = answer, now
        row.answered_role, row.answered_id = by.role.value, by.id

    outbox.record(db, LateGoodsAnswered(at=now, answer=answer.value, **facts_of(booking)))
    return booking


def _reason(item: GoodsItem, promise: Promise, now: datetime) -> LateReason | None:
    return goods.lateness(
        state=item.state,
        expected_at=item.expected_at,
        added_at=item.added_at,
        starts_at=promise.starts_at,
        now=now,
    )


def _is_new(
    db: Session, item: GoodsItem, promise: Promise, reason: LateReason, now: datetime
) -> bool:
    """Write it down; False when it was written before, by whichever hand."""
    insert = sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = (
        insert(LateGoods)
        .values(
            item_id=item.id,
            booking_id=item.booking_id,
            visit_id=promise.visit_id,
            reason=reason,
            found_at=now,
            answered_role="",
            answered_id=0,
        )
        .on_conflict_do_nothing(index_elements=["item_id", "visit_id"])
        .returning(LateGoods.id)
    )
    return db.scalar(statement) is not None
