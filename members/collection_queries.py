"""Reads of what members are owed."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select, true

from kernel.actor import Actor, Role
from kernel.db import Session
from members.collecting import CollectionMissing, NothingToCollect, Way
from members.collection_models import Collection
from members.policy import READERS

_IS_OPEN = (Collection.sent_at.is_(None), Collection.handed_at.is_(None))


def by_number(db: Session, *, number: str, by: Actor) -> Collection:
    """Return a thing that the actor may see. Raises CollectionMissing."""
    found = select(Collection).where(Collection.number == number, visible_to(by))
    row = db.scalars(found).one_or_none()
    if row is None:
        raise CollectionMissing
    return row


def by_code(db: Session, *, code: str) -> Collection:
    """Return what waits under that code. Raises NothingToCollect, also where two drew the same."""
    found = db.scalars(select(Collection).where(Collection.code == code, *_IS_OPEN)).all()
    if len(found) != 1:
        raise NothingToCollect(field="collection_code")
    return found[0]


def by_cause(db: Session, *, cause: str) -> Collection | None:
    """Return what is owed for that cause."""
    return db.scalars(select(Collection).where(Collection.cause == cause)).one_or_none()


def open_of(db: Session, *, member_id: int) -> Sequence[Collection]:
    """Return what the member has still to get."""
    found = select(Collection).where(Collection.member_id == member_id, *_IS_OPEN)
    return db.scalars(found.order_by(Collection.id)).all()


def owed(
    db: Session, *, by: Actor, limit: int, offset: int = 0
) -> tuple[Sequence[Collection], int]:
    """Return a page of all things in the actor's scope, those to be sent first, then the newest; and
    how many there are."""
    total = db.scalar(select(func.count()).select_from(Collection).where(visible_to(by))) or 0
    waits = (Collection.way == Way.POST) & Collection.sent_at.is_(None)
    found = select(Collection).where(visible_to(by))
    rows = found.order_by(func.coalesce(waits, False).desc(), Collection.id.desc())
    return db.scalars(rows.limit(limit).offset(offset)).all(), total


def visible_to(by: Actor) -> ColumnElement[bool]:
    """Return the condition for what is in the actor's scope: a member's own, what a store handed over,
    and for who reads cases at the console all."""
    if by.role is Role.MEMBER:
        return Collection.member_id == by.id
    if by.role in READERS:
        return true()
    return Collection.store_id.in_(by.store_ids)
