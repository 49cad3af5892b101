"""Members, their strikes and their appeals, as our people read and decide them."""

from datetime import datetime, timedelta

import pytest
from flask import Flask

from booking.operations import closing
from kernel import audit
from kernel.actor import SYSTEM
from kernel.db import Session, transaction
from kernel.phone import Phone as PhoneNumber
from members import queries as members
from members import strike_queries
from members.operations import following, strikes
from members.risk import StrikeKind
from members.strike_models import Strike
from scripts.bench.proving.asking import asked
from tests.house import MONDAY_NINE
from tests.journeys.clockwork import stand_at
from tests.journeys.console.conftest import DeskOf, Town
from tests.journeys.console.desk import Desk, a_promise
from tests.journeys.console.life import nobody_home, state_of

REASON = "门铃坏了，照片属实，业主一直在家"
STORY = "我一直在家，门铃坏了没听见，手机在充电。"


@pytest.fixture
def name(town: Town) -> str:
    """The member's number."""
    with transaction(reads_only=True) as db:
        return members.member(db, town.member.id).number


@pytest.fixture
def number(town: Town) -> str:
    return a_promise(town.member)


@pytest.fixture
def blacklisted(app: Flask, town: Town) -> datetime:
    """Three strikes within half a year, posted; the instant at which they are."""
    for place in range(3):
        with transaction() as db:
            row = strikes.open_strike(
                db,
                member_id=town.member.id,
                kind=StrikeKind.NO_SHOW,
                booking_number=f"B{place}",
                branch_id=town.here,
                evidence={"arrived_at": MONDAY_NINE.isoformat()},
                now=MONDAY_NINE,
            )
            number = row.number
        with transaction() as db:
            strikes.post_strike(db, number=number, now=MONDAY_NINE + timedelta(hours=24))
    now = MONDAY_NINE + timedelta(hours=25)
    stand_at(app, now)
    return now


def address(name: str) -> str:
    return f"/console/members/{name}"


def the_strike(number: str) -> str:
    with transaction(reads_only=True) as db:
        [row] = strike_queries.strikes_of_booking(db, booking_number=number)
    return row.number


class TestTheList:
    def test_asks_no_more_for_many_than_for_few(self, town: Town, desk: Desk) -> None:
        def asked_with(count: int) -> int:
            for _ in range(count):
                with transaction() as db:
                    row = a_struck_member(db, branch_id=town.here)
                with transaction() as db:
                    strikes.post_strike(db, number=row.number, now=row.posts_at)
            with asked() as queries:
                assert "第 3 级" in desk.open("/console/members").text
            return len(queries)

        few = asked_with(4)

        assert asked_with(35) == few


def a_struck_member(db: Session, *, branch_id: int) -> Strike:
    member = following.add_caller(
        db, name="林", phone=PhoneNumber.parse("13800002046"), now=MONDAY_NINE
    )
    return strikes.open_strike(
        db,
        member_id=member.id,
        kind=StrikeKind.NO_SHOW,
        booking_number=f"B{member.number}",
        branch_id=branch_id,
        evidence={"arrived_at": MONDAY_NINE.isoformat()},
        now=MONDAY_NINE,
    )


class TestLooks:
    def test_at_a_person_are_written_down_once_in_ten_minutes(
        self, app: Flask, desk: Desk, name: str
    ) -> None:
        for minutes in (0, 9, 11):
            stand_at(app, MONDAY_NINE + timedelta(minutes=minutes))
            desk.open(address(name))

        with transaction(reads_only=True) as db:
            rows, count = audit.entries(db, action="look.member")
        assert count == 2
        assert {row.about for row in rows} == {f"member:{name}"}


class TestMembers:
    def test_are_found_by_the_end_of_a_phone(self, desk: Desk, name: str, number: str) -> None:
        assert name in desk.open("/console/members?q=2046").text
        assert name not in desk.open("/console/members?q=9999").text
        assert "138****2046" in desk.open("/console/members").text

    def test_show_their_step_and_why(self, desk: Desk, name: str, number: str) -> None:
        page = desk.open(address(name))

        assert "需确认（当前）" in page.text
        assert "您还没有完成过预约。" in page.text
        assert number in page.text

    def test_hide_bookings_of_another_branch(self, desk_of: DeskOf, name: str, number: str) -> None:
        page = desk_of("elsewhere").open(address(name))

        assert page.status == 200
        assert number not in page.text

    def test_show_a_whole_phone_only_for_the_record(
        self, desk: Desk, name: str, number: str
    ) -> None:
        page = desk.open(address(name))
        assert "13800002046" not in page.answer.get_data(as_text=True)

        shown = desk.send(page.form("/phone"))

        assert "13800002046" in shown.text
        with transaction(reads_only=True) as db:
            rows, _ = audit.entries(db, action="console.member_phone")
        assert [row.about for row in rows] == [f"member:{name}"]

    def test_show_an_auditor_no_whole_phone(self, desk_of: DeskOf, name: str, number: str) -> None:
        auditor = desk_of("auditor")

        assert not auditor.open(address(name)).has_form("/phone")
        assert auditor.post(f"{address(name)}/phone").status == 403


