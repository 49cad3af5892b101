"""Three no-shows stop a member's bookings; the contest of one of them lets him go; he is told each time."""

from datetime import timedelta

from flask import Flask

from dispatch.models import Technician
from kernel.db import transaction
from members import strike_queries
from members.operations import appeals
from tests.journeys import clockwork
from tests.journeys.clockwork import let
from tests.journeys.console.conftest import DeskOf
from tests.journeys.console.life import TUESDAY_TEN, accepted, nobody_home
from tests.journeys.consumer.pages import Phone
from tests.journeys.consumer.steps import book
from tests.journeys.edges.steps import STORY, WORDS, booking, messages, told_to
from tests.journeys.edges.test_strikes import appeal, decide


def test_three_no_shows_stop_him_until_a_contest_is_upheld(
    app: Flask, phone: Phone, desk_of: DeskOf
) -> None:
    numbers = [book(phone, f"2026-11-2{day}/36000-43200") for day in (4, 5, 6)]
    for days, number in enumerate(numbers):
        left = nobody_home(number, TUESDAY_TEN + timedelta(days=days))
        clockwork.stand_at(app, left)
        let(app, "strikes")
    told_of_each = messages(phone.member)

    clockwork.stand_at(app, left + timedelta(days=1))
    let(app, "strikes")
    stopped, told_of_stop = phone.open("/c/"), messages(phone.member)
    reviews = desk_of("dispatcher").open("/console/appeals?show=reviews")

    [strike] = [link for link in booking(phone, numbers[1]).links if "/c/strikes/" in link]
    appeal(phone, strike)
    decide(desk_of("manager"), upheld=True)
    let(app)
    free, told = phone.open("/c/"), messages(phone.member)

    assert [line.split()[0] for line in told_of_each].count("M13") == 3
    assert all("24 小时内可复议" in line for line in told_of_each if line.startswith("M13"))
    assert "预约暂停到" in stopped.text
    [stop] = [line for line in told_of_stop if line.startswith("A1")]
    assert "180 天内 3 次没能见面" in stop
    assert "自动暂停待看 1" in reviews.text
    assert WORDS in phone.open(strike).text
    assert "预约暂停到" not in free.text
    assert any("可以重新预约" in line for line in told)
    assert any("复议成立" in line for line in told)


def test_a_technician_who_did_not_come_is_told_contests_it_and_hears_what_came_of_it(
    app: Flask, phone: Phone, desk_of: DeskOf
) -> None:
    number = book(phone)
    technician = accepted(number)
    with transaction() as db:
        db.get_one(Technician, technician.id).openid = "o-technician"

    clockwork.stand_at(app, TUESDAY_TEN + timedelta(hours=4))
    let(app, "bookings")
    recorded = told_to("o-technician")
    with transaction() as db:
        [strike] = strike_queries.strikes_of_technician(db, technician_id=technician.id)
        facts = {"strike_number": strike.number, "reason": "other", "text": STORY}
        appeals.open_appeal(db, **facts, by=technician, now=strike.happened_at)
    decide(desk_of("manager"), upheld=True)
    let(app)

    assert any("师傅未到，记一次违约" in line for line in recorded if line.startswith("M10"))
    assert any("申诉成立" in line for line in told_to("o-technician") if line.startswith("M19"))
    assert "M13" not in {line.split()[0] for line in messages(phone.member)}
