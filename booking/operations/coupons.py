"""Coupons: given once for what they are given for, on one booking at a time, used up once."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import CursorResult, Select, Table, true, update

from booking import code_queries, coupon_queries
from booking.coupon_models import Coupon, CouponGiving, CouponKind
from booking.coupons import (
    GRACE,
    CouponOver,
    CouponSource,
    CouponUsed,
    NoneLeft,
    NoSuchMember,
    Terms,
    check_terms,
    end_of_life,
    hindrance,
    worth,
)
from booking.events import CouponExpiryAnnounced, CouponIssued
from booking.models import Booking
from kernel import outbox
from kernel.actor import Actor
from kernel.db import Session, insert_once
from kernel.money import Money
from kernel.numbers import new_number
from members import queries as members
from members import tag_queries
from members.policy import MemberMissing

_COUPON, _KIND = cast(Table, Coupon.__table__), cast(Table, CouponKind.__table__)
# Members are given a kind that all get so many at a time.
GIVEN_AT_ONCE = 200


def make_kind(
    db: Session,
    *,
    name: str,
    terms: Terms,
    live_days: int,
    given_max: int | None,
    now: datetime,
) -> CouponKind:
    """Make a kind of coupon. Raises BadTerms."""
    check_terms(terms)
    kind = CouponKind(
        number=new_number("K"),
        name=name,
        form=terms.form,
        amount=terms.amount,
        percent_off=terms.percent_off,
        most=terms.most,
        least=terms.least,
        is_second_only=terms.is_second_only,
        service_id=terms.service_id,
        store_id=terms.store_id,
        live_days=live_days,
        given_max=given_max,
        made_at=now,
    )
    db.add(kind)
    db.flush()
    return kind


def end_kind(db: Session, *, number: str, now: datetime) -> CouponKind:
    """Give it no more; those that members have stay good. Again is as once. Raises CouponMissing."""
    kind = coupon_queries.kind(db, number)
    kind.ended_at = kind.ended_at or now
    return kind


def give(
    db: Session, *, kind_id: int, member_id: int, key: str, source: CouponSource, now: datetime
) -> bool:
    """Give the member a coupon of that kind, once for `key`; tell whether it is new. A prize is given even
    where the kind has ended since it was promised.

    Raises NoneLeft: the transaction then has given none.
    """
    kind = coupon_queries.kind_by_id(db, kind_id)
    expires_at = end_of_life(given_at=now, live_days=kind.live_days)
    row = {
        "number": new_number("C"),
        "kind_id": kind.id,
        "member_id": member_id,
        "key": key,
        "source": source,
        "given_at": now,
        "expires_at": expires_at,
    }
    if not insert_once(db, _COUPON, [row], by="key"):
        return False
    is_there = (_KIND.c.given_max.is_(None)) | (_KIND.c.given < _KIND.c.given_max)
    is_given = _KIND.c.ended_at.is_(None) if source is not CouponSource.PRIZE else true()
    counted = (
        update(_KIND)
        .where(_KIND.c.id == kind.id, is_given, is_there)
        .values(given=_KIND.c.given + 1)
    )
    if cast(CursorResult[None], db.connection().execute(counted)).rowcount != 1:
        raise NoneLeft
    told = CouponIssued(
        at=now, member_id=member_id, name=kind.name, source=source, key=key, expires_at=expires_at
    )
    outbox.record(db, told)
    return True


def give_by_number(
    db: Session, *, number: str, member_number: str, key: str, by: Actor, now: datetime
) -> None:
    """Give one member a coupon to make amends, once for `key`.

    Raises CouponMissing, NoSuchMember, NoneLeft.
    """
    try:
        member = members.member_by_number(db, number=member_number, by=by)
    except MemberMissing as missing:
        raise NoSuchMember(field="member") from missing
    give(
        db,
        kind_id=coupon_queries.kind(db, number).id,
        member_id=member.id,
        key=f"{CouponSource.AMENDS}:{key}",
        source=CouponSource.AMENDS,
        now=now,
    )


def give_for_scan(db: Session, *, scene: str, member_id: int, now: datetime) -> None:
    """Give the member what the code that he scanned promises, once for both; a code that promises
    nothing, or nothing any more, gives nothing. Raises NoneLeft."""
    kind_id = code_queries.coupon_kind_of(db, scene)
    if kind_id is not None:
        give(
            db,
            kind_id=kind_id,
            member_id=member_id,
            key=f"{CouponSource.SCAN}:{scene}:{member_id}",
            source=CouponSource.SCAN,
            now=now,
        )


def give_to_all(
    db: Session,
    *,
    number: str,
    store_id: int | None = None,
    segment_id: int | None = None,
    by: Actor,
    now: datetime,
) -> CouponGiving:
    """Begin to give a kind to all followers, or to those of a store or a segment.

    Raises CouponMissing, TagMissing, NoneLeft.
    """
    kind = coupon_queries.kind(db, number)
    if kind.ended_at is not None:
        raise NoneLeft
    if segment_id is not None:
        tag_queries.segment(db, segment_id)
    giving = CouponGiving(
        kind_id=kind.id,
        store_id=store_id,
        segment_id=segment_id,
        asked_by_id=by.id,
        asked_at=now,
    )
    db.add(giving)
    db.flush()
    return giving


def go_on_giving(db: Session, giving: CouponGiving, *, now: datetime) -> int:
    """Give the next GIVEN_AT_ONCE members theirs; return how many. Those whom the kind no longer
    lasts for end it."""
    ids = members.followers_after(
        db, giving.last_id, within=_whose(db, giving), limit=GIVEN_AT_ONCE
    )
    for member_id in ids:
        try:
            with db.begin_nested():
                giving.given += give(
                    db,
                    kind_id=giving.kind_id,
                    member_id=member_id,
                    key=f"{CouponSource.CAMPAIGN}:{giving.id}:{member_id}",
                    source=CouponSource.CAMPAIGN,
                    now=now,
                )
        except NoneLeft:
            giving.done_at = now
            return len(ids)
        giving.last_id = member_id
    if len(ids) < GIVEN_AT_ONCE:
        giving.done_at = now
    return len(ids)


def _whose(db: Session, giving: CouponGiving) -> Select[int] | None:
    """Return the query for those who get one; who leaves a segment meanwhile gets none."""
    if giving.segment_id is not None:
        return tag_queries.in_segment(tag_queries.segment(db, giving.segment_id))
    if giving.store_id is not None:
        return members.brought_by(code_queries.scenes_of([giving.store_id]))
    return None


def tell_expiring(db: Session, *, member_id: int, now: datetime) -> None:
    """Tell the member once of his coupons that expire soon."""
    soon = (
        update(_COUPON)
        .where(_COUPON.c.member_id == member_id, *coupon_queries.untold(now))
        .values(told_at=now)
        .returning(_COUPON.c.expires_at)
    )
    expiring: Sequence[datetime] = db.connection().execute(soon).scalars().all()
    if expiring:
        told = CouponExpiryAnnounced(
            at=now, member_id=member_id, count=len(expiring), expires_at=min(expiring)
        )
        outbox.record(db, told)


# --- On a booking ---------------------------------------------------------------------------


def check(db: Session, booking: Booking, *, number: str, now: datetime) -> tuple[int, Money]:
    """Return the id of a coupon that is to pay for the member's booking, and what it takes off.

    Raises CouponMissing, CouponUsed, CouponUnfit.
    """
    coupon = coupon_queries.own(db, number=number, member_id=booking.member_id)
    kind = coupon_queries.kind_by_id(db, coupon.kind_id)
    if coupon.expires_at <= now:
        raise CouponOver(field="coupon")
    unfit = hindrance(kind.terms, coupon_queries.occasion_of(db, booking))
    if unfit is not None:
        raise unfit(field="coupon")
    return coupon.id, worth(kind.terms, booking.price)


def claim(db: Session, *, coupon_id: int, booking: Booking) -> None:
    """Put the coupon on a booking, if it is on none. Raises CouponUsed."""
    free = _COUPON.c.booking_id.is_(None) & _COUPON.c.used_at.is_(None)
    claimed = update(_COUPON).where(_COUPON.c.id == coupon_id, free).values(booking_id=booking.id)
    if cast(CursorResult[None], db.connection().execute(claimed)).rowcount != 1:
        raise CouponUsed(field="coupon")


def free(db: Session, *, coupon_id: int) -> None:
    """Take a coupon off its booking again."""
    freed = update(_COUPON).where(_COUPON.c.id == coupon_id, _COUPON.c.used_at.is_(None))
    db.connection().execute(freed.values(booking_id=None))


def use(db: Session, *, coupon_id: int, now: datetime) -> None:
    """Use up a coupon that is on a booking."""
    used = update(_COUPON).where(_COUPON.c.id == coupon_id, _COUPON.c.booking_id.is_not(None))
    db.connection().execute(used.values(used_at=now))


def give_back(db: Session, *, coupon_id: int, now: datetime) -> None:
    """Give a used coupon back with its booking, good for GRACE at least."""
    coupon = db.get_one(Coupon, coupon_id, populate_existing=True)
    coupon.used_at, coupon.booking_id, coupon.told_at = None, None, None
    coupon.expires_at = max(coupon.expires_at, now + GRACE)