class TestStrikes:
    def test_wait_with_their_evidence_and_are_waived(
        self, desk: Desk, app: Flask, name: str, number: str
    ) -> None:
        stand_at(app, nobody_home(number))
        page = desk.open(address(name))
        assert "电话未接" in page.text
        assert "待生效的 1 次若成立，等级不变" in page.text
        assert "−200" in page.text

        waived = desk.send(page.form("/waive"), reason=REASON)

        assert "已撤销" in waived.text
        assert "−200" not in waived.text

    def test_of_another_branch_are_not_touched(
        self, desk_of: DeskOf, app: Flask, name: str, number: str
    ) -> None:
        stand_at(app, nobody_home(number))
        stranger = desk_of("elsewhere")
        strike = the_strike(number)

        assert strike not in stranger.open(address(name)).text
        refused = stranger.post(f"{address(name)}/strikes/{strike}/waive", {"reason": REASON})
        assert refused.status == 404


@pytest.mark.usefixtures("blacklisted")
class TestBlacklist:
    @pytest.mark.walks("blacklisting in_force release", "override asked confirm")
    def test_is_lifted_early_by_two(self, desk: Desk, desk_of: DeskOf, name: str) -> None:
        page = desk.open(address(name))
        assert "暂停中" in page.text

        asked = desk.send(page.form("/release"), reason=REASON)
        assert "要由另一位同事确认" in asked.text
        number = waiting_override()
        assert asked.has_form(f"{number}/refuse")
        alone = desk.post(f"{address(name)}/overrides/{number}/confirm")
        assert alone.status == 403
        assert "要由另一位同事确认。" in alone.text

        second = desk_of("manager")
        assert "提前解除" in second.open("/console/appeals?show=releases").text
        done = second.send(second.open(address(name)).form(f"{number}/confirm"))

        assert "提前解除" in done.text
        with transaction(reads_only=True) as db:
            owner = members.member_by_number(db, number=name, by=SYSTEM)
            later = MONDAY_NINE + timedelta(hours=26)
            assert not strike_queries.blacklistings_in_force(db, member_id=owner.id, now=later)

    def test_asked_for_with_too_few_words_says_so_at_the_field(self, desk: Desk, name: str) -> None:
        refused = desk.send(desk.open(address(name)).form("/release"), reason="误会")

        assert refused.status == 400
        assert "还差 8 个字。" in refused.text
        assert "误会" in refused.answer.get_data(as_text=True)

    def test_is_looked_at_by_a_person(self, desk: Desk, name: str) -> None:
        assert name in desk.open("/console/appeals?show=reviews").text
        assert "自动暂停待看 1" in desk.open("/console/appeals").text

        seen = desk.send(desk.open(address(name)).form("/review"), words=REASON)

        assert "已看过" in seen.text
        assert "自动暂停待看 0" in desk.open("/console/appeals").text


class TestAppeals:
    @pytest.fixture
    def appeal(self, app: Flask, town: Town, number: str) -> str:
        now = nobody_home(number) + timedelta(hours=1)
        stand_at(app, now)
        with transaction() as db:
            opened = closing.appeal(
                db,
                strike_number=the_strike(number),
                booking_number=number,
                reason="not_heard",
                text=STORY,
                photos=[],
                by=town.member,
                now=now,
            )
        return opened.number

    @pytest.mark.walks("booking disputed resolve", "strike contested uphold", "appeal open uphold")
    def test_wait_in_the_queue_and_are_decided_once(
        self, desk: Desk, desk_of: DeskOf, number: str, appeal: str
    ) -> None:
        assert appeal in desk.open("/console/appeals").text
        page = desk.open(f"/console/appeals/{appeal}")
        assert STORY in page.text
        assert "电话未接" in page.text

        desk.send(page.form("/decide"), upheld="true", words=REASON)

        assert appeal not in desk.open("/console/appeals").text
        assert appeal in desk.open("/console/appeals?show=decided").text
        assert state_of(number) == "closed"
        again = desk_of("manager").post(
            f"/console/appeals/{appeal}/decide", {"upheld": "false", "words": REASON}
        )
        assert again.status == 409
        assert "邹调度 已决定：成立" in again.text

    def test_ask_for_words_that_can_be_read(self, desk: Desk, appeal: str) -> None:
        page = desk.open(f"/console/appeals/{appeal}")

        refused = desk.send(page.form("/decide"), upheld="false", words="不行")

        assert refused.status == 400
        assert "还差 8 个字。" in refused.text

    def test_of_another_branch_are_missing(self, desk_of: DeskOf, appeal: str) -> None:
        stranger = desk_of("elsewhere")

        assert appeal not in stranger.open("/console/appeals").text
        assert stranger.open(f"/console/appeals/{appeal}").status == 404
        decision = {"upheld": "true", "words": REASON}
        assert stranger.post(f"/console/appeals/{appeal}/decide", decision).status == 404

    def test_give_an_auditor_nothing_to_decide(self, desk_of: DeskOf, appeal: str) -> None:
        page = desk_of("auditor").open(f"/console/appeals/{appeal}")

        assert page.status == 200
        assert not page.has_form("/decide")


def waiting_override() -> str:
    with transaction(reads_only=True) as db:
        [asked] = strike_queries.overrides_waiting(db, by=SYSTEM)
    return asked.number
