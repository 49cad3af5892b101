"""The points shop: articles and their stock, what members take, and how it comes to them."""

from datetime import datetime
from typing import cast

from sqlalchemy import CursorResult, Table, update

from booking import coupon_queries, queries, shop_queries
from booking.coupons import CouponSource
from booking.events import ExchangePlaced
from booking.operations import coupons
from booking.shop import ArticleMissing, EnoughOfIt, SoldOut, exchange_draft, key_of
from booking.shop_models import Article, Exchange
from kernel import outbox
from kernel.actor import Actor, Role
from kernel.db import Session
from kernel.numbers import new_number
from members import collection_queries, grade_queries, policy
from members.collecting import BadWay, Way
from members.collection_models import Collection
from members.grades import price_for
from members.operations import collections, following, postings

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
    way: Way | None = None,
    name: str = "",
    phone: str = "",
    address: str = "",
    store_code: str = "",
    by: Actor,
    now: datetime,
) -> Exchange:
    """Spend the member's points on one of an article: a thing that he is then owed, a coupon at once.

    Raises ArticleMissing, SoldOut, EnoughOfIt, BadWay, NoStore, TooShort, TooLong, BadPhone,
    NotEnoughPoints, NoneLeft.
    """
    following.lock_member(db, by.id)
    article = shop_queries.article(db, article_number)
    _check_may_take(db, article, way, by=by)

    rules = queries.rules_of_member(db, by.id)
    grade = grade_queries.held_by(db, by.id, rules=rules, now=now).grade
    exchange = Exchange(
        number=new_number("X"),
        article_id=article.id,
        member_id=by.id,
        points=price_for(grade, article.points),
        placed_at=now,
    )
    if way is not None:
        owed = _owe(db, exchange.number, article, by=by, now=now)
        exchange.collection_id = owed.id
        if way is Way.POST:
            collections.choose_post(
                db, number=owed.number, name=name, phone=phone, address=address, by=by
            )
        else:
            store = queries.store_by_code(db, store_code)
            collections.choose_pick_up(
                db, number=owed.number, store_id=store.id if store else None, by=by
            )
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


def _check_may_take(db: Session, article: Article, way: Way | None, *, by: Actor) -> None:
    """Raises ArticleMissing, BadWay, EnoughOfIt."""
    if not article.on_sale:
        raise ArticleMissing
    if way not in (article.ways or (None,)):
        raise BadWay(field="way")
    had = shop_queries.taken_by(db, article_id=article.id, member_id=by.id)
    if article.own_max is not None and had >= article.own_max:
        raise EnoughOfIt(most=article.own_max)


def _owe(db: Session, number: str, article: Article, *, by: Actor, now: datetime) -> Collection:
    return collections.owe(
        db,
        member_id=by.id,
        what=article.name,
        cause=key_of(number),
        by_post=article.by_post,
        by_pick_up=article.by_pickup,
        now=now,
    )


def _give_coupon(db: Session, exchange: Exchange, kind_id: int, *, now: datetime) -> None:
    coupons.give(
        db,
        kind_id=kind_id,
        member_id=exchange.member_id,
        key=key_of(exchange.number),
        source=CouponSource.SHOP,
        now=now,
    )


def cancel(
    db: Session, *, collection_number: str, why: str = "", by: Actor, now: datetime
) -> Exchange:
    """Undo the exchange for which a thing is owed that is not on its way: the points go back by the
    exact negation of their posting, the article into its stock.

    Raises Forbidden, CollectionMissing, CollectionOver, ExchangeMissing.
    """
    if by.role is not Role.MEMBER:
        policy.check_decider(by)
    within = queries.stores_within(db, by)
    owed = collection_queries.by_number(db, number=collection_number, by=by, within=within)
    exchange = shop_queries.exchange_of(db, owed.id)
    collections.cancel(db, owed, why=why, by=by, now=now)
    article = db.get_one(Article, exchange.article_id)
    if article.stock is not None:
        _move_stock(db, article.id, 1)
    number = exchange.number
    postings.reverse(db, key=key_of(number), evidence=f"cancelled:{number}", now=now)
    return exchange


def _move_stock(db: Session, article_id: int, by: int) -> None:
    """Put so many into stock, or take them out, never below nothing. Raises SoldOut."""
    db.flush()
    moved = (
        update(_ARTICLE)
        .where(_ARTICLE.c.id == article_id, _ARTICLE.c.stock + by >= 0)
        .values(stock=_ARTICLE.c.stock + by)
    )
    if cast(CursorResult[None], db.connection().execute(moved)).rowcount != 1:
        raise SoldOut
    db.expire_all()
