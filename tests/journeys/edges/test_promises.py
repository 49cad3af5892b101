"""What may befall a promise once the member has said that he will be at home."""

import pytest
from flask import Flask

from dispatch.states import VisitState
from tests.journeys.clockwork import let
from tests.journeys.console.desk import Desk
from tests.journeys.consumer.pages import Phone
from tests.journeys.consumer.steps import book
from tests.journeys.edges.steps import (
    at_the_window,
    booking,
    case,
    come,
    confirmed,
    go,
    hands_of,
    messages,
    publish,
)

THURSDAY_THREE = "2026-11-26/54000-61200"


@pytest.fixture
def number(app: Flask, phone: Phone) -> str:
    """A promise of tomorrow at ten, to which the member has said yes: it is ready."""
    number = book(phone)
    confirmed(phone, number)
    let(app)
    return number


@pytest.mark.walks("booking confirmed reschedule", "visit planned ready", "visit ready cancel")
def test_moved_it_is_asked_about_anew(app: Flask, phone: Phone, desk: Desk, number: str) -> None:
    ready = case(desk, number)
    windows = phone.open(f"/c/bookings/{number}/move?day=2026-11-26")

    moved = phone.send(windows.form("/move"), window=THURSDAY_THREE)
    let(app)

    assert "已备妥" in ready.text
    assert "15:00–17:00" in moved.said("answer")
    assert "已预约" in moved.said("answer")
    assert "您会在家吗？" in moved.text
    assert "15:00~17:00" in messages(phone.member)[-1]
    assert "原时段已放开，不扣积分" in messages(phone.member)[-1]


@pytest.mark.walks("booking confirmed cancel", "visit ready assign", "visit assigned cancel")
def test_cancelled_it_is_taken_from_the_technician_who_had_it(
    app: Flask, phone: Phone, desk: Desk, number: str
) -> None:
    publish(desk)
    hands = hands_of(app, number)
    waiting = hands.open("/t/tomorrow")
    told = booking(phone, number)

    cancelled = phone.send(told.form("/cancel"))
    let(app)

    assert "已派单，等他接单" in told.text
    assert "浮山后三小区" in waiting.text
    assert "预约已取消" in cancelled.said("answer")
    assert "业主取消了" in hands.open("/t/tomorrow").text
    assert any("取消" in line for line in messages(phone.member))


@pytest.mark.walks("booking confirmed fail", "visit in_service refuse")
def test_refused_in_the_middle_of_the_work_it_ends_and_says_what_follows(
    app: Flask, phone: Phone, desk: Desk, number: str
) -> None:
    hands, work = come(app, desk, number, to=VisitState.IN_SERVICE)

    left = go(hands, work, "refused")
    let(app)
    page = booking(phone, number)

    assert "空跑费 ¥25.00 已入账" in left.text
    assert "师傅到了，没能进门服务" in page.said("answer")
    assert "有一条记录还没有生效" in page.text
    assert "业主拒收" in case(desk, number).text


@pytest.mark.walks("booking confirmed return", "visit in_service break_off")
def test_left_unfinished_it_needs_another_window_and_comes_to_its_end(
    app: Flask, phone: Phone, desk: Desk, number: str
) -> None:
    hands, work = come(app, desk, number, to=VisitState.IN_SERVICE)

    go(hands, work, "unfinished")
    let(app)
    page, told = booking(phone, number), messages(phone.member)[-1]
    windows = phone.open(f"/c/bookings/{number}/move?day=2026-11-26")
    chosen = phone.send(windows.form("/move"), window=THURSDAY_THREE)

    assert "还要再来一次" in page.said("answer")
    assert "这次没能做完，您优先选时间，不另收费。" in page.said("answer")
    assert "15:00–17:00" in chosen.said("answer")
    assert "今天没有做完 请点开优先选第二次的时间" in told


@pytest.mark.walks("booking confirmed complete")
def test_kept_it_is_signed_for_and_earns_its_points(
    app: Flask, phone: Phone, desk: Desk, number: str
) -> None:
    come(app, desk, number, to=VisitState.WORK_DONE)
    page = booking(phone, number)

    signed = phone.send(page.form("/sign"))

    assert "请验收" in page.said("answer")
    assert "服务完成" in signed.said("answer")
    assert "积分 +180 已到账" in signed.said("answer")


@pytest.mark.walks("visit planned miss")
def test_a_visit_that_nobody_made_is_admitted_by_the_clock(
    app: Flask, phone: Phone, desk: Desk
) -> None:
    number = book(phone)
    at_the_window(app, minutes=4 * 60)

    let(app, "bookings")
    page = booking(phone, number)

    assert "我们没有按约上门" in page.said("answer")
    assert "已赔您 ¥30.00" in page.said("answer")
    assert "师傅未到" in case(desk, number).text
    said = "M15 空调安装 2026年11月24日 14:00 师傅没有按时到达 请点开优先选第二次的时间"
    assert said in messages(phone.member)
