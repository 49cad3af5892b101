"""Points are earned and spent: on the spot, and given back."""

from datetime import timedelta

import pytest
from flask import Flask

from booking.operations import catalogue
from kernel.actor import Actor
from kernel.db import transaction
from members import ledger_queries, redemption_queries
from members.ledger import COMPLETION, HOUSE_POINTS, POINTS, Draft, member_owner
from members.ledger_proof import prove
from members.operations import postings
from tests.house import MONDAY_NINE
from tests.journeys import clockwork
from tests.journeys.console.conftest import DeskOf, Town
from tests.journeys.consumer.pages import Page, Phone
from tests.journeys.edges.steps import messages
from tests.journeys.technician.hands import Hands

LATER = MONDAY_NINE + timedelta(minutes=6)


def earn(member: Actor, points: int) -> None:
    legs = {HOUSE_POINTS: -points, member_owner(member.id): points}
    draft = Draft(key="earn:a", kind=COMPLETION, unit=POINTS, legs=legs, evidence="booking:B1")
    with transaction() as db:
        postings.post(db, draft, now=MONDAY_NINE)


def balances(member: Actor) -> tuple[int, int]:
    """Return the member's points and how many of them he may spend, the whole ledger proven."""
    with transaction(reads_only=True) as db:
        assert prove(db, now=LATER).bad is None
        return (
            ledger_queries.points_balance(db, member.id),
            ledger_queries.points_free(db, member.id),
        )


def offer(phone: Phone, points: int) -> tuple[Page, str]:
    """Let the member show a code for so many points; return his page and the code."""
    asked = phone.open("/c/points/code")
    page = phone.send(asked.form("/points/code"), points=str(points))
    with transaction(reads_only=True) as db:
        row = redemption_queries.offered(db, member_id=phone.member.id, now=MONDAY_NINE)
    return page, row.code if row else ""


class TestOnTheSpot:
    def test_a_technician_takes_them_and_a_leader_gives_them_back(
        self, app: Flask, town: Town, phone: Phone, desk_of: DeskOf
    ) -> None:
        earn(town.member, 500)
        shown, code = offer(phone, 200)
        hands = Hands(app, 1)

        seen = hands.open(f"/t/redeem?points_code={code[:4]}%20{code[4:]}")
        taken = hands.send(seen.form("/redeem"), what="滤芯 1 个")

        assert "200 积分，抵 ¥10.00" in shown.text
        assert "200 积分，抵 ¥10.00" in seen.text
        assert "滤芯 1 个" in taken.text
        assert "用掉了 200 积分" in phone.open("/c/points/code").text
        assert balances(town.member) == (300, 300)
        again = hands.open(f"/t/redeem?points_code={code}")
        assert "没有这个积分码" in again.text

        desk = desk_of("manager")
        back = desk.send(desk.open("/console/redemptions").form("/back"), why="滤芯是坏的")

        assert "已退回 滤芯是坏的" in back.text
        assert balances(town.member) == (500, 500)
        clockwork.let(app)
        told = messages(town.member)
        assert any("用掉 200 积分" in line and "滤芯" in line for line in told)
        assert any("退回 200 积分" in line for line in told)

    def test_what_nobody_takes_comes_back(self, app: Flask, town: Town, phone: Phone) -> None:
        earn(town.member, 500)
        _, code = offer(phone, 200)
        assert balances(town.member) == (500, 300)

        clockwork.stand_at(app, LATER)
        late = Hands(app, 1).open(f"/t/redeem?points_code={code}")
        clockwork.let(app, "points")

        assert "没有这个积分码" in late.text
        assert balances(town.member) == (500, 500)

    def test_a_new_code_takes_the_place_of_the_old(self, town: Town, phone: Phone) -> None:
        earn(town.member, 500)
        offer(phone, 200)
        page = phone.send(phone.open("/c/points/code").form("/withdraw"))

        assert "这次用多少" in page.text
        assert balances(town.member) == (500, 500)

    @pytest.mark.parametrize(("points", "said"), [(30, "20 的倍数"), (520, "积分不够")])
    def test_what_cannot_be_is_said(self, town: Town, phone: Phone, points: int, said: str) -> None:
        earn(town.member, 500)

        page, code = offer(phone, points)

        assert (said in page.text, code) == (True, "")

    def test_a_store_sees_what_it_took_alone(
        self, app: Flask, town: Town, phone: Phone, desk_of: DeskOf
    ) -> None:
        with transaction() as db:
            catalogue.add_store(
                db, code="ST1", name="市北店", scene="st_1", branch_id=town.here, welcome="欢迎"
            )
        earn(town.member, 500)
        _, code = offer(phone, 100)
        desk = desk_of("store")

        page = desk.open(f"/console/redemptions?points_code={code}")
        taken = desk.send(page.form("/take"), what="小礼品")

        assert "小礼品 邹调度 市北店 已收下" in taken.text
