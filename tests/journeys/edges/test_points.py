"""Points are earned and spent, on the spot and on a booking, and given back."""

from collections import defaultdict
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from booking.operations import catalogue
from dispatch.states import VisitState
from kernel.actor import Actor, Role
from kernel.db import transaction
from kernel.money import Money
from members import ledger, ledger_queries, redemption_queries
from members import queries as members
from members.ledger import (
    COMPENSATED,
    COMPLETION,
    HOUSE_POINTS,
    POINTS,
    REDEEMED,
    REVERSAL,
    VOUCHER_USED,
    Draft,
    member_owner,
)
from members.ledger_models import Posting
from members.ledger_proof import prove
from members.operations import following, postings, ruling
from members.rule_text import RULES, standard_text
from tests.house import MONDAY_NINE
from tests.journeys import clockwork
from tests.journeys.console.conftest import DeskOf, Town
from tests.journeys.consumer.pages import Page, Phone
from tests.journeys.consumer.steps import hold
from tests.journeys.edges.steps import WORDS, booking, come, messages
from tests.journeys.technician.hands import Hands

LATER = MONDAY_NINE + timedelta(minutes=6)


def earn(member: Actor, points: int) -> None:
    legs = {HOUSE_POINTS: -points, member_owner(member.id): points}
    draft = Draft(key="earn:a", kind=COMPLETION, unit=POINTS, legs=legs, evidence="booking:B1")
    with transaction() as db:
        postings.post(db, draft, now=MONDAY_NINE)


def published_anew() -> str:
    """Publish the same rules under another name; return it."""
    sun = Actor(1, Role.MANAGER)
    with transaction() as db:
        text = standard_text() + "# 再发布一次\n"
        version = ruling.write(db, text=text, about="同样的规则", by=sun, now=MONDAY_NINE)
        ruling.publish(db, version=version, words="同样的规则", by=sun, now=MONDAY_NINE)
    return version


def cited() -> dict[str, set[str]]:
    """Return the kinds of postings by the rules that they cite."""
    found = defaultdict(set)
    with transaction(reads_only=True) as db:
        for version, kind in db.execute(select(Posting.rules_version, Posting.kind)):
            found[version].add(kind)
    return dict(found)


