"""The points shop: articles and their stock, what members take, and how it comes to them."""

from datetime import datetime
from typing import cast

from sqlalchemy import CursorResult, Table, select, update

from booking import coupon_queries, queries, shop_queries
from booking.coupons import CouponSource
from booking.events import ExchangeMoved, ExchangePlaced
from booking.operations import coupons
from booking.shop import (
    ArticleMissing,
    BadWay,
    EnoughOfIt,
    NoAddress,
    NoStore,
    NoTracking,
    SoldOut,
    Way,
    exchange_draft,
    key_of,
)
from booking.shop_models import Article, Exchange
from booking.states import ExchangeAction, ExchangeState
from kernel import outbox
from kernel.actor import Actor, Role
from kernel.db import Session
from kernel.errors import Forbidden
from kernel.numbers import new_number
from members import grade_queries
from members.grades import price_for
from members.operations import following, postings
from members.redeeming import new_code

_ARTICLE = cast(Table, Article.__table__)


def add_article(
    db: Session,
    *,
    name: str,
    about: str,
    icon: str,
    points: int,
    stock: int | None,
    own_max: int | None,
    coupon: str,
    by_post: bool,
    by_pickup: bool,
    now: datetime,
) -> Article:
    """Put a gift into the shop, or the coupon of that number. Raises CouponMissing, BadWay."""
    kind = coupon_queries.kind(db, coupon) if coupon else None
    if kind is None and not (by_post or by_pickup):
        raise BadWay(field="by_post")
    article = Article(
        number=new_number("G"),
        name=name,
        about=about,
        icon=icon,
        points=points,
        stock=stock,
        own_max=own_max,
        coupon_kind_id=kind.id if kind else None,
        by_post=by_post and kind is None,
        by_pickup=by_pickup and kind is None,
        made_at=now,
    )
    db.add(article)
    db.flush()
    return article


def change_article(
    db: Session,
    *,
    number: str,
    name: str,
    about: str,
    points: int,
    more: int,
    own_max: int | None,
) -> Article:
    """Change what it is called and costs, and put `more` into stock, or take out what is less than
    nothing. Raises ArticleMissing, SoldOut."""
    article = shop_queries.article(db, number)
    article.name, article.about, article.points, article.own_max = name, about, points, own_max
    db.flush()
    if more:
        _move_stock(db, article.id, more)
    return article


def set_on_sale(db: Session, *, number: str, on_sale: bool) -> Article:
    """Put it on sale, or off. Raises ArticleMissing."""
    article = shop_queries.article(db, number)
    article.on_sale = on_sale
    return article


def take(
    db: Session,
    *,
    article_number: str,
    way: Way,
    contact: str = "",
    phone: str = "",
    address: str = "",
    store_code: str = "",
    by: Actor,
    now: datetime,
) -> Exchange:
    """Spend the member's points on one of an article: put aside to be posted or fetched, a coupon at
    once.

    Raises ArticleMissing, SoldOut, EnoughOfIt, BadWay, NoAddress, NoStore, NotEnoughPoints, NoneLeft.
    """
    following.lock_member(db, by.id)
    article = shop_queries.article(db, article_number)
    _check_may_take(db, article, way, by=by)
    if way is Way.POST and not (contact and phone and address):
        raise NoAddress(field="address")
    store = queries.store_by_code(db, store_code) if way is Way.PICKUP else None
    if way is Way.PICKUP and store is None:
        raise NoStore(field="store")

    rules = queries.rules_of_member(db, by.id)
    grade = grade_queries.held_by(db, by.id, rules=rules, now=now).grade
    exchange = Exchange(
        number=new_number("X"),
        article_id=article.id,
        member_id=by.id,
        points=price_for(grade, article.points),
        way=way,
        store_id=store.id if store else None,
        pickup_code=new_code() if store else "",
        placed_at=now,
        state=ExchangeState.PLACED,
        state_since=now,
    )
    if way is Way.POST:
        exchange.contact, exchange.phone, exchange.address = contact, phone, address
    if article.stock is not None:
        _move_stock(db, article.id, -1)
    db.add(exchange)
    draft = exchange_draft(
        member_id=by.id, number=exchange.number, points=exchange.points, rules=rules
    )
    postings.post(db, draft, now=now)
    if article.coupon_kind_id is not None:
        _give_coupon(db, exchange, article.coupon_kind_id, now=now)
    db.flush()

    told = ExchangePlaced(
        at=now, exchange_number=exchange.number, member_id=by.id, points=exchange.points
    )
    outbox.record(db, told)
    return exchange


