"""Reads of what members are owed. `within` is the ids of the stores in the actor's scope, None for all."""

from collections.abc import Collection as Several
from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select

from kernel.actor import Actor, Role
from kernel.db import Session
from members.collecting import CollectionMissing, NothingToCollect, Way
from members.collection_models import Collection
from members.scope import of_stores
from members.states import CollectionState

OWN_LISTED_MAX = 100


def by_number(
    db: Session, *, number: str, by: Actor, within: Several[int] | None = None
) -> Collection:
    """Return a thing that the actor may see. Raises CollectionMissing."""
    found = select(Collection).where(Collection.number == number, visible_to(by, within))
    row = db.scalars(found).one_or_none()
    if row is None:
        raise CollectionMissing
    return row


def by_code(db: Session, *, code: str, by: Actor, within: Several[int] | None) -> Collection:
    """Return what waits under that code where the actor hands out. Raises NothingToCollect, also where
    two drew the same."""
    waits = (Collection.way == Way.PICK_UP, Collection.state == CollectionState.OWED)
    found = select(Collection).where(Collection.code == code, *waits, visible_to(by, within))
    rows = db.scalars(found).all()
    if len(rows) != 1:
        raise NothingToCollect(field="collection_code")
    return rows[0]


def by_cause(db: Session, *, cause: str) -> Collection | None:
    """Return what is owed for that cause."""
    return db.scalars(select(Collection).where(Collection.cause == cause)).one_or_none()


def open_of(db: Session, *, member_id: int) -> Sequence[Collection]:
    """Return what the member has still to get."""
    found = select(Collection).where(
        Collection.member_id == member_id, Collection.state == CollectionState.OWED
    )
    return db.scalars(found.order_by(Collection.id)).all()


def all_of(db: Session, *, member_id: int) -> Sequence[Collection]:
    """Return what the member was owed, the newest first, OWN_LISTED_MAX at most."""
    found = select(Collection).where(Collection.member_id == member_id)
    return db.scalars(found.order_by(Collection.id.desc()).limit(OWN_LISTED_MAX)).all()


def owed(
    db: Session,
    *,
    by: Actor,
    within: Several[int] | None,
    state: CollectionState | None,
    limit: int,
    offset: int = 0,
) -> tuple[Sequence[Collection], int]:
    """Return a page of the things in the actor's scope, those to be sent first, then the newest; and
    how many there are."""
    where = [visible_to(by, within)]
    if state is not None:
        where.append(Collection.state == state)
    total = db.scalar(select(func.count()).select_from(Collection).where(*where)) or 0
    to_send = (Collection.way == Way.POST) & (Collection.state == CollectionState.OWED)
    found = select(Collection).where(*where)
    rows = found.order_by(func.coalesce(to_send, False).desc(), Collection.id.desc())
    return db.scalars(rows.limit(limit).offset(offset)).all(), total


def visible_to(by: Actor, within: Several[int] | None) -> ColumnElement[bool]:
    """Return the condition for what is in the actor's scope: a member's own; what is fetched at a store
    for its people; for others what is fetched there, and what is posted or not chosen yet."""
    if by.role is Role.MEMBER:
        return Collection.member_id == by.id
    return of_stores(Collection.store_id, by=by, within=within)
