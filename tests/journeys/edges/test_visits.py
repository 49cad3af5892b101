"""A visit that its technician loses, gives back, is called off from, or never makes."""

import pytest
from flask import Flask

from dispatch.states import VisitState
from tests.house import tomorrow
from tests.journeys.clockwork import let
from tests.journeys.console.desk import Desk
from tests.journeys.console.life import visit_of
from tests.journeys.consumer.pages import Page, Phone
from tests.journeys.consumer.steps import book
from tests.journeys.edges.steps import (
    at_the_window,
    booking,
    case,
    come,
    confirmed,
    given,
    hands_of,
    publish,
)


@pytest.fixture
def number(app: Flask, phone: Phone) -> str:
    """A promise of tomorrow at ten."""
    return book(phone)


def leave(desk: Desk, technician_id: int) -> Page:
    """Write down that the technician is ill tomorrow."""
    person = f"/console/technicians/{technician_id}"
    page = desk.open(f"{person}/leave?first={tomorrow()}&last={tomorrow()}&reason=ill")
    return desk.send(page.form("/leave"))


@pytest.mark.walks("visit assigned assign")
def test_given_to_another_it_waits_for_him(
    app: Flask, phone: Phone, desk: Desk, number: str
) -> None:
    publish(desk)
    first = hands_of(app, number)
    before = visit_of(number).technician_id
    [ways] = [link for link in case(desk, number).links if link.endswith("/ways")]

    desk.send(desk.open(ways).form("/hand-over"))

    assert "明天 · 没有任务" in first.open("/t/tomorrow").text
    assert "待接单" in hands_of(app, number).open("/t/tomorrow").text
    assert visit_of(number).technician_id not in (None, before)
    assert "已派单，等他接单" in booking(phone, number).said("answer")


@pytest.mark.walks("visit assigned unassign", "visit accepted unassign")
def test_when_those_who_had_it_fall_ill_it_goes_on_and_is_then_named_as_unserved(
    app: Flask, phone: Phone, desk: Desk, number: str
) -> None:
    publish(desk)
    first = visit_of(number).technician_id or 0
    taken = leave(desk, first)
    second = visit_of(number).technician_id or 0
    hands_of(app, number).press(given(number), "accept")
    lost = leave(desk, second)

    page = case(desk, number)

    assert second not in (0, first)
    assert "接 1 单" in taken.text
    assert "没人接" in page.text
    assert "1 单没有人能接" in lost.text
    assert number in desk.open("/console/bookings?lack=unserved").text
    assert "师傅安排好后，微信告诉您" in booking(phone, number).said("answer")


@pytest.mark.walks("visit accepted decline")
def test_given_back_after_all_it_finds_a_colleague(
    app: Flask, phone: Phone, desk: Desk, number: str
) -> None:
    publish(desk)
    hands, work = hands_of(app, number), given(number)
    before = visit_of(number).technician_id
    hands.press(work, "accept")
    way = hands.open(f"/t/visits/{work.number}/ways/decline")

    hands.send(way.form("/ways/decline"), reason="身体不舒服")
    let(app)

    assert visit_of(number).technician_id not in (None, before)
    assert "待接单" in hands_of(app, number).open("/t/tomorrow").text
    assert "已派单，等他接单" in booking(phone, number).said("answer")


@pytest.mark.walks("visit accepted cancel")
def test_called_off_after_he_accepted_it_leaves_his_day(
    app: Flask, phone: Phone, desk: Desk, number: str
) -> None:
    publish(desk)
    hands, work = hands_of(app, number), given(number)
    hands.press(work, "accept")

    cancelled = phone.send(booking(phone, number).form("/cancel"))

    assert "预约已取消" in cancelled.said("answer")
    assert "业主取消了" in hands.open("/t/tomorrow").text


@pytest.mark.walks("visit en_route cancel")
def test_called_off_on_the_way_it_pays_him_and_is_told_beforehand(
    app: Flask, phone: Phone, desk: Desk, number: str
) -> None:
    hands, _ = come(app, desk, number, to=VisitState.EN_ROUTE)
    page = booking(phone, number)

    cancelled = phone.send(page.form("/cancel"))

    assert "预计到达" in page.said("answer")
    assert "取消预约，扣 50 积分记 1 次" in page.said("cancel")
    assert "预约已取消" in cancelled.said("answer")
    assert "业主取消了" in hands.open("/t/").text
    assert "¥25.00" in hands.open("/t/me").text


@pytest.mark.walks("visit ready miss")
def test_ready_and_yet_not_made_it_is_missed(
    app: Flask, phone: Phone, desk: Desk, number: str
) -> None:
    confirmed(phone, number)
    let(app)

    missed(app, phone, desk, number)


@pytest.mark.walks("visit assigned miss")
def test_never_accepted_it_is_missed(app: Flask, phone: Phone, desk: Desk, number: str) -> None:
    publish(desk)

    missed(app, phone, desk, number)


@pytest.mark.walks("visit en_route miss")
def test_never_arrived_the_desk_admits_it(
    app: Flask, phone: Phone, desk: Desk, number: str
) -> None:
    come(app, desk, number, to=VisitState.EN_ROUTE)
    at_the_window(app, minutes=3 * 60)

    admitted = desk.send(case(desk, number).form("/missed"))

    assert "等选时段" in admitted.text
    assert "我们没有按约上门" in booking(phone, number).said("answer")


def missed(app: Flask, phone: Phone, desk: Desk, number: str) -> None:
    """Let the window pass and the clock find that nobody came; read what both sides are told."""
    at_the_window(app, minutes=4 * 60)
    let(app, "bookings")

    page = booking(phone, number)
    assert "我们没有按约上门" in page.said("answer")
    assert "已赔您 ¥30.00" in page.said("answer")
    assert "师傅未到" in case(desk, number).text