def _check_may_take(db: Session, article: Article, way: Way, *, by: Actor) -> None:
    """Raises ArticleMissing, BadWay, EnoughOfIt."""
    if not article.on_sale:
        raise ArticleMissing
    if way not in article.ways:
        raise BadWay(field="way")
    had = shop_queries.taken_by(db, article_id=article.id, member_id=by.id)
    if article.own_max is not None and had >= article.own_max:
        raise EnoughOfIt(most=article.own_max)


def _give_coupon(db: Session, exchange: Exchange, kind_id: int, *, now: datetime) -> None:
    coupons.give(
        db,
        kind_id=kind_id,
        member_id=exchange.member_id,
        key=key_of(exchange.number),
        source=CouponSource.SHOP,
        now=now,
    )
    exchange.advance(ExchangeAction.DELIVER, now=now)


def send(
    db: Session, *, number: str, carrier: str, tracking: str, by: Actor, now: datetime
) -> Exchange:
    """Take note that it was posted. Raises ExchangeMissing, BadWay, NoTracking, IllegalMove."""
    exchange = _locked(db, number, by)
    if exchange.way is not Way.POST:
        raise BadWay
    if not carrier.strip() or not tracking.strip():
        raise NoTracking(field="tracking")
    exchange.carrier, exchange.tracking = carrier.strip(), tracking.strip()
    _move(db, exchange, ExchangeAction.SEND, by=by, now=now)
    return exchange


def hand_out(db: Session, *, code: str, by: Actor, now: datetime) -> Exchange:
    """Hand out what waits for that pick-up code, once. Raises WrongPickupCode, IllegalMove."""
    waiting = shop_queries.waiting_for(db, code=code, by=by)
    exchange = _locked(db, waiting.number, by)
    _move(db, exchange, ExchangeAction.HAND_OUT, by=by, now=now)
    return exchange


def cancel(db: Session, *, number: str, why: str = "", by: Actor, now: datetime) -> Exchange:
    """Undo an exchange that is not on its way: the points go back by the exact negation of their
    posting, the article into its stock. Raises ExchangeMissing, IllegalMove."""
    exchange = _locked(db, number, by)
    exchange.why = why.strip()
    _move(db, exchange, ExchangeAction.CANCEL, by=by, now=now)
    article = db.get_one(Article, exchange.article_id)
    if article.stock is not None:
        _move_stock(db, article.id, 1)
    postings.reverse(db, key=key_of(number), evidence=f"cancelled:{number}", now=now)
    return exchange


def _locked(db: Session, number: str, by: Actor) -> Exchange:
    """Return it as it is under its member's lock. Raises ExchangeMissing, Forbidden."""
    if by.role is Role.AUDITOR:
        raise Forbidden
    known = shop_queries.exchange(db, number=number, by=by)
    following.lock_member(db, known.member_id)
    fresh = select(Exchange).where(Exchange.id == known.id)
    return db.scalars(fresh.execution_options(populate_existing=True)).one()


def _move(
    db: Session, exchange: Exchange, action: ExchangeAction, *, by: Actor, now: datetime
) -> None:
    exchange.advance(action, now=now)
    exchange.staff_id = None if by.role is Role.MEMBER else by.id
    db.flush()
    told = ExchangeMoved(
        at=now,
        exchange_number=exchange.number,
        member_id=exchange.member_id,
        state=exchange.state.value,
    )
    outbox.record(db, told)


def _move_stock(db: Session, article_id: int, by: int) -> None:
    """Put so many into stock, or take them out, never below nothing. Raises SoldOut."""
    moved = (
        update(_ARTICLE)
        .where(_ARTICLE.c.id == article_id, _ARTICLE.c.stock + by >= 0)
        .values(stock=_ARTICLE.c.stock + by)
    )
    if cast(CursorResult[None], db.connection().execute(moved)).rowcount != 1:
        raise SoldOut
    db.expire_all()
