"""Reads of the points shop."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select, true

from booking.models import Store
from booking.shop import ArticleMissing, ExchangeMissing, WrongPickupCode
from booking.shop_models import Article, Exchange
from booking.states import ExchangeState
from kernel.actor import Actor, Role
from kernel.db import Session

OWN_LISTED_MAX = 100


def articles(db: Session) -> Sequence[Article]:
    """Return every article, those on sale first, the cheapest first."""
    return db.scalars(
        select(Article).order_by(Article.on_sale.desc(), Article.points, Article.id)
    ).all()


def on_sale(db: Session) -> Sequence[Article]:
    """Return what members may take, what is left first, the cheapest first."""
    found = select(Article).where(Article.on_sale)
    return db.scalars(
        found.order_by(func.coalesce(Article.stock, 1) == 0, Article.points, Article.id)
    ).all()


def article(db: Session, number: str) -> Article:
    """Return an article. Raises ArticleMissing."""
    row = db.scalars(select(Article).where(Article.number == number)).one_or_none()
    if row is None:
        raise ArticleMissing
    return row


def articles_by_id(db: Session, ids: Sequence[int]) -> dict[int, Article]:
    """Return those articles by id."""
    return {row.id: row for row in db.scalars(select(Article).where(Article.id.in_(ids)))}


def taken_by(db: Session, *, article_id: int, member_id: int) -> int:
    """Return how many of it the member took and did not give back."""
    found = select(func.count()).where(
        Exchange.article_id == article_id,
        Exchange.member_id == member_id,
        Exchange.state != ExchangeState.CANCELLED,
    )
    return db.scalar(found) or 0


def exchange(db: Session, *, number: str, by: Actor) -> Exchange:
    """Return an exchange that the actor may see. Raises ExchangeMissing."""
    found = select(Exchange).where(Exchange.number == number, visible_to(by))
    row = db.scalars(found).one_or_none()
    if row is None:
        raise ExchangeMissing
    return row


def waiting_for(db: Session, *, code: str, by: Actor) -> Exchange:
    """Return what waits to be fetched by that code where the actor hands out. Raises
    WrongPickupCode."""
    found = select(Exchange).where(
        Exchange.pickup_code == code, Exchange.state == ExchangeState.PLACED, visible_to(by)
    )
    rows = db.scalars(found).all()
    if len(rows) != 1:
        raise WrongPickupCode(field="pickup_code")
    return rows[0]


def exchanges_of(db: Session, member_id: int) -> Sequence[Exchange]:
    """Return what the member took, the newest first."""
    found = select(Exchange).where(Exchange.member_id == member_id)
    return db.scalars(found.order_by(Exchange.id.desc()).limit(OWN_LISTED_MAX)).all()


def names_of(db: Session, member_id: int) -> dict[str, str]:
    """Return what the member took, by the numbers of his newest exchanges."""
    found = (
        select(Exchange.number, Article.name)
        .join(Article, Article.id == Exchange.article_id)
        .where(Exchange.member_id == member_id)
    )
    rows = db.execute(found.order_by(Exchange.id.desc()).limit(OWN_LISTED_MAX))
    return {row.number: row.name for row in rows}


def exchanges(
    db: Session, *, by: Actor, state: ExchangeState | None, limit: int, offset: int = 0
) -> tuple[Sequence[Exchange], int]:
    """Return a page of the exchanges in the actor's scope, and how many there are: those that wait
    the oldest first, others the newest first."""
    where: list[ColumnElement[bool]] = [visible_to(by)]
    if state is not None:
        where.append(Exchange.state == state)
    total = db.scalar(select(func.count()).select_from(Exchange).where(*where)) or 0
    order = Exchange.id if state is ExchangeState.PLACED else Exchange.id.desc()
    page = select(Exchange).where(*where).order_by(order)
    return db.scalars(page.limit(limit).offset(offset)).all(), total


def taken_since(db: Session, since: datetime) -> dict[int, int]:
    """Return how many of each article were taken since then and not given back, by its id."""
    found = (
        select(Exchange.article_id, func.count())
        .where(Exchange.placed_at >= since, Exchange.state != ExchangeState.CANCELLED)
        .group_by(Exchange.article_id)
    )
    return {row.article_id: row[1] for row in db.execute(found)}


def visible_to(by: Actor) -> ColumnElement[bool]:
    """Return the condition for the exchanges in the actor's scope: a member's own; what is fetched
    at a store for its people; for others what is posted, and what is fetched in their branches."""
    if by.role is Role.MEMBER:
        return Exchange.member_id == by.id
    if by.role is Role.STORE:
        return Exchange.store_id.in_(by.store_ids)
    if by.role is Role.SYSTEM or not by.branch_ids:
        return true()
    theirs = select(Store.id).where(Store.branch_id.in_(by.branch_ids))
    return or_(Exchange.store_id.is_(None), Exchange.store_id.in_(theirs))
