"""A finished booking whose outcome is contested: by its member, for a week, decided by another."""

from datetime import timedelta

import pytest
from flask import Flask

from dispatch.states import VisitState
from kernel.db import transaction
from members import ledger
from members.operations import postings
from members.rule_text import RULES
from tests.house import MONDAY_NINE
from tests.integration.booking.promised import TUESDAY_TEN
from tests.journeys import clockwork
from tests.journeys.clockwork import let
from tests.journeys.console.conftest import DeskOf
from tests.journeys.console.desk import Desk
from tests.journeys.consumer.pages import Page, Phone
from tests.journeys.consumer.steps import book
from tests.journeys.edges.steps import WORDS, booking, case, come, messages

STORY = "空调装好两天就漏水，墙面泡湿了一片。"
# The work is accepted an hour after the window opens.
ACCEPTED = TUESDAY_TEN + timedelta(hours=1)
WEEK = timedelta(days=7)


@pytest.fixture
def number(app: Flask, phone: Phone, desk_of: DeskOf) -> str:
    """A booking that was moved for 20 points, then done and accepted."""
    number = book(phone)
    fee = ledger.fee_draft(
        member_id=phone.member.id,
        booking_number=number,
        kind=ledger.MOVE_FEE,
        points=20,
        once="1",
        rules=RULES,
    )
    with transaction() as db:
        postings.post(db, fee, now=MONDAY_NINE)
    come(app, desk_of("administrator"), number, to=VisitState.WORK_DONE)
    clockwork.stand_at(app, ACCEPTED)
    phone.send(booking(phone, number).form("/sign"))
    return number


def disputed(phone: Phone, number: str) -> Page:
    """Contest the outcome from the booking's page."""
    [link] = [link for link in booking(phone, number).links if link.endswith("/dispute")]
    return phone.send(phone.open(link).form("/dispute"), reason="not_right", text=STORY)


def decided(desk: Desk, *, upheld: bool) -> Page:
    """Decide the one that waits in the queue."""
    queue = desk.open("/console/appeals?kind=booking")
    [path] = {link for link in queue.links if link.startswith("/console/appeals/A")}
    form = desk.open(path).form("/decide")
    return desk.send(form, upheld="true" if upheld else "false", words=WORDS)


@pytest.mark.walks("booking completed dispute")
def test_upheld_gives_back_what_the_booking_cost(
    app: Flask, phone: Phone, desk: Desk, number: str
) -> None:
    waits = disputed(phone, number)
    queue = desk.open("/console/appeals")
    [path] = {link for link in queue.links if link.startswith("/console/appeals/A")}
    asked = desk.open(path)
    before = phone.open("/c/points")
    decided(desk, upheld=True)
    let(app)
    page = booking(phone, number)

    assert waits.path == f"/c/bookings/{number}"
    assert "复议中" in waits.said("answer")
    assert STORY in waits.text
    assert "预约结果" in queue.text
    assert "没装好、没修好" in asked.text
    assert STORY in asked.text
    assert "这次预约扣的 20 积分用反向分录退回。" in asked.text
    assert "可用积分 160" in before.said("points")
    assert "可用积分 180" in phone.open("/c/points").said("points")
    assert "服务完成" in page.said("answer")
    assert WORDS in page.text
    assert not [link for link in page.links if link.endswith("/dispute")]
    [told] = [line for line in messages(phone.member) if line.startswith("M19")]
    assert "异议成立" in told
    assert "理由请点开查看" in told
    assert "提出复议" in case(desk, number).text


def test_rejected_it_is_made_once_more_and_goes_to_yet_another(
    app: Flask, phone: Phone, desk_of: DeskOf, number: str
) -> None:
    rate = phone.open(f"/c/bookings/{number}/rate").form("/rate")
    phone.send(rate, stars="2", tags="unskilled")
    disputed(phone, number)
    first = desk_of("dispatcher")
    decided(first, upheld=False)
    disputed(phone, number)
    queue = first.open("/console/appeals")
    [path] = {link for link in queue.links if link.startswith("/console/appeals/A")}
    barred = first.open(path)
    decided(desk_of("manager"), upheld=False)
    let(app)

    assert not barred.has_form("/decide")
    assert "您和这件事有关，要由另一位同事决定。" in barred.text
    assert "可用积分 180" in phone.open("/c/points").said("points")
    page = booking(phone, number)
    assert "服务完成" in page.said("answer")
    assert not [link for link in page.links if link.endswith("/dispute")]
    told = [line for line in messages(phone.member) if line.startswith("M19")]
    assert ["异议没有成立" in line for line in told] == [True, True]


@pytest.mark.parametrize(
    ("late", "is_open"),
    [
        pytest.param(timedelta(0), True, id="at_the_last_instant"),
        pytest.param(timedelta(seconds=1), False, id="one_second_late"),
    ],
)
def test_is_open_for_seven_days(
    app: Flask, phone: Phone, number: str, late: timedelta, *, is_open: bool
) -> None:
    form = phone.open(f"/c/bookings/{number}/dispute").form("/dispute")
    clockwork.stand_at(app, ACCEPTED + WEEK + late)

    page = booking(phone, number)
    sent = phone.send(form, reason="not_right", text=STORY)

    assert any(link.endswith("/dispute") for link in page.links) is is_open
    assert ("复议中" in booking(phone, number).said("answer")) is is_open
    assert sent.status == (200 if is_open else 409)
    assert phone.open(f"/c/bookings/{number}/dispute").path == f"/c/bookings/{number}"


def test_is_told_at_each_field_what_is_missing(phone: Phone, number: str) -> None:
    form = phone.open(f"/c/bookings/{number}/dispute").form("/dispute")

    # A reason of those who were not at home is none here.
    refused = phone.send(form, reason="not_heard", text="漏水")

    assert refused.status == 422
    assert "请选一个原因。" in refused.said("reason-said")
    assert "还差 8 个字。" in refused.said("text-said")


def test_is_not_for_work_that_was_not_done(phone: Phone) -> None:
    number = book(phone)
    page = booking(phone, number)

    assert not [link for link in page.links if link.endswith("/dispute")]
    assert phone.open(f"/c/bookings/{number}/dispute").path == f"/c/bookings/{number}"
    refused = phone.post(f"/c/bookings/{number}/dispute", {"reason": "not_right", "text": STORY})
    assert refused.status == 409
