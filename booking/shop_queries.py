"""Reads of the points shop."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select

from booking.shop import ArticleMissing, ExchangeMissing
from booking.shop_models import Article, Exchange
from kernel.db import Session
from members.collection_models import Collection
from members.states import CollectionState

OWN_LISTED_MAX = 100
_ITS = Collection.id == Exchange.collection_id


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


def taken_by(db: Session, *, article_id: int, member_id: int) -> int:
    """Return how many of it the member took and did not give back."""
    found = select(func.count()).select_from(Exchange).outerjoin(Collection, _ITS)
    mine = (Exchange.article_id == article_id, Exchange.member_id == member_id)
    return db.scalar(found.where(*mine, _stands())) or 0


def exchange_of(db: Session, collection_id: int) -> Exchange:
    """Return the exchange for which that thing is owed. Raises ExchangeMissing."""
    row = db.scalars(select(Exchange).where(Exchange.collection_id == collection_id)).one_or_none()
    if row is None:
        raise ExchangeMissing
    return row


def points_of(db: Session, collection_ids: Sequence[int]) -> dict[int, int]:
    """Return the points that were spent on those things, by the thing's id."""
    found = select(Exchange.collection_id, Exchange.points)
    rows = db.execute(found.where(Exchange.collection_id.in_(collection_ids)))
    return {row.collection_id: row.points for row in rows}


def names_of(db: Session, member_id: int) -> dict[str, tuple[str, str]]:
    """Return what the member took, and the number of the thing that he is owed for it ("" for a
    coupon), by the numbers of his newest exchanges."""
    found = (
        select(Exchange.number, Article.name, Collection.number.label("owed"))
        .join(Article, Article.id == Exchange.article_id)
        .outerjoin(Collection, _ITS)
        .where(Exchange.member_id == member_id)
    )
    rows = db.execute(found.order_by(Exchange.id.desc()).limit(OWN_LISTED_MAX))
    return {row.number: (row.name, row.owed or "") for row in rows}


def taken_since(db: Session, since: datetime) -> dict[int, int]:
    """Return how many of each article were taken since then and not given back, by its id."""
    found = (
        select(Exchange.article_id, func.count())
        .outerjoin(Collection, _ITS)
        .where(Exchange.placed_at >= since, _stands())
        .group_by(Exchange.article_id)
    )
    return {row.article_id: row[1] for row in db.execute(found)}


def _stands() -> ColumnElement[bool]:
    return or_(Collection.id.is_(None), Collection.state != CollectionState.CANCELLED)
