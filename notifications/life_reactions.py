"""What members are told of the turns that a booking takes. Safe to repeat: one row per event and kind.

Each looks at the rows as they are now: news that something later has overtaken is not told any more.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from booking import goods_queries, standby_queries, waiting_queries
from booking import queries as bookings
from booking.events import (
    AdditionAsked,
    BookingCancelled,
    BookingClosed,
    BookingFailed,
    BookingMoved,
    ConfirmationAsked,
    GoodsLate,
    GoodsMoved,
    ReturnNeeded,
    StandbyEnded,
    StandbyOffered,
    WorkFinished,
)
from booking.policy import Cause
from booking.states import PROMISED, AdditionState, BookingState, GoodsState, StandbyState
from booking.waiting import StandbyEnd
from dispatch import queries as visits
from dispatch.events import EvidenceAdded, VisitDelayed
from dispatch.operations import plan as plans
from dispatch.states import OWED, Proof, VisitState
from kernel.actor import SYSTEM
from kernel.clock import Clock, instant_at
from kernel.db import Session, transaction
from kernel.events import Event
from members import strike_queries
from notifications import messages
from notifications.saying import KEEPS_FOR, place_of, say, say_account

SOON_FOR = timedelta(hours=2)

_WHY: Mapping[str, str] = {
    Cause.MEMBER: "您取消了预约",
    Cause.AGENT: "客服按您的要求取消",
    Cause.UNANSWERED: "没有收到您的确认",
    Cause.GOODS_LATE: "商品没有按时到货",
    Cause.PROVIDER: "师傅临时无法上门",
    Cause.MISSED: "师傅没有按时到达",
    Cause.WRONG_ADDRESS: "地址不对，没有找到",
    Cause.NO_ACCESS: "进不了小区或单元门",
    Cause.MISSING_PART: "缺少配件",
    Cause.NOT_INSTALLABLE: "现场条件装不了",
    Cause.UNFINISHED: "今天没有做完",
    Cause.VETOED: "请重新选一个时间",
}
_GOODS: Mapping[GoodsState, str] = {
    GoodsState.IN_WAREHOUSE: "已到仓",
    GoodsState.ON_VAN: "已装车",
    GoodsState.DELIVERED: "已送达",
}


def on_confirmation_asked(event: Event, clock: Clock) -> None:
    """Ask whether he will be at home (M2)."""
    assert isinstance(event, ConfirmationAsked)
    with transaction() as db:
        booking = bookings.by_id(db, event.booking_id)
        if booking.state is not BookingState.BOOKED or booking.asks != event.ask:
            return
        say(
            db,
            "M2",
            event.booking_id,
            key=f"{event.number}:{booking.starts_at.isoformat()}:{event.ask}",
            about=place_of(db, event.booking_id),
            tip="请点开确认到时在家",
            not_after=booking.starts_at,
            now=clock.now(),
        )


def on_goods_moved(event: Event, clock: Clock) -> None:
    """Tell where the goods are (M3)."""
    assert isinstance(event, GoodsMoved)
    with transaction() as db:
        item = goods_queries.item(db, number=event.item_number, by=SYSTEM)
        booking = bookings.by_id(db, event.booking_id)
        word = _GOODS.get(item.state)
        if word is None or item.state.value != event.state or booking.state not in PROMISED:
            return
        say(
            db,
            "M3",
            event.booking_id,
            key=f"{event.item_number}:{event.state}",
            about=f"{item.name}{word}",
            tip="点开看商品到了哪里",
            not_after=event.at + KEEPS_FOR,
            now=clock.now(),
        )


def on_goods_late(event: Event, clock: Clock) -> None:
    """Ask what to do about goods that will not be there (M3)."""
    assert isinstance(event, GoodsLate)
    with transaction() as db:
        item = goods_queries.item(db, number=event.item_number, by=SYSTEM)
        booking = bookings.by_id(db, event.booking_id)
        if booking.state not in PROMISED:
            return
        say(
            db,
            "M3",
            event.booking_id,
            key=f"{event.item_number}:late:{event.visit_id}",
            about=f"{item.name}来不及到",
            tip="师傅先不出发，请选等货还是改约",
            not_after=booking.ends_at,
            now=clock.now(),
        )


def on_moved(event: Event, clock: Clock) -> None:
    """Tell the new window (M8)."""
    assert isinstance(event, BookingMoved)
    with transaction() as db:
        standing = {
            promise.id: promise for promise in bookings.standing_promises(db, event.booking_id)
        }
        promise = standing.get(event.promise_id)
        if promise is None:
            return
        tip = (
            f"已扣 {event.points} 积分，原时段已放开" if event.points else "原时段已放开，不扣积分"
        )
        say(
            db,
            "M8",
            event.booking_id,
            key=str(event.promise_id),
            time=messages.window(promise.starts_at, promise.ends_at),
            about=place_of(db, event.booking_id),
            tip=tip,
            not_after=promise.ends_at,
            now=clock.now(),
        )


def on_cancelled(event: Event, clock: Clock) -> None:
    """Tell that the booking is off (M9), or that we cannot come (M10)."""
    assert isinstance(event, BookingCancelled)
    kind = "M10" if event.cause == Cause.PROVIDER else "M9"
    tip = "没有扣积分"
    if event.points:
        tip = f"已扣 {event.points} 积分"
    if kind == "M10":
        tip = "已赔付，请点开优先选时间"
    with transaction() as db:
        if strike_queries.strikes_of_booking(db, booking_number=event.number):
            tip = "记 1 次违约，24 小时内可复议"
        say(
            db,
            kind,
            event.booking_id,
            key=event.number,
            about=_WHY.get(event.cause, "预约已取消"),
            tip=tip,
            not_after=event.at + KEEPS_FOR,
            now=clock.now(),
        )


def on_delayed(event: Event, clock: Clock) -> None:
    """Tell that the technician will be late (M11)."""
    assert isinstance(event, VisitDelayed)
    with transaction() as db:
        visit = visits.visit(db, event.visit_id)
        if visit.state not in OWED | {VisitState.EN_ROUTE}:
            return
        if visit.late_since is None:
            # The plan keeps the promise again: should it be late once more, that is news.
            plans.take_back_delay(db, visit_id=event.visit_id, eta_s=event.eta_s, now=clock.now())
            return
        booking = bookings.booking_of_visit(db, event.visit_id)
        promise = bookings.promise_of_visit(db, event.visit_id)
        say(
            db,
            "M11",
            booking.id,
            key=f"{event.visit_number}:{event.at.isoformat()}",
            time=messages.moment(max(instant_at(event.day, event.eta_s), clock.now())),
            about=messages.clock_window(promise.starts_at, promise.ends_at),
            tip="超时自动赔付，不用申请",
            not_after=event.at + SOON_FOR,
            now=clock.now(),
        )


def on_failed(event: Event, clock: Clock) -> None:
    """Tell, without blame, that we stood at his door in vain (M13)."""
    assert isinstance(event, BookingFailed)
    with transaction() as db:
        visit = visits.visit(db, event.visit_id)
        if visit.state not in (VisitState.NO_SHOW, VisitState.REFUSED):
            return
        say(
            db,
            "M13",
            event.booking_id,
            key=event.number,
            time=messages.moment(visit.arrived_at or event.at),
            about=place_of(db, event.booking_id),
            tip="24 小时内可复议，之前不生效",
            not_after=event.at + timedelta(days=1),
            now=clock.now(),
        )


def on_addition_asked(event: Event, clock: Clock) -> None:
    """Ask for his yes or no to an addition (M14)."""
    assert isinstance(event, AdditionAsked)
    with transaction() as db:
        rows = {row.number: row for row in bookings.additions(db, event.booking_id)}
        addition = rows[event.addition_number]
        if addition.state is not AdditionState.ASKED:
            return
        say(
            db,
            "M14",
            event.booking_id,
            key=event.addition_number,
            time=messages.moment(event.at),
            about=f"{addition.name} {addition.price}",
            tip="您同意才加，不同意照原约定做",
            not_after=event.at + SOON_FOR,
            now=clock.now(),
        )


def on_return_needed(event: Event, clock: Clock) -> None:
    """Tell that we have to come once more (M15)."""
    assert isinstance(event, ReturnNeeded)
    with transaction() as db:
        booking = bookings.by_id(db, event.booking_id)
        if not booking.needs_window:
            return
        say(
            db,
            "M15",
            event.booking_id,
            key=str(event.visit_id),
            time=messages.moment(event.at),
            about=_WHY.get(event.cause, "需要再上门一次"),
            tip="请点开优先选第二次的时间",
            not_after=event.at + KEEPS_FOR,
            now=clock.now(),
        )


def on_standby_offered(event: Event, clock: Clock) -> None:
    """Ask one who waits whether he would take a place that may come free (W1)."""
    assert isinstance(event, StandbyOffered)
    with transaction() as db:
        tip = f"{messages.clock(event.until)} 前空出来就归您，点开决定"
        _say_standby(db, event, tip=tip, now=clock.now())


def on_standby_ended(event: Event, clock: Clock) -> None:
    """Tell one who stood by that the place did not come free, or not for him (W1)."""
    assert isinstance(event, StandbyEnded)
    if not event.was_accepted or event.why not in _STANDBY_TIPS:
        return
    with transaction() as db:
        _say_standby(db, event, tip=_STANDBY_TIPS[StandbyEnd(event.why)], now=clock.now())


_STANDBY_TIPS = {
    StandbyEnd.KEPT: "没有空出来，您还在候补",
    StandbyEnd.GONE: "空出来的排不下，您还在候补",
}


def _say_standby(
    db: Session, event: StandbyOffered | StandbyEnded, *, tip: str, now: datetime
) -> None:
    standby = standby_queries.by_id(db, event.standby_id)
    if isinstance(event, StandbyOffered) and standby.state is not StandbyState.OFFERED:
        return
    line = waiting_queries.waiting_by_number(db, number=event.waiting_number, by=SYSTEM)
    draft = bookings.draft_by_id(db, line.draft_id)
    say_account(
        db,
        "W1",
        event.member_id,
        key=f"standby:{standby.id}:{standby.state.value}",
        time=messages.window(standby.starts_at, standby.ends_at),
        about=messages.place(compound=draft.compound, door=draft.door),
        tip=tip,
        path=f"/c/waiting/{line.number}/standby",
        now=now,
    )


def on_work_finished(event: Event, clock: Clock) -> None:
    """Ask for his signature (M16)."""
    assert isinstance(event, WorkFinished)
    with transaction() as db:
        if visits.visit(db, event.visit_id).state is not VisitState.WORK_DONE:
            return
        say(
            db,
            "M16",
            event.booking_id,
            key=str(event.visit_id),
            time=messages.moment(event.at),
            about=place_of(db, event.booking_id),
            tip="请点开验收，24 小时后自动验收",
            not_after=event.at + timedelta(days=1),
            now=clock.now(),
        )


def on_closed(event: Event, clock: Clock) -> None:
    """Say that the booking is closed (M18)."""
    assert isinstance(event, BookingClosed)
    with transaction() as db:
        say(
            db,
            "M18",
            event.booking_id,
            key=event.number,
            time=messages.moment(event.at),
            about="服务已结束",
            tip="可以看保修和下次保养时间",
            not_after=event.at + KEEPS_FOR,
            now=clock.now(),
        )


def on_evidence_added(event: Event, clock: Clock) -> None:
    """Tell the member that somebody stands at his door (D1), when the technician wrote to him."""
    assert isinstance(event, EvidenceAdded)
    if event.kind != Proof.MESSAGE:
        return
    with transaction() as db:
        visit = visits.visit(db, event.visit_id)
        if visit.state is not VisitState.ARRIVED:
            return
        booking = bookings.booking_of_visit(db, event.visit_id)
        say(
            db,
            "D1",
            booking.id,
            key=f"{event.visit_number}:{event.at.isoformat()}",
            time=messages.moment(visit.arrived_at or event.at),
            about=place_of(db, booking.id),
            tip="师傅在门口等您，请接电话或开门",
            not_after=event.at + timedelta(minutes=30),
            now=clock.now(),
        )
