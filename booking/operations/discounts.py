"""What pays for a booking beside money: chosen while it is held, spent when its work is accepted."""

from collections.abc import Sequence
from datetime import datetime

from booking import discount_queries, discounts
from booking.coupons import CouponUsed
from booking.discount_models import Discount
from booking.discounts import KEPT_FOR, DiscountKind, NotChosenNow, Part
from booking.models import Booking
from booking.operations import coupons
from booking.operations.steps import locked
from booking.states import PROMISED, BookingState
from kernel.actor import SYSTEM, Actor
from kernel.db import Session
from kernel.money import ZERO
from members import grade_queries, ledger_queries, rule_queries
from members.ledger import COMPENSATION, POINTS, Draft, HoldOver, NotEnough, member_owner
from members.operations import holds, postings
from members.operations.accounts import Accounts
from members.redeeming import spending_draft, voucher_draft
from members.rules import Rules

_UNIT = {DiscountKind.VOUCHER: COMPENSATION, DiscountKind.POINTS: POINTS}


def choose(
    db: Session,
    *,
    number: str,
    points: bool,
    vouchers: bool,
    coupon: str = "",
    by: Actor,
    now: datetime,
) -> Booking:
    """Let a coupon, vouchers and points pay for a held booking as far as they may, or not: what he
    chose before is let go.

    Raises BookingMissing, NotChosenNow, CouponMissing, CouponUsed, CouponUnfit, NotEnough.
    """
    booking = locked(db, number, by)
    if booking.state is not BookingState.HELD or booking.held_until <= now:
        raise NotChosenNow
    # In the order of locks, whatever is kept or let go below.
    owner = member_owner(booking.member_id)
    Accounts(db, [(owner, COMPENSATION), (owner, POINTS)])
    for over in (booking, *discount_queries.left_behind(db, booking.member_id)):
        _let_go(db, over, now=now)
    coupon_id, off = None, ZERO
    if coupon:
        coupon_id, off = coupons.check(db, booking, number=coupon, now=now)
    rules = rule_queries.governing(db, booking)
    parts = discounts.parts_of(
        price=booking.price,
        coupon=off,
        vouchers=ledger_queries.vouchers_free(db, booking.member_id) if vouchers else ZERO,
        points=ledger_queries.points_free(db, booking.member_id, now=now) if points else 0,
        grade=grade_queries.held_by(db, booking.member_id, rules=rules, now=now).grade,
        rules=rules,
    )

    first = discount_queries.count(db, booking.id)
    for place, part in enumerate(parts, start=first):
        kept = coupon_id if part.kind is DiscountKind.COUPON else None
        key = f"discount:{number}:{place}"
        _keep(db, booking, part, key=key, coupon_id=kept, rules=rules, now=now)
    booking.discount = sum((part.amount for part in parts), ZERO)
    return booking


def let_go(db: Session, *, number: str, now: datetime) -> None:
    """Let go of what is kept for a booking that ended without work; for any other nothing happens."""
    booking = locked(db, number, SYSTEM)
    if booking.state in discount_queries.OVER:
        owner = member_owner(booking.member_id)
        Accounts(db, [(owner, COMPENSATION), (owner, POINTS)])
        _let_go(db, booking, now=now)


def keep_again(db: Session, *, number: str, now: datetime) -> None:
    """Keep once more, for a promise that stands again after it had ended, what was let go at that end, as
    far as it is still there; for any other nothing happens."""
    booking = locked(db, number, SYSTEM)
    lost = discount_queries.lost(db, booking.id)
    if not lost or booking.state not in PROMISED or discount_queries.standing(db, booking.id):
        return
    owner = member_owner(booking.member_id)
    Accounts(db, [(owner, COMPENSATION), (owner, POINTS)])
    for place, row in enumerate(lost, start=discount_queries.count(db, booking.id)):
        rules, coupon_id = rule_queries.of(db, row.rules_version), row.coupon_id
        part, key = Part(row.kind, row.amount, row.points), f"discount:{number}:{place}"
        try:
            with db.begin_nested():
                _keep(db, booking, part, key=key, coupon_id=coupon_id, rules=rules, now=now)
        except (NotEnough, CouponUsed):
            # He has spent it on something else.
            continue
        booking.discount += part.amount


def spend(db: Session, booking: Booking, *, beside: Sequence[Draft], now: datetime) -> None:
    """Spend what is kept for a booking whose work was accepted, and post `beside` with it: a
    transaction locks its accounts once.

    What was kept so long that it ran out, he owes us no more.
    """
    standing = [row for row in discount_queries.standing(db, booking.id) if row.spent_at is None]
    for row in standing:
        if row.coupon_id is not None:
            coupons.use(db, coupon_id=row.coupon_id, now=now)
            row.spent_at = now
    kept = {row: _spending(db, booking, row) for row in standing if row.coupon_id is None}
    postings.lock_accounts(db, [*beside, *kept.values()])
    for row, draft in kept.items():
        try:
            holds.take(db, draft, key=row.key, now=now)
        except HoldOver:
            continue
        row.spent_at = now
    postings.post_all(db, beside, now=now)


def returning(db: Session, booking: Booking, *, evidence: str, now: datetime) -> list[Draft]:
    """Take note that what paid for the booking goes back; return the postings that do so."""
    spent = [row for row in discount_queries.standing(db, booking.id) if row.spent_at is not None]
    for row in spent:
        row.returned_at = now
        if row.coupon_id is not None:
            coupons.give_back(db, coupon_id=row.coupon_id, now=now)
    return [
        postings.reversal_of(db, key=row.key, evidence=evidence)
        for row in spent
        if row.coupon_id is None
    ]


def _keep(
    db: Session,
    booking: Booking,
    part: Part,
    *,
    key: str,
    coupon_id: int | None,
    rules: Rules,
    now: datetime,
) -> None:
    if coupon_id is not None:
        coupons.claim(db, coupon_id=coupon_id, booking=booking)
    else:
        holds.open_hold(
            db,
            key=key,
            member_id=booking.member_id,
            amount=part.points or part.amount.fen,
            unit=_UNIT[part.kind],
            evidence=f"booking:{booking.number}",
            expires_at=booking.ends_at + KEPT_FOR,
            now=now,
        )
    db.add(
        Discount(
            booking_id=booking.id,
            kind=part.kind,
            rules_version=rules.version,
            amount=part.amount,
            points=part.points,
            coupon_id=coupon_id,
            key=key,
            kept_at=now,
        )
    )


def _let_go(db: Session, booking: Booking, *, now: datetime) -> None:
    for row in discount_queries.standing(db, booking.id):
        if row.spent_at is not None:
            continue
        if row.coupon_id is not None:
            coupons.free(db, coupon_id=row.coupon_id)
        else:
            holds.let_go(db, key=row.key, now=now)
        row.let_go_at = now
    booking.discount = ZERO
    db.flush()


def _spending(db: Session, booking: Booking, row: Discount) -> Draft:
    evidence, rules = f"booking:{booking.number}", rule_queries.of(db, row.rules_version)
    if row.kind is DiscountKind.POINTS:
        return spending_draft(
            member_id=booking.member_id,
            points=row.points,
            key=row.key,
            evidence=evidence,
            rules=rules,
        )
    return voucher_draft(
        member_id=booking.member_id,
        amount=row.amount,
        key=row.key,
        evidence=evidence,
        rules=rules,
    )
