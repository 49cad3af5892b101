"""What members are told of their account: compensation, refunds, waiting, appeals, the blacklist.

Safe to repeat: one row per event and kind.
"""

from booking import care_queries, waiting_queries
from booking import queries as bookings
from booking.care import CareKind
from booking.coupons import CouponSource
from booking.events import (
    BookingRefunded,
    CareNewsOrdered,
    CouponExpiryAnnounced,
    CouponIssued,
    DepositSettled,
    PromiseBroken,
    RefundOrdered,
    TryoutMoved,
    WaitingOffered,
)
from booking.states import TryoutState, WaitingState
from booking.tryouts import OUT_OF_TURN, News
from kernel.actor import SYSTEM
from kernel.clock import Clock
from kernel.db import transaction
from kernel.events import Event
from kernel.money import Money
from members import rule_queries, strike_queries, tag_queries
from members.events import (
    AppealDecided,
    Blacklisted,
    BlacklistEnded,
    CollectionMoved,
    ExpiryAnnounced,
    GradeChanged,
    NewsOrdered,
    PointsRedeemed,
    RedemptionReversed,
)
from members.policy import AppealSubject
from members.states import CollectionState
from notifications import messages
from notifications.saying import KEEPS_FOR, place_of, say, say_account
from notifications.technician_reactions import tell_of_appeal


def on_appeal_decided(event: Event, clock: Clock) -> None:
    """Tell what came of an appeal (M19)."""
    assert isinstance(event, AppealDecided)
    if not event.member_id:
        tell_of_appeal(event, now=clock.now())
        return
    is_dispute = event.subject_kind == AppealSubject.BOOKING
    what = "异议" if is_dispute else "复议"
    with transaction() as db:
        say_account(
            db,
            "M19",
            event.member_id,
            key=event.appeal_number,
            time=messages.moment(event.at),
            about=f"{what}成立" if event.upheld else f"{what}没有成立",
            tip="积分和违约已退回" if event.upheld and not is_dispute else "理由请点开查看",
            path=f"/c/bookings/{event.booking_number}" if is_dispute else "/c/points",
            now=clock.now(),
        )


def on_waiting_offered(event: Event, clock: Clock) -> None:
    """Tell him who waited that a place is kept for him (W1)."""
    assert isinstance(event, WaitingOffered)
    with transaction() as db:
        waits = waiting_queries.waiting_by_number(db, number=event.waiting_number, by=SYSTEM)
        if waits.state is not WaitingState.OFFERED:
            return
        booking = bookings.by_number(db, event.booking_number)
        assert booking is not None
        say(
            db,
            "W1",
            booking.id,
            key=f"{event.waiting_number}:{event.booking_number}",
            about=place_of(db, booking.id),
            tip=f"为您留到 {messages.clock(event.until)}，点开确认",
            not_after=event.until,
            path=f"/c/bookings/{event.booking_number}/confirm",
            now=clock.now(),
        )


def on_promise_broken(event: Event, clock: Clock) -> None:
    """Tell what was paid for a promise that we broke (C1)."""
    assert isinstance(event, PromiseBroken)
    if event.cause != "late":
        return
    with transaction() as db:
        say(
            db,
            "C1",
            event.booking_id,
            key=f"{event.promise_id}:{event.fen}",
            about=f"{Money(event.fen)} 代金券",
            tip="已自动到账，不用申请",
            not_after=event.at + KEEPS_FOR,
            now=clock.now(),
        )


def on_refund_ordered(event: Event, clock: Clock) -> None:
    """Tell that money came too late for what it was to pay for and goes back (P1)."""
    assert isinstance(event, RefundOrdered)
    of_sample = event.reason == OUT_OF_TURN
    with transaction() as db:
        say(
            db,
            "P1",
            event.booking_id,
            key=event.payment_number,
            time=messages.moment(event.at),
            about=str(Money(event.fen)),
            tip="试用品已退，货款全额退回" if of_sample else "付款晚了，时段已约满，全额退回",
            not_after=event.at + KEEPS_FOR,
            path=f"/c/bookings/{event.number}{'' if of_sample else '/confirm'}",
            now=clock.now(),
        )


