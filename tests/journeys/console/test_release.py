"""A technician who stands at a door without the 服务码, from his phone to the dispatcher's press."""

import pytest
from flask import Flask

from tests.journeys.clockwork import stand_at
from tests.journeys.console.conftest import Town
from tests.journeys.console.desk import Desk, a_promise
from tests.journeys.console.life import TUESDAY_TEN, at_the_door, visit_of
from tests.journeys.technician.hands import Hands


@pytest.fixture
def number(town: Town) -> str:
    return a_promise(town.member)


def board(town: Town) -> str:
    return f"/console/board?branch={town.here}"


def test_his_asking_is_an_alert_that_leads_to_the_release(
    app: Flask, town: Town, desk: Desk, number: str
) -> None:
    hands = Hands(app, at_the_door(number).id)
    visit = f"/t/visits/{visit_of(number).number}"
    stand_at(app, TUESDAY_TEN)
    assert "请放行服务码" not in desk.open(board(town)).text

    asking = hands.open(f"{visit}/ways/release")
    hands.send(asking.form("/ways/release"), reason="页面打不开")

    shown = desk.open(board(town))
    assert "请放行服务码" in shown.text
    assert "他说：页面打不开" in shown.text
    [there] = [link for link in shown.links if "act=code" in link]
    page = desk.open(there)
    assert "师傅 10:00 请放行服务码：页面打不开" in page.said("act-code")

    done = desk.send(page.form(f"{number}/code"), reason="打电话核实是业主本人")

    assert "调度员 · 打电话核实是业主本人" in done.text
    assert "服务中" in hands.open(visit).text
    assert "请放行服务码" not in desk.open(board(town)).text


def test_his_asking_is_no_door_that_nobody_opens(
    app: Flask, town: Town, desk: Desk, number: str
) -> None:
    hands = Hands(app, at_the_door(number).id)
    stand_at(app, TUESDAY_TEN)
    asking = hands.open(f"/t/visits/{visit_of(number).number}/ways/release")

    hands.send(asking.form("/ways/release"), reason="家人代为开门")

    assert "没人应门" not in desk.open(board(town)).text


def test_no_other_dialog_opens_by_an_address(desk: Desk, number: str) -> None:
    assert desk.open(f"/console/bookings/{number}?act=cancel").status == 400
