"""Reads of what takes something off the price of a booking."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from booking import coupon_queries, discounts, queries
from booking.coupon_queries import Usable
from booking.discount_models import Discount
from booking.discounts import DiscountKind, Part
from booking.models import Booking, BookingStep
from booking.states import BookingState
from kernel.actor import Actor
from kernel.db import Session
from kernel.money import ZERO
from members import grade_queries, ledger_queries, rule_queries

# Nothing is owed for such a booking any more.
OVER = (BookingState.EXPIRED, BookingState.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What may pay for a held booking, None where there is nothing of the kind, and what does so."""

    coupons: Sequence[Usable]
    coupon_id: int | None
    vouchers: Part | None
    has_vouchers: bool
    points: Part | None
    has_points: bool
    # Up to which share of what is left points may pay.
    pays_percent: int


def standing(db: Session, booking_id: int) -> Sequence[Discount]:
    """Return what pays for the booking, in the order in which it was taken."""
    found = select(Discount).where(Discount.booking_id == booking_id, Discount.let_go_at.is_(None))
    return db.scalars(found.order_by(Discount.id)).all()


def count(db: Session, booking_id: int) -> int:
    """Return how much was ever kept for the booking."""
    return db.scalar(select(func.count()).where(Discount.booking_id == booking_id)) or 0


def lost(db: Session, booking_id: int) -> Sequence[Discount]:
    """Return what paid for the booking until it ended without work the last time, in its order."""
    ended = select(func.max(BookingStep.at)).where(
        BookingStep.booking_id == booking_id, BookingStep.state.in_(OVER)
    )
    found = select(Discount).where(
        Discount.booking_id == booking_id, Discount.let_go_at >= ended.scalar_subquery()
    )
    return db.scalars(found.order_by(Discount.id)).all()


def left_behind(db: Session, member_id: int) -> Sequence[Booking]:
    """Return the member's bookings that are over and still keep something."""
    keeps = select(Discount.booking_id).where(
        Discount.let_go_at.is_(None), Discount.spent_at.is_(None)
    )
    found = select(Booking).where(
        Booking.member_id == member_id, Booking.state.in_(OVER), Booking.id.in_(keeps)
    )
    return db.scalars(found).all()


def choices(db: Session, *, number: str, by: Actor, now: datetime) -> Choices:
    """Return what could pay for the member's held booking, beside what he has chosen. Raises
    BookingMissing."""
    booking = queries.booking(db, number=number, by=by)
    chosen = {row.kind: row for row in standing(db, booking.id)}
    coupon, voucher = chosen.get(DiscountKind.COUPON), chosen.get(DiscountKind.VOUCHER)
    points = chosen.get(DiscountKind.POINTS)
    off = coupon.amount if coupon else ZERO
    there = ledger_queries.vouchers_free(db, booking.member_id)
    there += voucher.amount if voucher else ZERO
    free = ledger_queries.points_free(db, booking.member_id, now=now)
    free += points.points if points else 0
    by_vouchers = min(booking.price - off, there)
    rules = rule_queries.governing(db, booking)
    grade = grade_queries.held_by(db, booking.member_id, rules=rules, now=now).grade
    parts = discounts.parts_of(
        price=booking.price,
        coupon=off,
        vouchers=voucher.amount if voucher else ZERO,
        points=free,
        grade=grade,
        rules=rules,
    )
    return Choices(
        coupons=coupon_queries.usable(db, booking, now=now),
        coupon_id=coupon.coupon_id if coupon else None,
        vouchers=Part(DiscountKind.VOUCHER, by_vouchers) if by_vouchers > ZERO else None,
        has_vouchers=voucher is not None,
        points=next((part for part in parts if part.kind is DiscountKind.POINTS), None),
        has_points=points is not None,
        pays_percent=grade.pays_percent,
    )