def on_booking_refunded(event: Event, clock: Clock) -> None:
    """Tell that a finished booking is paid back, and that what else had paid for it is his again (P1)."""
    assert isinstance(event, BookingRefunded)
    with transaction() as db:
        say(
            db,
            "P1",
            event.booking_id,
            key=f"refunded:{event.number}",
            time=messages.moment(event.at),
            about=str(Money(event.fen)),
            tip="全额退回，用掉的积分和券也已退回",
            not_after=event.at + KEEPS_FOR,
            now=clock.now(),
        )


def on_coupon_given(event: Event, clock: Clock) -> None:
    """Tell of a new coupon (A2); those that many get at once are found in the wallet."""
    assert isinstance(event, CouponIssued)
    if event.source == CouponSource.CAMPAIGN:
        return
    with transaction() as db:
        say_account(
            db,
            "A2",
            event.member_id,
            key=f"coupon:{event.key}",
            time=messages.moment(event.expires_at),
            about=f"得到{event.name}",
            tip="有效期内预约时选用",
            path="/c/coupons",
            now=clock.now(),
        )


def on_coupon_expiring(event: Event, clock: Clock) -> None:
    """Tell that coupons expire soon (A2)."""
    assert isinstance(event, CouponExpiryAnnounced)
    with transaction() as db:
        say_account(
            db,
            "A2",
            event.member_id,
            key=f"coupons:{event.member_id}:{event.expires_at:%Y-%m-%d}",
            time=messages.moment(event.expires_at),
            about=f"{event.count} 张优惠券将到期",
            tip="到期前预约就能用上",
            path="/c/coupons",
            now=clock.now(),
        )


def on_tryout_moved(event: Event, clock: Clock) -> None:
    """Tell how his tryout stands, that its time ends soon or is over (A2)."""
    assert isinstance(event, TryoutMoved)
    said = _TRYOUT.get((TryoutState(event.state), News(event.news)))
    if said is None:
        return
    with transaction() as db:
        say_account(
            db,
            "A2",
            event.member_id,
            key=f"tryout:{event.tryout_number}:{event.state}:{event.news}",
            time=messages.moment(event.at),
            about=said[0],
            tip=said[1],
            path=f"/c/tryouts/{event.tryout_number}",
            now=clock.now(),
        )


_TRYOUT = {
    (TryoutState.OUT, News.MOVED): ("试用开始了", "到期前选留下或退回"),
    (TryoutState.OUT, News.SOON): ("试用还剩一天", "请选留下或退回"),
    (TryoutState.OUT, News.OVER): ("试用到期了", "请选留下付款或约取回"),
    (TryoutState.RETURNING, News.MOVED): ("试用品等取回", "请约取回的时间"),
    (TryoutState.KEPT, News.MOVED): ("试用品归您了", "货款已收到，积分已到账"),
    (TryoutState.RETURNED, News.MOVED): ("试用品已收回", "谢谢您试用"),
    (TryoutState.CANCELLED, News.MOVED): ("试用申请已取消", "想试可以再申请"),
}


def on_deposit_settled(event: Event, clock: Clock) -> None:
    """Tell that the deposit goes back (P1); one that is kept is told of with its strike."""
    assert isinstance(event, DepositSettled)
    if event.is_kept:
        return
    with transaction() as db:
        say(
            db,
            "P1",
            event.booking_id,
            key=f"deposit:{event.number}",
            time=messages.moment(event.at),
            about=str(Money(event.fen)),
            tip="押金原路退回",
            not_after=event.at + KEEPS_FOR,
            now=clock.now(),
        )


def on_blacklisted(event: Event, clock: Clock) -> None:
    """Tell that his bookings are stopped, until when, and that he may appeal (A1)."""
    assert isinstance(event, Blacklisted)
    with transaction() as db:
        row = strike_queries.blacklisting(db, number=event.blacklisting_number, by=SYSTEM)
        days = rule_queries.of(db, row.rules_version).blacklist_within.days
        by_strikes = f"{days} 天内 {len(row.strikes)} 次没能见面"
        say_account(
            db,
            "A1",
            event.member_id,
            key=event.blacklisting_number,
            time=messages.moment(event.until),
            about=by_strikes if row.strikes else "由两位工作人员决定",
            tip="可以申诉，由两位工作人员复核",
            now=clock.now(),
        )


def on_expiry_announced(event: Event, clock: Clock) -> None:
    """Tell how many points expire soon, and when (A2)."""
    assert isinstance(event, ExpiryAnnounced)
    with transaction() as db:
        say_account(
            db,
            "A2",
            event.member_id,
            key=f"expiring:{event.member_id}:{event.expires_at:%Y-%m-%d}",
            time=messages.moment(event.expires_at),
            about=f"{event.points} 积分将到期",
            tip="到期前用掉，过期不能再用",
            now=clock.now(),
        )


