"""Two bookings of one member want the same coupon at the same moment: it pays for one of them."""

from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from booking.coupon_models import Coupon
from booking.coupons import CouponForm, CouponSource, Terms
from booking.discount_models import Discount
from booking.models import Booking
from booking.operations import bookings, coupons, discounts
from dispatch.planner.problem import Window
from kernel.actor import Actor
from kernel.db import Session, transaction
from kernel.money import Money
from tests.hands import in_processes
from tests.house import (
    HOUR_S,
    MONDAY_NINE,
    WINDOWS,
    a_branch,
    a_draft,
    a_member,
    a_service,
    a_technician,
    tomorrow,
)
from tests.races import duels
from tests.races.duels import DONE, Act, Meet

ROUNDS = 4


def a_pair(place: int, kind_id: int) -> tuple[Actor, str, list[str]]:
    """Return a member, the number of his coupon and those of his two held bookings."""
    with transaction() as db:
        member = a_member(db, openid=f"oTwice{place:022d}")
        drafts = [a_draft(db, by=member) for _ in range(2)]
        coupons.give(
            db,
            kind_id=kind_id,
            member_id=member.id,
            key=f"amends:{place}",
            source=CouponSource.AMENDS,
            now=MONDAY_NINE,
        )
    numbers = []
    for draft, (opens_s, shuts_s) in zip(drafts, WINDOWS[:2], strict=True):
        with transaction() as db:
            held = bookings.hold(
                db,
                draft_number=draft,
                day=tomorrow(),
                window=Window(opens_s, shuts_s),
                by=member,
                now=MONDAY_NINE,
            )
            numbers.append(held.number)
    with transaction(reads_only=True) as db:
        coupon = db.scalars(select(Coupon.number).where(Coupon.member_id == member.id)).one()
    return member, coupon, numbers


@pytest.fixture
def pairs(app: Flask) -> list[tuple[Actor, str, list[str]]]:
    with transaction() as db:
        branch_id = a_branch(db)
        for _ in range(ROUNDS):
            a_technician(db, branch_id=branch_id)
        a_service(db, work_s=HOUR_S)
        terms = Terms(form=CouponForm.FIXED, amount=Money(20_00))
        kind = coupons.make_kind(
            db, name="立减券", terms=terms, live_days=30, given_max=None, now=MONDAY_NINE
        )
        kind_id = kind.id
    return [a_pair(place, kind_id) for place in range(ROUNDS)]


def acts_of(place: int, pairs: list[tuple[Actor, str, list[str]]]) -> list[Act]:
    return [
        partial(
            discounts.choose,
            number=numbers[place],
            points=False,
            vouchers=False,
            coupon=coupon,
            by=member,
            now=MONDAY_NINE,
        )
        for member, coupon, numbers in pairs
    ]


def play(
    pairs: list[tuple[Actor, str, list[str]]], url: str, data_dir: Path, *, blind: bool
) -> list[list[str]]:
    def hand(place: int, meet: Meet) -> list[str]:
        if blind:
            coupons.claim = _claim_blindly
        return duels.together(meet, acts_of(place, pairs))

    told = in_processes(url, hand, count=2, data_dir=data_dir)
    return [sorted(round_) for round_ in duels.rounds(told)]


def _claim_blindly(db: Session, *, coupon_id: int, booking: Booking) -> None:
    db.execute(update(Coupon).where(Coupon.id == coupon_id).values(booking_id=booking.id))


def paid_with() -> list[int]:
    """Return for how many bookings each coupon pays."""
    with transaction(reads_only=True) as db:
        found = (
            select(func.count()).where(Discount.let_go_at.is_(None)).group_by(Discount.coupon_id)
        )
        return list(db.scalars(found))


def test_the_stage_shows_the_fault(
    pairs: list[tuple[Actor, str, list[str]]], database_url: str, tmp_path: Path
) -> None:
    told = play(pairs, database_url, tmp_path, blind=True)

    assert told == [[DONE, DONE]] * ROUNDS
    assert paid_with() == [2] * ROUNDS


def test_it_pays_for_one(
    pairs: list[tuple[Actor, str, list[str]]], database_url: str, tmp_path: Path
) -> None:
    told = play(pairs, database_url, tmp_path, blind=False)

    assert told == [["coupon_used", DONE]] * ROUNDS
    assert paid_with() == [1] * ROUNDS
