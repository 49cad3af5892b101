"""Things that members are owed: chosen how, sent, handed over."""

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
    PARCEL_MAX,
    PARCEL_MIN,
    CollectionOver,
    NothingToCollect,
    Way,
)
from members.collection_models import Collection
from members.events import CollectionMailed
from members.operations import following
from members.redeeming import new_code


def owe(db: Session, *, member_id: int, what: str, cause: str, now: datetime) -> Collection:
    """Owe the member a thing, once for that cause, which the caller sees to."""
    row = Collection(
        number=new_number("Q"),
        member_id=member_id,
        what=what,
        cause=cause,
        code=new_code(),
        owed_at=now,
    )
    db.add(row)
    db.flush()
    return row


def choose_pick_up(db: Session, *, number: str, by: Actor) -> Collection:
    """Have it kept at the stores for the code. Raises CollectionMissing, CollectionOver."""
    row = _locked(db, number, by)
    row.way, row.name, row.phone, row.address = Way.PICK_UP, "", "", ""
    return row


def choose_post(
    db: Session, *, number: str, name: str, phone: str, address: str, by: Actor
) -> Collection:
    """Have it sent there. Raises CollectionMissing, CollectionOver, TooShort, TooLong, BadPhone."""
    policy.check_length(name, field="name", least=1, most=NAME_MAX)
    policy.check_length(address, field="address", least=ADDRESS_MIN, most=ADDRESS_MAX)
    digits = Phone.parse(phone).digits
    row = _locked(db, number, by)
    row.way, row.name, row.phone, row.address = Way.POST, name.strip(), digits, address.strip()
    return row


def send(db: Session, *, number: str, parcel: str, by: Actor, now: datetime) -> Collection:
    """Say that it was sent, and by which parcel; the member is told.

    Raises Forbidden, CollectionMissing, CollectionOver, TooShort, TooLong.
    """
    policy.check_decider(by)
    policy.check_length(parcel, field="parcel", least=PARCEL_MIN, most=PARCEL_MAX)
    row = _locked(db, number, by)
    if row.way is not Way.POST:
        raise CollectionOver

    row.sent_at, row.parcel, row.by_id = now, parcel.strip(), by.id

    told = CollectionMailed(
        at=now,
        collection_number=number,
        member_id=row.member_id,
        what=row.what,
        parcel=row.parcel,
    )
    outbox.record(db, told)
    return row


def hand_over(
    db: Session, *, code: str, store_id: int | None, by: Actor, now: datetime
) -> Collection:
    """Hand over what waits under that code, however it was to be given. Raises Forbidden,
    NothingToCollect."""
    if by.role is not Role.STORE:
        policy.check_decider(by)
    found = collection_queries.by_code(db, code=code)
    row = _fresh(db, found)
    if row.is_given:
        raise NothingToCollect(field="collection_code")
    row.way, row.handed_at, row.store_id, row.by_id = Way.PICK_UP, now, store_id, by.id
    return row


def _locked(db: Session, number: str, by: Actor) -> Collection:
    row = _fresh(db, collection_queries.by_number(db, number=number, by=by))
    if row.is_given:
        raise CollectionOver
    return row


def _fresh(db: Session, row: Collection) -> Collection:
    """Return it as it is under its member's lock."""
    following.lock_member(db, row.member_id)
    fresh = select(Collection).where(Collection.id == row.id)
    return db.scalars(fresh.execution_options(populate_existing=True)).one()