def on_grade_changed(event: Event, clock: Clock) -> None:
    """Tell that he rose or fell to another grade (A2)."""
    assert isinstance(event, GradeChanged)
    has_risen = event.place > event.before
    with transaction() as db:
        say_account(
            db,
            "A2",
            event.member_id,
            key=f"grade:{event.member_id}:{event.at.isoformat()}",
            time=messages.moment(event.at),
            about=f"{'升为' if has_risen else '变为'}{event.name}",
            tip="点开看权益" if has_risen else "再积分就能升回来",
            now=clock.now(),
        )


def on_points_redeemed(event: Event, clock: Clock) -> None:
    """Tell that his points were taken on the spot, and for what (A2)."""
    assert isinstance(event, PointsRedeemed)
    with transaction() as db:
        say_account(
            db,
            "A2",
            event.member_id,
            key=event.redemption_number,
            time=messages.moment(event.at),
            about=f"用掉 {event.points} 积分",
            tip=f"换了{event.what}",
            now=clock.now(),
        )


def on_redemption_reversed(event: Event, clock: Clock) -> None:
    """Tell that points which were taken on the spot are his again (A2)."""
    assert isinstance(event, RedemptionReversed)
    with transaction() as db:
        say_account(
            db,
            "A2",
            event.member_id,
            key=f"reversed:{event.redemption_number}",
            time=messages.moment(event.at),
            about=f"退回 {event.points} 积分",
            tip="现场兑换已撤回，积分可以再用",
            now=clock.now(),
        )


def on_collection_moved(event: Event, clock: Clock) -> None:
    """Tell that what he was owed is on its way, was handed over, or is undone (A2)."""
    assert isinstance(event, CollectionMoved)
    said, tip = {
        CollectionState.SENT: ("已寄出", "点开看快递单号"),
        CollectionState.HANDED_OVER: ("已领取", "不是您领的请联系我们"),
        CollectionState.CANCELLED: ("已取消", "积分已全部退回"),
    }[CollectionState(event.state)]
    with transaction() as db:
        say_account(
            db,
            "A2",
            event.member_id,
            key=f"collection:{event.collection_number}:{event.state}",
            time=messages.moment(event.at),
            about=f"{event.what}{said}",
            tip=tip,
            path=f"/c/collections/{event.collection_number}",
            now=clock.now(),
        )


def on_news_ordered(event: Event, clock: Clock) -> None:
    """Tell a campaign's news (A2), unless he has turned news off meanwhile."""
    assert isinstance(event, NewsOrdered)
    with transaction() as db:
        if not tag_queries.wants_news(db, event.member_id):
            return
        campaign = tag_queries.campaign(db, number=event.campaign_number, by=SYSTEM, within=None)
        say_account(
            db,
            "A2",
            event.member_id,
            key=f"news:{campaign.number}:{event.member_id}",
            time=messages.moment(event.at),
            about=campaign.about,
            tip=campaign.tip,
            path=campaign.path,
            now=clock.now(),
        )


def on_care_news_ordered(event: Event, clock: Clock) -> None:
    """Tell what a care plan says (A2), unless he has turned news off meanwhile."""
    assert isinstance(event, CareNewsOrdered)
    with transaction() as db:
        if not tag_queries.wants_news(db, event.member_id):
            return
        plan = care_queries.plan(db, number=event.plan_number, by=SYSTEM)
        is_visit = plan.kind is CareKind.MAINTENANCE
        say_account(
            db,
            "A2",
            event.member_id,
            key=f"care:{plan.number}:{event.at.isoformat()}",
            time=messages.moment(event.at),
            about="家电该保养了" if is_visit else "给您的使用提示",
            tip="点开选个时间上门" if is_visit else "点开查看",
            path="/c/assets",
            now=clock.now(),
        )


def on_blacklist_ended(event: Event, clock: Clock) -> None:
    """Tell that he may book again (A2)."""
    assert isinstance(event, BlacklistEnded)
    if not event.is_free:
        return
    with transaction() as db:
        say_account(
            db,
            "A2",
            event.member_id,
            key=event.blacklisting_number,
            time=messages.moment(event.at),
            about="可以重新预约",
            tip="欢迎回来",
            now=clock.now(),
        )