def balances(member: Actor) -> tuple[int, int]:
    """Return the member's points and how many of them he may spend, the whole ledger proven."""
    with transaction(reads_only=True) as db:
        assert prove(db, now=LATER).bad is None
        return (
            ledger_queries.points_balance(db, member.id),
            ledger_queries.points_free(db, member.id, now=LATER),
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


def give_vouchers(member: Actor, amount: Money) -> None:
    draft = ledger.compensation_draft(
        member_id=member.id, booking_number="B0", amount=amount, once="late", rules=RULES
    )
    with transaction() as db:
        postings.post(db, draft, now=MONDAY_NINE)


def choose(phone: Phone, number: str, **wanted: str) -> Page:
    """Press what lets points or vouchers pay for the held booking; 1 for yes."""
    page = phone.open(f"/c/bookings/{number}/confirm")
    form = page.form("/discount")
    return phone.send(form, **{"points": "0", "vouchers": "0"} | wanted)


def vouchers_of(member: Actor) -> tuple[Money, Money]:
    """Return the member's vouchers and how much of them he may use."""
    with transaction(reads_only=True) as db:
        return (
            Money(ledger_queries.compensation_balance(db, member.id)),
            ledger_queries.vouchers_free(db, member.id),
        )


class TestOnABooking:
    def test_earned_spent_on_the_spot_and_on_a_booking_then_refunded(
        self, app: Flask, town: Town, phone: Phone, desk_of: DeskOf
    ) -> None:
        earn(town.member, 500)
        give_vouchers(town.member, Money(30_00))
        number = hold(phone).path.split("/")[3]

        page = choose(phone, number, points="1", vouchers="1")
        after = published_anew()

        # ¥180.00: vouchers take ¥30.00, 500 points ¥25.00.
        assert "费用 ¥125.00，现在不用付" in page.text
        assert balances(town.member) == (500, 0)
        assert vouchers_of(town.member) == (Money(30_00), Money(0))

        phone.send(page.form("/confirm"))
        come(app, desk_of("administrator"), number, to=VisitState.WORK_DONE)
        phone.send(booking(phone, number).form("/sign"))

        assert "费用 ¥125.00" in booking(phone, number).text
        assert balances(town.member) == (125, 125)
        assert vouchers_of(town.member) == (Money(0), Money(0))

        _, code = offer(phone, 100)
        hands = Hands(app, 1)
        hands.send(hands.open(f"/t/redeem?points_code={code}").form("/redeem"), what="滤芯")
        desk = desk_of("manager")
        refunded = desk.send(desk.open(f"/console/bookings/{number}").form("/refund"), words=WORDS)
        again = desk.post(f"/console/bookings/{number}/refund", {"words": WORDS})

        assert "已全额退回" in refunded.text
        assert again.status == 409
        assert cited() == {
            # What was priced before is spent, and given back, by what it was priced by.
            RULES.version: {COMPLETION, COMPENSATED, REDEEMED, VOUCHER_USED, REVERSAL},
            after: {COMPLETION, REDEEMED, REVERSAL},
        }
        # The 500 that paid for it are back, the 125 that it earned are gone again.
        assert balances(town.member) == (400, 400)
        assert vouchers_of(town.member) == (Money(30_00), Money(30_00))
        clockwork.let(app)
        assert any("用掉的积分和券" in line for line in messages(town.member))

    @pytest.mark.parametrize("how", ["cancel", "release", "unchosen"])
    def test_what_was_kept_is_free_again(
        self, app: Flask, town: Town, phone: Phone, how: str
    ) -> None:
        earn(town.member, 500)
        number = hold(phone).path.split("/")[3]
        page = choose(phone, number, points="1")
        assert balances(town.member) == (500, 0)

        if how == "unchosen":
            choose(phone, number, points="0")
        elif how == "release":
            phone.send(page.form("/release"))
        else:
            phone.send(page.form("/confirm"))
            assert balances(town.member) == (500, 0)
            phone.send(booking(phone, number).form("/cancel"))
        clockwork.let(app)

        assert balances(town.member) == (500, 500)

    def test_after_the_promise_it_stands(self, town: Town, phone: Phone) -> None:
        earn(town.member, 500)
        page = hold(phone)
        number = page.path.split("/")[3]
        form = page.form("/discount")
        phone.send(page.form("/confirm"))

        late = phone.send(form, points="1")

        assert (late.status, balances(town.member)) == (409, (500, 500))
        assert "¥180.00" in booking(phone, number).text


def scan(app: Flask, town: Town, *, day: int, late: timedelta = timedelta()) -> None:
    """Let the member scan his store's code that many days later, worked off so much later still."""
    at = MONDAY_NINE + timedelta(days=day)
    with transaction() as db:
        openid = members.member(db, town.member.id).openid
        people = following.meet_all(db, {openid}, now=MONDAY_NINE)
        following.note(db, people, [following.Act(openid, "st_1")], now=at)
    clockwork.stand_at(app, at + late)
    clockwork.let(app)


class TestEarning:
    def test_a_store_gives_points_once_a_day_and_four_times_a_month(
        self, app: Flask, town: Town
    ) -> None:
        with transaction() as db:
            catalogue.add_store(
                db, code="ST1", name="市北店", scene="st_1", branch_id=town.here, welcome="欢迎"
            )

        had = []
        for day in (0, 0, 1, 2, 3, 4, 8):
            # What is worked off after midnight counts for the day on which he was there.
            scan(app, town, day=day, late=timedelta(hours=16 if day == 1 else 0))
            with transaction(reads_only=True) as db:
                had.append(ledger_queries.points_balance(db, town.member.id))

        # The 23rd of November is the first day, the first of December the last.
        assert had == [5, 5, 10, 15, 20, 20, 25]

    def test_a_grade_is_told_on_the_way_up_and_down_and_gives_its_benefits(
        self, app: Flask, town: Town, phone: Phone
    ) -> None:
        earn(town.member, 600)
        clockwork.let(app)

        page = phone.open("/c/points").text
        assert "会员等级：银卡会员" in page
        assert "信用等级：需确认" in page
        assert "再得 1,400 分升金卡会员" in page
        number = hold(phone).path.split("/")[3]
        assert "抵 ¥30.00，最多抵 60%" in phone.open(f"/c/bookings/{number}/confirm").text
        assert any("升为银卡会员" in line for line in messages(town.member))

        clockwork.stand_at(app, MONDAY_NINE + timedelta(days=366))
        clockwork.let(app, "grades")
        assert any("变为普通会员" in line for line in messages(town.member))
