"""Where goods are, said by the desk and the van, and what their member reads of it."""

import pytest
from flask import Flask

from booking import goods_queries
from booking import queries as bookings
from booking.goods import GoodsKind
from booking.operations import catalogue
from kernel.actor import SYSTEM
from kernel.db import transaction
from kernel.money import Money
from tests.house import HOUR_S
from tests.journeys.clockwork import let
from tests.journeys.console.desk import Desk
from tests.journeys.consumer.pages import Page, Phone
from tests.journeys.consumer.steps import book
from tests.journeys.edges.steps import (
    at_the_window,
    booking,
    case,
    confirmed,
    given,
    go,
    hands_of,
    messages,
    publish,
)
from tests.journeys.technician.hands import a_photo


@pytest.fixture
def number(app: Flask, phone: Phone) -> str:
    """A promise of tomorrow at ten that brings a washing machine and takes the old one along."""
    with transaction() as db:
        catalogue.add_service(
            db,
            code="washer",
            category="installation",
            name="洗衣机安装",
            short_name="洗衣机",
            about="调平试机",
            icon="washer",
            work_s=HOUR_S,
            skill="air",
            price=Money(60_00),
            options=[
                {
                    "code": "old_taken",
                    "name": "取走旧机",
                    "kind": "switch",
                    "most": 1,
                    "price_fen": 50_00,
                    "work_s": 600,
                }
            ],
            brings=[{"kind": "goods", "name": "滚筒洗衣机"}],
        )
    number = book(phone, code="washer", **{"option-old_taken": "1"})
    confirmed(phone, number)
    return number


def label(number: str) -> str:
    """Return what is written on the washing machine's box."""
    with transaction(reads_only=True) as db:
        found = bookings.booking(db, number=number, by=SYSTEM)
        items = goods_queries.items_of(db, found.id)
    [machine] = [item.number for item in items if item.kind is not GoodsKind.OLD]
    return machine


def say(desk: Desk, number: str, state: str) -> Page:
    """Let the desk say where the washing machine is, by the form of the booking's page."""
    page = case(desk, number)
    assert f'value="{state}"' in page.answer.get_data(as_text=True)
    return desk.send(page.form(f"goods/{label(number)}"), state=state)


def load(app: Flask, desk: Desk, number: str) -> None:
    """Let the machine arrive, tomorrow be published, and the technician scan it onto his van."""
    say(desk, number, "in_warehouse")
    publish(desk)
    at_the_window(app)
    hands, work = hands_of(app, number), given(number)
    hands.press(work, "accept")
    loaded = hands.send(hands.visit(work).form("/goods"), code=label(number))
    assert loaded.status == 200
    for act, fields in (("depart", {}), ("arrive", {}), ("start", {"code": work.code})):
        assert hands.press(work, act, fields=fields).status_code == 200


@pytest.mark.walks(
    "goods in_warehouse lose",
    "goods in_warehouse send_back",
    "goods returned stock",
    "goods returned replace",
    "visit ready unready",
)
def test_goods_that_are_lost_and_sent_back_darken_the_light_and_are_told(
    app: Flask, phone: Phone, desk: Desk, number: str
) -> None:
    say(desk, number, "in_warehouse")
    let(app)
    here = case(desk, number)
    lost = say(desk, number, "not_shipped")
    let(app)
    gone = case(desk, number)
    say(desk, number, "in_warehouse")
    say(desk, number, "returned")
    let(app)
    returned, told = booking(phone, number), messages(phone.member)[-1]
    say(desk, number, "in_warehouse")
    found = booking(phone, number)
    say(desk, number, "returned")
    say(desk, number, "not_shipped")
    let(app)

    assert "已备妥" in here.text
    assert "「滚筒洗衣机」还没有到仓。" in lost.text
    assert "已备妥" not in gone.text
    assert "已退回" in returned.text
    assert "滚筒洗衣机已到仓 点开看商品到了哪里" in told
    assert "已到仓" in found.text
    assert "未发货" in booking(phone, number).text


@pytest.mark.walks(
    "goods on_van deliver", "goods delivered send_back", "old appliance to_collect collect"
)
def test_goods_are_left_with_the_member_and_may_still_go_back(
    app: Flask, phone: Phone, desk: Desk, number: str
) -> None:
    before = booking(phone, number)
    load(app, desk, number)
    on_van = booking(phone, number)
    hands, work = hands_of(app, number), given(number)
    hands.upload(work, [a_photo()])
    hands.press(work, "finish")
    left = booking(phone, number)
    say(desk, number, "returned")

    assert "上门时取走" in before.text
    assert "在师傅车上" in on_van.text
    assert "已送达" in left.text
    assert "已取走" in left.text
    assert "已退回" in booking(phone, number).text


@pytest.mark.walks("goods on_van unload", "goods on_van send_back")
def test_goods_of_a_visit_that_came_to_nothing_ride_back(
    app: Flask, phone: Phone, desk: Desk, number: str
) -> None:
    load(app, desk, number)
    go(hands_of(app, number), given(number), "unfinished")
    unloaded = booking(phone, number)
    say(desk, number, "on_van")
    say(desk, number, "returned")

    assert "已到仓" in unloaded.text
    assert "已退回" in booking(phone, number).text
