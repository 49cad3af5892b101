"""What brings members back, as the console shows it: a draw under way, tags and their segments, news, a
friend who was brought, gifts that wait at a store, a store's own draw and calls. Each act is the real operation."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from booking import queries, shop_queries
from booking.coupons import CouponForm, Terms
from booking.models import Booking
from booking.operations import campaigns as beginning
from booking.operations import coupons, prizes, shop
from booking.states import SERVED
from kernel.actor import Actor, Role
from kernel.db import transaction
from kernel.errors import Refusal
from kernel.money import Money
from members import queries as members
from members import tag_queries
from members.collecting import Way
from members.drawing import Prize, PrizeKind
from members.operations import campaigns, draws, following, tags
from members.referring import scene_of
from members.tagging import Rule, RuleKind
from scripts.demo_city.stage import NOW

# Where somebody of the store signs in.
STORE = "hailu"
PLAYERS, TAKERS, REGULARS, FRIENDS = 24, 6, 30, 3


def grow(leader: Actor) -> None:
    """Let the city's members play, take gifts, be tagged, written to, and bring friends."""
    with transaction(reads_only=True) as db:
        served = db.scalars(
            select(Booking.member_id)
            .where(Booking.state.in_(SERVED))
            .group_by(Booking.member_id)
            .order_by(Booking.member_id)
            .limit(REGULARS)
        ).all()
    if not served:
        return
    _play(served[:PLAYERS], leader)
    _take(served[:TAKERS])
    _write(served, leader)
    _bring(served[0])
    _do_in_store(leader)


def _play(people: Sequence[int], leader: Actor) -> None:
    """Open a draw, and let some smash their eggs."""
    with transaction() as db:
        terms = Terms(form=CouponForm.FIXED, amount=Money(10_00), least=Money(80_00))
        kind = coupons.make_kind(
            db, name="金蛋 10 元券", terms=terms, live_days=60, given_max=None, now=NOW
        )
        number = prizes.set_up(
            db,
            name="周年庆砸金蛋",
            about="每人一次，砸中的礼品到店领或寄给您",
            eggs=200,
            prizes=[
                Prize(1, "折叠雨伞", PrizeKind.GIFT, 0, 40),
                Prize(2, "50 积分", PrizeKind.POINTS, 50, 60),
                Prize(3, "10 元优惠券", PrizeKind.COUPON, 0, 50, kind.number),
            ],
            ends_at=NOW + timedelta(days=14),
            by=leader,
            now=NOW,
        ).number
        draws.begin(db, number=number, by=leader, now=NOW)
    for member_id in people:
        with transaction() as db:
            prizes.smash(db, number=number, by=Actor(member_id, Role.MEMBER), now=NOW)


def _take(people: Sequence[int]) -> None:
    """Take the cheapest gift of the points shop, to be fetched at a store."""
    with transaction(reads_only=True) as db:
        article = next(one.number for one in shop_queries.on_sale(db) if one.ways)
    for member_id in people:
        try:
            with transaction() as db:
                shop.take(
                    db,
                    article_number=article,
                    way=Way.PICK_UP,
                    store_code=STORE,
                    by=Actor(member_id, Role.MEMBER),
                    now=NOW,
                )
        except Refusal:
            continue  # Not everybody has the points.


def _write(people: Sequence[int], leader: Actor) -> None:
    """Tag regulars by hand and others by rule, name segments, and begin to tell one of them some news."""
    with transaction() as db:
        care = tags.make_tag(db, name="关注保养", rule=None, by=leader, now=NOW)
    with transaction() as db:
        for member_id in people:
            tags.put_on(db, tag_id=care.id, member_id=member_id, now=NOW)
    with transaction() as db:
        ruled = [
            tags.make_tag(db, name=name, rule=rule, by=leader, now=NOW).id
            for name, rule in (
                ("来过的", Rule(RuleKind.COMPLETED, 1)),
                ("积分过百", Rule(RuleKind.POINTS, 100)),
            )
        ]
        tags.make_segment(
            db, name="来过、积分过百", with_ids=ruled, without_ids=[], by=leader, now=NOW
        )
        segment = tags.make_segment(
            db, name="关注保养的", with_ids=[care.id], without_ids=[], by=leader, now=NOW
        )
        number = campaigns.set_up(
            db,
            name="入冬保养",
            segment_id=segment.id,
            about="您的热水器该除垢了",
            tip="点开预约，最近有空位",
            path="/c/",
            hold_out=10,
            by=leader,
            now=NOW,
        ).number
        campaigns.begin(db, number=number, by=leader, now=NOW)


def _bring(member_id: int) -> None:
    """Let friends follow by a member's card."""
    with transaction() as db:
        number = members.member(db, member_id).number
    for place in range(FRIENDS):
        with transaction() as db:
            openid = f"oFriend{place:021d}"
            following.follow(db, openid=openid, scene=scene_of(number), now=NOW)


def _do_in_store(leader: Actor) -> None:
    """Let a store have a draw of its own under way, and call its followers from a list."""
    with transaction() as db:
        store = queries.store_by_code(db, STORE)
        assert store is not None, "the city has its stores first"
        number = prizes.set_up(
            db,
            name="海尔路店庆",
            about="砸中的礼品到店里领",
            eggs=60,
            prizes=[Prize(1, "保温杯", PrizeKind.GIFT, 0, 20)],
            ends_at=NOW + timedelta(days=10),
            store_id=store.id,
            by=leader,
            now=NOW,
        ).number
        draws.begin(db, number=number, by=leader, within=None, now=NOW)
    with transaction() as db:
        number = campaigns.set_up(
            db,
            name="老粉回访",
            segment_id=tag_queries.segments(db)[0].id,
            about="您的空调该清洗了",
            tip="点开预约，最近有空位",
            path="/c/",
            hold_out=0,
            store_id=store.id,
            is_by_call=True,
            by=leader,
            now=NOW,
        ).number
        beginning.begin(db, number=number, by=leader, now=NOW)
