"""Reads of coupons."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from booking import code_queries, queries
from booking.coupon_models import Coupon, CouponGiving, CouponKind
from booking.coupons import TOLD_BEFORE, CouponMissing, Occasion, hindrance, worth
from booking.models import Booking
from kernel.db import Session
from kernel.money import Money
from members import ledger_queries
from members import queries as members

# So many of a member are read at once.
OWN_MAX = 100


@dataclass(frozen=True, slots=True)
class Usable:
    """A coupon that is good for a booking, and what it takes off."""

    coupon: Coupon
    kind: CouponKind
    worth: Money


@dataclass(frozen=True, slots=True)
class Counted:
    """A kind of coupon, and how many of those that were given are used up."""

    kind: CouponKind
    used: int


def kinds(db: Session) -> list[Counted]:
    """Return every kind, those that are given first, the newest first."""
    used = (
        select(Coupon.kind_id, func.count().label("used"))
        .where(Coupon.used_at.is_not(None))
        .group_by(Coupon.kind_id)
        .subquery()
    )
    rows = db.execute(
        select(CouponKind, used.c.used)
        .outerjoin(used, used.c.kind_id == CouponKind.id)
        .order_by(CouponKind.ended_at.is_not(None), CouponKind.id.desc())
    )
    return [Counted(kind, count or 0) for kind, count in rows]


def promisable(db: Session) -> list[Counted]:
    """Return the kinds that are given and do not run out, the newest first."""
    return [one for one in kinds(db) if one.kind.ended_at is None and one.kind.given_max is None]


def kind(db: Session, number: str) -> CouponKind:
    """Return a kind of coupon. Raises CouponMissing."""
    row = db.scalars(select(CouponKind).where(CouponKind.number == number)).one_or_none()
    if row is None:
        raise CouponMissing
    return row


def kind_by_id(db: Session, kind_id: int) -> CouponKind:
    """Return a kind of coupon, which must exist."""
    return db.get_one(CouponKind, kind_id)


def givings(db: Session, kind_id: int) -> Sequence[CouponGiving]:
    """Return to whom that kind was given at once, the newest first."""
    found = select(CouponGiving).where(CouponGiving.kind_id == kind_id)
    return db.scalars(found.order_by(CouponGiving.id.desc())).all()


def own(db: Session, *, number: str, member_id: int) -> Coupon:
    """Return a coupon of the member. Raises CouponMissing."""
    found = select(Coupon).where(Coupon.number == number, Coupon.member_id == member_id)
    row = db.scalars(found).one_or_none()
    if row is None:
        raise CouponMissing(field="coupon")
    return row


def of_member(db: Session, member_id: int) -> list[tuple[Coupon, CouponKind]]:
    """Return the member's coupons, the soonest to expire first."""
    rows = db.execute(
        select(Coupon, CouponKind)
        .join(CouponKind, CouponKind.id == Coupon.kind_id)
        .where(Coupon.member_id == member_id)
        .order_by(Coupon.expires_at, Coupon.id)
        .limit(OWN_MAX)
    )
    return [(coupon, kind) for coupon, kind in rows]


def usable(db: Session, booking: Booking, *, now: datetime) -> list[Usable]:
    """Return the coupons that are good for a held booking, also the one that is on it, the one that
    takes off most first."""
    occasion = occasion_of(db, booking)
    found = [
        Usable(coupon, kind, worth(kind.terms, booking.price))
        for coupon, kind in of_member(db, booking.member_id)
        if coupon.used_at is None
        and coupon.booking_id in (None, booking.id)
        and coupon.expires_at > now
        and not hindrance(kind.terms, occasion)
    ]
    return sorted(found, key=lambda one: (-one.worth.fen, one.coupon.expires_at))


def occasion_of(db: Session, booking: Booking) -> Occasion:
    """Return what a coupon's terms are held against."""
    member = members.member(db, booking.member_id)
    met = code_queries.met_last(db, first_scene=member.first_scene, last_scene=member.last_scene)
    stores = {member.store_id, met.store_id if met else None}
    services = queries.services_of(db, queries.draft_by_id(db, booking.draft_id))
    return Occasion(
        price=booking.price,
        service_ids=frozenset(service.id for service in services),
        store_ids=frozenset(each for each in stores if each is not None),
        completed=ledger_queries.completions(db, booking.member_id),
    )


def expiring(db: Session, *, now: datetime, limit: int) -> Sequence[int]:
    """Return the members of whose coupons some expire within TOLD_BEFORE and nobody told them."""
    found = select(Coupon.member_id).where(*untold(now)).distinct()
    return db.scalars(found.order_by(Coupon.member_id).limit(limit)).all()


def untold(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for coupons that expire soon and of which nobody told."""
    return (
        Coupon.told_at.is_(None),
        Coupon.booking_id.is_(None),
        Coupon.expires_at > now,
        Coupon.expires_at <= now + TOLD_BEFORE,
    )


def giving_now(db: Session) -> CouponGiving | None:
    """Return the oldest giving that is not at its end."""
    found = select(CouponGiving).where(CouponGiving.done_at.is_(None))
    return db.scalars(found.order_by(CouponGiving.id)).first()


def given_for(db: Session, keys: Sequence[str]) -> set[str]:
    """Return those of the keys for which a coupon was given."""
    return set(db.scalars(select(Coupon.key).where(Coupon.key.in_(keys))))
