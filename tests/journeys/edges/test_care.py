"""A plan from the catalogue's line to the member's page, the work list, and its end by his own hand."""

from datetime import timedelta

from flask import Flask

from dispatch.states import VisitState
from kernel import audit
from kernel.db import transaction
from tests.house import MONDAY_NINE
from tests.journeys import clockwork
from tests.journeys.console.conftest import DeskOf, Town
from tests.journeys.console.life import TUESDAY_TEN
from tests.journeys.console.test_catalogue import OPTION
from tests.journeys.consumer import steps
from tests.journeys.consumer.pages import Phone
from tests.journeys.edges.steps import booking, come, messages


def test_an_installation_is_followed_by_care(
    app: Flask, town: Town, phone: Phone, desk_of: DeskOf
) -> None:
    manager = desk_of("manager")
    service = manager.open("/console/catalogue/air_install")
    care = {"care_months": "1", "care_tips": "滤网每两周冲一次"}
    manager.send(service.form("/air_install"), option_code="pipe", **OPTION, **care)
    number = steps.book(phone)
    come(app, manager, number, to=VisitState.WORK_DONE)
    clockwork.stand_at(app, TUESDAY_TEN + timedelta(hours=1))
    phone.send(booking(phone, number).form("/sign"))
    clockwork.stand_at(app, TUESDAY_TEN + timedelta(days=8))
    clockwork.let(app, "bookings")

    assert "滤网每两周冲一次" in phone.open("/c/assets").text
    ahead = manager.open("/console/care?when=ahead")
    assert "14 天内 0" in ahead.text
    clockwork.stand_at(app, TUESDAY_TEN + timedelta(days=30))
    due = manager.open("/console/care")
    assert "今天" in due.text
    assert "约上门" in due.text

    manager.send(due.form("/send"))
    clockwork.let(app)
    assert any("家电该保养了" in line for line in messages(town.member))

    ended = phone.send(phone.open("/c/assets").form("/stop"))
    assert "滤网每两周冲一次" not in ended.text


def test_a_call_is_planned_by_hand_and_its_outcome_noted(
    app: Flask, town: Town, desk_of: DeskOf, member_number: str
) -> None:
    dispatcher = desk_of("dispatcher")
    form = dispatcher.open(f"/console/members/{member_number}/care").form("/care")
    today = f"{MONDAY_NINE:%Y-%m-%d}"
    refused = dispatcher.send(form, kind="maintenance", every_months="6", due_on=today)
    assert "要选一个服务" in refused.text

    form = dispatcher.open(f"/console/members/{member_number}/care").form("/care")
    dispatcher.send(form, kind="contact", every_months="6", due_on=today, gift="滤网一片")
    with transaction(reads_only=True) as db:
        # Who looked at a plan, with its member's name and door, is written down.
        [look], _ = audit.entries(db, action="look.care_plan")
    assert look.about.startswith("care:H")
    listed = dispatcher.open("/console/care")
    assert "送 滤网一片" in listed.text
    dispatcher.send(listed.form("/note"), outcome="not_reached", again_days="5", text="无人接听")

    ahead = dispatcher.open("/console/care?when=ahead").text
    assert "11月28日" in ahead
    assert "无人接听" in ahead
