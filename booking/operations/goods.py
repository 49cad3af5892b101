"""Goods: what a booking brings, where each item is, and when it is expected."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from booking import goods, goods_queries, queries
from booking.events import GoodsAdded, GoodsExpected, GoodsMoved
from booking.goods import GoodsKind, NewItem
from booking.goods_models import GoodsItem, GoodsStep
from booking.models import Booking, Promise
from booking.operations import late_goods
from booking.operations.steps import facts_of
from booking.states import GoodsState
from dispatch import queries as dispatch
from kernel import outbox
from kernel.actor import Actor, Role
from kernel.db import Session
from kernel.errors import Conflict, Invalid
from kernel.numbers import new_number
from kernel.words import msg

ITEMS_MAX = 50
_CREATE, _EXPECT = "create", "expect"


class TooManyItems(Conflict):
    """One booking brings ITEMS_MAX items at most."""

    code = "too_many_items"
    says = msg("一张预约单最多 50 件商品和配件。")


class NotOfThisVisit(Invalid):
    """What was scanned does not go to this door."""

    code = "not_of_this_visit"
    says = msg("这件不是这一户的，请核对标签。")


def add_items(
    db: Session,
    *,
    booking_number: str,
    items: Sequence[NewItem],
    by: Actor,
    now: datetime,
    service_code: str | None = None,
) -> list[GoodsItem]:
    """Let the booking bring more; `service_code` says with which of its visits, when it has two.

    Raises BookingMissing, ServiceMissing, TooManyItems.
    """
    booking = queries.booking(db, number=booking_number, by=by)
    service_id = booking.service_id
    if service_code is not None:
        service_id = queries.service_by_code(db, service_code).id
    return _add(db, booking, service_id, items, by=by, now=now)


def expected_of(
    db: Session, booking: Booking, standing: Sequence[Promise]
) -> list[tuple[int, list[NewItem]]]:
    """Return what the services of a new promise bring, and the old appliance it takes along, by
    service; nothing once its goods are written down."""
    if goods_queries.items_of(db, booking.id):
        return []
    expected = []
    for promise in standing:
        brings = queries.service_by_id(db, promise.service_id).brings
        items = goods.expected(brings, booking.choices)
        if promise.service_id == booking.service_id and takes_old(booking):
            items.append(NewItem(kind=GoodsKind.OLD, name=msg("旧电器")))
        expected.append((promise.service_id, items))
    return expected


def expect(
    db: Session,
    booking: Booking,
    expected: Sequence[tuple[int, list[NewItem]]],
    *,
    by: Actor,
    now: datetime,
) -> list[GoodsItem]:
    """Write down what `expected_of` returned, in the transaction of the promise."""
    return [
        row
        for service_id, items in expected
        for row in _add(db, booking, service_id, items, by=by, now=now)
    ]


def takes_old(booking: Booking) -> bool:
    """Tell whether the old appliance is taken along (以旧换新)."""
    return goods.is_old_taken(booking.choices)


def set_state(
    db: Session, *, item_number: str, state: GoodsState, by: Actor, now: datetime
) -> GoodsItem:
    """Say where an item is now; where it is already changes nothing.

    Raises GoodsMissing, IllegalMove.
    """
    item = goods_queries.item(db, number=item_number, by=by)
    _take_to(db, item, state, by=by, now=now)
    return item


def heed_notice(
    db: Session, *, item_number: str, state: GoodsState, by: Actor, now: datetime
) -> GoodsItem:
    """Say where another system (an ERP) says that an item is.

    Its notices come twice, late and out of order: one that lies behind what we know changes nothing.
    Raises GoodsMissing, IllegalMove.
    """
    item = goods_queries.item(db, number=item_number, by=by)
    if not goods.is_old_news(item.kind, item.state, state):
        _take_to(db, item, state, by=by, now=now)
    return item


def set_expected(
    db: Session, *, item_number: str, expected_at: datetime | None, by: Actor, now: datetime
) -> GoodsItem:
    """Say when the warehouse expects an item; the same again changes nothing. Raises GoodsMissing."""
    item = goods_queries.item(db, number=item_number, by=by)
    if item.expected_at == expected_at:
        return item

    item.expected_at = expected_at
    _step(db, item, _EXPECT, by=by, now=now)
    late_goods.look_again(db, item, now=now)

    booking = queries.by_id(db, item.booking_id)
    outbox.record(db, GoodsExpected(at=now, item_number=item.number, **facts_of(booking)))
    return item


def scan(db: Session, *, visit_number: str, code: str, by: Actor, now: datetime) -> GoodsItem:
    """Load what the technician scanned onto his van; scanned again it is there already.

    `code` is an item's number, serial number, order number or SKU; of several alike the first that
    is not loaded. Raises VisitMissing, NotOfThisVisit, IllegalMove.
    """
    visit = dispatch.visit_by_number(db, visit_number)
    if by.role is Role.TECHNICIAN:
        visit = dispatch.own_visit(db, number=visit_number, technician_id=by.id)
    plain = code.strip().upper()
    fitting = [
        item
        for item in goods_queries.items_of_visit(db, visit.id)
        if item.kind is not GoodsKind.OLD and plain and plain in _labels(item)
    ]
    if not fitting:
        raise NotOfThisVisit(field="code")
    left = [item for item in fitting if item.state not in (GoodsState.ON_VAN, GoodsState.DELIVERED)]
    item = (left or fitting)[0]

    if left:
        _take_to(db, item, GoodsState.ON_VAN, by=by, now=now)
    return item


def hand_over(db: Session, *, visit_id: int, by: Actor, now: datetime) -> None:
    """Leave with the member what came on the van, and take along his old appliance.

    For the end of the work, in its transaction; safe to repeat.
    """
    for item in goods_queries.items_of_visit(db, visit_id):
        if item.state is GoodsState.ON_VAN:
            _take_to(db, item, GoodsState.DELIVERED, by=by, now=now)
        elif item.kind is GoodsKind.OLD:
            _take_to(db, item, GoodsState.COLLECTED, by=by, now=now)


def take_back(db: Session, *, visit_id: int, by: Actor, now: datetime) -> None:
    """Bring back to the warehouse what is still on the van of a visit that came to nothing.

    For whatever ends a visit without its work, in its transaction; safe to repeat.
    """
    for item in goods_queries.items_of_visit(db, visit_id):
        if item.state is GoodsState.ON_VAN:
            _take_to(db, item, GoodsState.IN_WAREHOUSE, by=by, now=now)


def _add(
    db: Session,
    booking: Booking,
    service_id: int,
    items: Sequence[NewItem],
    *,
    by: Actor,
    now: datetime,
) -> list[GoodsItem]:
    if not items:
        return []
    if len(goods_queries.items_of(db, booking.id)) + len(items) > ITEMS_MAX:
        raise TooManyItems

    rows = [
        GoodsItem(
            number=new_number("G"),
            booking_id=booking.id,
            service_id=service_id,
            kind=new.kind,
            name=new.name,
            order_number=new.order_number.upper(),
            sku=new.sku.upper(),
            serial=new.serial.upper(),
            quantity=new.quantity,
            expected_at=new.expected_at,
            added_at=now,
            state=goods.first_state(new.kind),
            state_since=now,
        )
        for new in items
    ]
    db.add_all(rows)
    db.flush()
    for row in rows:
        _step(db, row, _CREATE, by=by, now=now)

    outbox.record(db, GoodsAdded(at=now, **facts_of(booking)))
    return rows


def _take_to(db: Session, item: GoodsItem, state: GoodsState, *, by: Actor, now: datetime) -> None:
    moves = goods.way(item.kind, item.state, state)
    for action in moves:
        item.advance(action, now=now)
        _step(db, item, action.value, by=by, now=now)
    if not moves:
        return
    late_goods.look_again(db, item, now=now)
    booking = queries.by_id(db, item.booking_id)
    told = GoodsMoved(at=now, item_number=item.number, state=item.state.value, **facts_of(booking))
    outbox.record(db, told)


def _step(db: Session, item: GoodsItem, action: str, *, by: Actor, now: datetime) -> None:
    seq = db.scalar(select(func.count()).where(GoodsStep.item_id == item.id)) or 0
    db.add(
        GoodsStep(
            item_id=item.id,
            seq=seq + 1,
            action=action,
            state=item.state,
            expected_at=item.expected_at,
            actor_role=by.role.value,
            actor_id=by.id,
            at=now,
        )
    )
    db.flush()


def _labels(item: GoodsItem) -> set[str]:
    return {item.number, item.serial, item.order_number, item.sku} - {""}
