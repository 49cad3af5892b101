"""Things that members are owed: chosen how, sent, handed over, cancelled."""

from collections.abc import Collection as Several
from datetime import datetime

from sqlalchemy import select

from kernel import outbox
from kernel.actor import Actor, Role
from kernel.db import Session
from kernel.numbers import new_number
from kernel.phone import Phone
from members import collection_queries, policy
from members.collecting import (
    ADDRESS_MAX,
    ADDRESS_MIN,
    NAME_MAX,
    BadWay,
    CollectionOver,
    NoStore,
    NoTracking,
    Way,
)
from members.collection_models import Collection
from members.events import CollectionMoved
from members.operations import following
from members.redeeming import new_code
from members.states import CollectionAction, CollectionState


def owe(
    db: Session,
    *,
    member_id: int,
    what: str,
    cause: str,
    by_post: bool = True,
    by_pick_up: bool = True,
    store_id: int | None = None,
    now: datetime,
) -> Collection:
    """Owe the member a thing, once for that cause, which the caller sees to. What is a store's own waits
    there for its code from the beginning, and is not posted."""
    row = Collection(
        number=new_number("Q"),
        member_id=member_id,
        what=what,
        cause=cause,
        owed_at=now,
        by_post=by_post and store_id is None,
        by_pick_up=by_pick_up,
        way=None if store_id is None else Way.PICK_UP,
        store_id=store_id,
        code="" if store_id is None else new_code(),
        state=CollectionState.OWED,
        state_since=now,
    )
    db.add(row)
    db.flush()
    return row


def give(
    db: Session, *, member_id: int, what: str, cause: str, by: Actor, now: datetime
) -> Collection:
    """Take note that one of us handed a thing to the member himself, once for that cause, which the
    caller sees to; the member is told."""
    row = owe(
        db,
        member_id=member_id,
        what=what,
        cause=cause,
        by_post=False,
        by_pick_up=False,
        now=now,
    )
    _move(db, row, CollectionAction.HAND_OVER, by=by, now=now)
    return row


def choose_pick_up(db: Session, *, number: str, store_id: int | None, by: Actor) -> Collection:
    """Have it kept at that store for a code. Raises CollectionMissing, CollectionOver, BadWay, NoStore."""
    if store_id is None:
        raise NoStore(field="store")
    row = _choosing(db, number, Way.PICK_UP, by)
    row.way, row.name, row.phone, row.address = Way.PICK_UP, "", "", ""
    row.store_id, row.code = store_id, row.code or new_code()
    return row


def choose_post(
    db: Session, *, number: str, name: str, phone: str, address: str, by: Actor
) -> Collection:
    """Have it sent there; a code that he had before is good for nothing any more.

    Raises CollectionMissing, CollectionOver, BadWay, TooShort, TooLong, BadPhone.
    """
    policy.check_length(name, field="name", least=1, most=NAME_MAX)
    digits = Phone.parse(phone).digits
    policy.check_length(address, field="address", least=ADDRESS_MIN, most=ADDRESS_MAX)
    row = _choosing(db, number, Way.POST, by)
    row.way, row.name, row.phone, row.address = Way.POST, name.strip(), digits, address.strip()
    row.store_id, row.code = None, ""
    return row


def send(
    db: Session, *, number: str, carrier: str, tracking: str, by: Actor, now: datetime
) -> Collection:
    """Take note that it was sent, and by which parcel; the member is told.

    Raises Forbidden, CollectionMissing, CollectionOver, BadWay, NoTracking.
    """
    policy.check_decider(by)
    row = _locked(db, collection_queries.by_number(db, number=number, by=by))
    if row.way is not Way.POST:
        raise BadWay
    if not carrier.strip() or not tracking.strip():
        raise NoTracking(field="tracking")
    row.carrier, row.tracking = carrier.strip(), tracking.strip()
    _move(db, row, CollectionAction.SEND, by=by, now=now)
    return row


def hand_over(
    db: Session, *, code: str, by: Actor, within: Several[int] | None, now: datetime
) -> Collection:
    """Hand over what waits under that code at one of the stores `within` the actor's scope, once; the
    member is told. Raises Forbidden, NothingToCollect, CollectionOver."""
    if by.role is not Role.STORE:
        policy.check_decider(by)
    row = _locked(db, collection_queries.by_code(db, code=code, by=by, within=within))
    _move(db, row, CollectionAction.HAND_OVER, by=by, now=now)
    return row


def cancel(db: Session, row: Collection, *, why: str, by: Actor, now: datetime) -> None:
    """Owe it no more, because what it was owed for is undone, which the caller sees to; the member is
    told. Raises CollectionOver."""
    row = _locked(db, row)
    row.why = why.strip()
    _move(db, row, CollectionAction.CANCEL, by=by, now=now)


def _choosing(db: Session, number: str, way: Way, by: Actor) -> Collection:
    row = _locked(db, collection_queries.by_number(db, number=number, by=by))
    if way not in row.ways:
        raise BadWay(field="way")
    return row


def _locked(db: Session, row: Collection) -> Collection:
    """Return it as it is under its member's lock. Raises CollectionOver."""
    following.lock_member(db, row.member_id)
    fresh = select(Collection).where(Collection.id == row.id)
    row = db.scalars(fresh.execution_options(populate_existing=True)).one()
    if not row.is_open:
        raise CollectionOver
    return row


def _move(
    db: Session, row: Collection, action: CollectionAction, *, by: Actor, now: datetime
) -> None:
    row.advance(action, now=now)
    row.staff_id = None if by.role in (Role.MEMBER, Role.TECHNICIAN) else by.id
    db.flush()
    told = CollectionMoved(
        at=now,
        collection_number=row.number,
        member_id=row.member_id,
        what=row.what,
        state=row.state.value,
    )
    outbox.record(db, told)
