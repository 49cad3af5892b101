"""A friend comes by a member's card, or by a badge, and his first service rewards who brought him."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from booking.codes import CodeKind
from booking.operations import codes
from booking.operations import referrals as operations
from dispatch.states import VisitState
from kernel.actor import Actor, Role
from kernel.db import transaction
from kernel.money import Money
from members import ledger_queries, rule_queries
from members import queries as members
from members.ledger import EARNINGS, technician_owner
from members.operations import following
from members.referring import scene_of
from members.rule_text import RULES
from tests.house import MONDAY_NINE
from tests.journeys import clockwork
from tests.journeys.console.conftest import DeskOf, Town
from tests.journeys.console.desk import Desk
from tests.journeys.console.life import TUESDAY_TEN
from tests.journeys.consumer import steps
from tests.journeys.consumer.pages import Phone
from tests.journeys.edges.steps import booking, come

FRIEND = "oFriend000000000000000000001"


def served(app: Flask, desk: Desk, scene: str, *, before: str = "") -> tuple[Phone, str]:
    """Let somebody new follow by that code (after another one), book and be served."""
    with transaction() as db:
        for one in filter(None, (before, scene)):
            member_id = following.follow(db, openid=FRIEND, scene=one, now=MONDAY_NINE).id
    friend = Phone(app, Actor(member_id, Role.MEMBER))
    number = steps.book(friend)
    come(app, desk, number, to=VisitState.WORK_DONE)
    clockwork.stand_at(app, TUESDAY_TEN + timedelta(hours=1))
    friend.send(booking(friend, number).form("/sign"))
    clockwork.let(app)
    return friend, number


def points(member_id: int) -> int:
    with transaction(reads_only=True) as db:
        return ledger_queries.points_balance(db, member_id)


def card_of(member: Actor) -> str:
    with transaction(reads_only=True) as db:
        return scene_of(members.member(db, member.id).number)


def test_both_get_points_once(
    app: Flask, town: Town, phone: Phone, desk_of: DeskOf, desk: Desk
) -> None:
    friend, number = served(app, desk, card_of(town.member))

    with transaction() as db:
        operations.reward(db, booking_number=number, now=MONDAY_NINE)

    assert points(town.member.id) == RULES.referral_points
    assert "推荐朋友" in friend.open("/c/points").text
    assert "已得积分" in phone.open("/c/refer").text
    assert "到账" in desk_of("manager").open("/console/referrals").text


def test_who_had_met_us_before_was_not_brought(
    app: Flask, town: Town, phone: Phone, desk: Desk
) -> None:
    served(app, desk, card_of(town.member), before="st_hefei")

    assert points(town.member.id) == 0
    assert "还没有朋友" in phone.open("/c/refer").text


def test_a_badge_earns_its_commission_once(
    app: Flask, town: Town, desk_of: DeskOf, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction() as db:
        scene = codes.make(
            db,
            kind=CodeKind.BADGE,
            name="工牌",
            branch_id=town.here,
            bearer="technician:1",
            by=Actor(1, Role.MANAGER),
            now=MONDAY_NINE,
        ).scene
    _, number = served(app, desk, scene)
    dearer = replace(RULES, badge_commission=Money(99_00))
    monkeypatch.setattr(rule_queries, "governing", lambda _db, _booking: dearer)
    with transaction() as db:
        assert operations.reward(db, booking_number=number, now=MONDAY_NINE) == 0

    with transaction(reads_only=True) as db:
        earned = ledger_queries.lines(db, owner=technician_owner(1), unit=EARNINGS, limit=5)
    assert RULES.badge_commission.fen in [line.amount for line in earned]
    assert str(RULES.badge_commission) in desk_of("manager").open("/console/referrals").text
