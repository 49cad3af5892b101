"""A strike, the appeals against it, and the stop of a member's bookings, to each of their ends."""

from datetime import timedelta

import pytest
from flask import Flask

from booking.operations import cancelling
from kernel.db import transaction
from members import strike_queries
from members.operations import strikes
from members.risk import StrikeKind
from tests.house import MONDAY_NINE
from tests.journeys import clockwork
from tests.journeys.clockwork import let
from tests.journeys.console.conftest import DeskOf
from tests.journeys.console.desk import Desk
from tests.journeys.console.life import nobody_home
from tests.journeys.consumer.pages import Page, Phone
from tests.journeys.consumer.steps import book
from tests.journeys.edges.steps import STORY, WORDS, at, booking, messages


def appeal(phone: Phone, page: str) -> Page:
    """Appeal from the page at that address, in the member's own words."""
    form = phone.open(f"{page}/appeal").form("/appeal")
    return phone.send(form, reason="not_heard", text=STORY)


def decide(desk: Desk, *, upheld: bool) -> Page:
    """Decide the one appeal that waits in the queue."""
    queue = desk.open("/console/appeals")
    [path] = {link for link in queue.links if link.startswith("/console/appeals/A")}
    return desk.send(
        desk.open(path).form("/decide"), upheld="true" if upheld else "false", words=WORDS
    )


@pytest.mark.walks(
    "booking closed dispute",
    "strike contested reject",
    "strike pending post",
    "strike posted reverse",
    "appeal open reject",
)
def test_an_appeal_that_failed_is_made_once_more_and_gives_all_of_it_back(
    app: Flask, phone: Phone, desk_of: DeskOf
) -> None:
    number = book(phone)
    left = nobody_home(number)
    clockwork.stand_at(app, left)
    [strike] = [link for link in booking(phone, number).links if "/c/strikes/" in link]

    appeal(phone, strike)
    disputed = booking(phone, number)
    decide(desk_of("dispatcher"), upheld=False)
    let(app)
    rejected, ended = phone.open(strike), booking(phone, number)
    clockwork.stand_at(app, left + timedelta(hours=25))
    let(app, "strikes")
    posted, points = phone.open(strike), phone.open("/c/points")
    appeal(phone, strike)
    again = booking(phone, number)
    decide(desk_of("manager"), upheld=True)
    let(app)
    reversed_ = phone.open(strike)

    assert "复议中" in disputed.said("answer")
    assert "还没有生效。" in rejected.text
    assert WORDS in rejected.text
    assert "复议中" not in ended.said("answer")
    assert "已扣 200 积分、记 1 次违约。" in posted.text
    assert "可用积分 −200" in points.said("points")
    assert "复议中" in again.said("answer")
    assert "200 积分已退回，违约已撤销。" in reversed_.text
    assert "可用积分 0" in phone.open("/c/points").said("points")
    told = [line for line in messages(phone.member) if line.startswith("M19")]
    assert "复议没有成立" in told[0]
    assert "复议成立 积分和违约已退回" in told[1]


@pytest.fixture
def stopped(app: Flask, phone: Phone) -> Phone:
    """A member whose bookings are stopped by three strikes, told by the clock that posted them."""
    for day in (6, 7, 8):
        number = book(phone, f"2026-11-2{day}/36000-43200")
        with transaction() as db:
            strikes.open_strike(
                db,
                member_id=phone.member.id,
                kind=StrikeKind.NO_SHOW,
                booking_number=number,
                branch_id=1,
                evidence={"arrived_at": MONDAY_NINE.isoformat()},
                now=MONDAY_NINE,
            )
    at(app, hours=25)
    let(app, "strikes")
    return phone


@pytest.mark.walks("blacklisting in_force run_out")
def test_a_stop_ends_by_itself_and_says_so(app: Flask, stopped: Phone) -> None:
    before = stopped.open("/c/")
    at(app, hours=25 + 90 * 24)
    let(app, "blacklist")

    assert "预约暂停到" in before.text
    assert any(line.startswith("A1") for line in messages(stopped.member))
    assert "预约暂停到" not in stopped.open("/c/").text
    assert stopped.open("/c/blocked").path == "/c/"
    assert "可以重新预约 欢迎回来" in messages(stopped.member)[-1]


@pytest.mark.walks("blacklisting in_force reverse")
def test_a_stop_falls_with_one_of_its_strikes(app: Flask, stopped: Phone, desk_of: DeskOf) -> None:
    page = stopped.open("/c/blocked")
    cause = next(link for link in page.links if "/c/strikes/" in link)

    appeal(stopped, cause)
    decide(desk_of("manager"), upheld=True)
    let(app)

    assert "违约已撤销。" in stopped.open(cause).text
    assert "预约暂停到" not in stopped.open("/c/").text
    assert any("可以重新预约" in line for line in messages(stopped.member))


@pytest.mark.walks("appeal open propose", "appeal proposed uphold")
def test_a_stop_is_lifted_when_two_agree(app: Flask, stopped: Phone, desk_of: DeskOf) -> None:
    appeal(stopped, "/c/blocked")
    first, second = desk_of("dispatcher"), desk_of("manager")
    waiting = first.open("/console/appeals")
    [path] = {link for link in waiting.links if link.startswith("/console/appeals/A")}
    before = first.open(path)
    proposed = decide(first, upheld=True)
    meanwhile, asked = stopped.open("/c/"), second.open(path)
    decide(second, upheld=True)
    let(app)

    assert "您是第一位，再有一位同事同意才解除暂停。" in before.text
    assert "您是第二位，暂停马上解除，他马上能预约。" in asked.text
    assert "您是第一位，再有" not in asked.text
    assert "您是第一位，要由另一位同事确认。" in proposed.text
    assert "预约暂停到" in meanwhile.text
    assert "预约暂停到" not in stopped.open("/c/").text
    assert any("复议成立" in line for line in messages(stopped.member))


@pytest.mark.walks("appeal proposed reject", "override asked refuse")
def test_a_stop_stays_when_the_second_does_not_agree(
    app: Flask, stopped: Phone, desk_of: DeskOf
) -> None:
    appeal(stopped, "/c/blocked")
    decide(desk_of("dispatcher"), upheld=True)
    decide(desk_of("manager"), upheld=False)
    let(app)

    page = stopped.open("/c/blocked")
    assert "预约暂停到" in page.text
    assert WORDS in page.text
    assert "复议没有成立" in messages(stopped.member)[-1]
    with transaction(reads_only=True) as db:
        assert strike_queries.blacklistings_in_force(
            db, member_id=stopped.member.id, now=MONDAY_NINE + timedelta(hours=25)
        )


def test_an_appeal_about_what_was_never_done_leaves_a_home_to_look_at(
    app: Flask, phone: Phone, desk_of: DeskOf
) -> None:
    number = book(phone)
    at(app, hours=24)
    with transaction() as db:
        cancelling.cancel(db, number=number, by=phone.member, now=MONDAY_NINE + timedelta(hours=24))
    [strike] = [link for link in booking(phone, number).links if "/c/strikes/" in link]
    appeal(phone, strike)
    decide(desk_of("dispatcher"), upheld=True)

    home = phone.open("/c/")

    assert home.status == 200
    assert f"/c/bookings/{number}/again" not in home.links
