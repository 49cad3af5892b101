"""What a member said in the chat stands in the booking's form, for him to correct."""

import re
from datetime import timedelta

import pytest
from flask import Flask

from booking import queries as booking
from kernel.actor import Actor, Role
from kernel.db import transaction
from members import queries as members
from tests.house import MONDAY_NINE, tomorrow
from tests.integration.sandbox.serving import Sandbox
from tests.journeys import clockwork
from tests.journeys.consumer.pages import Page, Phone
from tests.journeys.consumer.steps import fill_in


@pytest.fixture
def app(app_at_wechat: Flask) -> Flask:
    return app_at_wechat


@pytest.fixture
def openid(app: Flask, branch_id: int, sandbox: Sandbox) -> str:
    """A follower's, whose phone in the sandbox is p1."""
    openid: str = sandbox.a_phone()["openid"]
    sandbox.control("phones/p1/follow")
    sandbox.settle()
    # The sandbox's clock goes on meanwhile.
    clockwork.stand_at(app, MONDAY_NINE + timedelta(minutes=1))
    return openid


@pytest.fixture
def phone(app: Flask, openid: str) -> Phone:
    with transaction(reads_only=True) as db:
        member = members.member_by_openid(db, openid)
    assert member is not None
    return Phone(app, Actor(member.id, Role.MEMBER))


def afternoons(page: Page) -> list[bool]:
    """Tell of each window, as they stand, whether it opens after noon."""
    return [int(value.split("/")[1].split("-")[0]) >= 12 * 3600 for value in page.windows]


def test_a_voice_becomes_a_draft_that_is_corrected_and_booked(
    phone: Phone, sandbox: Sandbox
) -> None:
    sandbox.control("phones/p1/speak", text="周二下午来市南区装空调")
    sandbox.settle()
    card = sandbox.inbox("p1")[-1]["text"]
    link = re.search(r'href="([^"]+)"', card)
    assert link is not None

    page = phone.open(link[1])

    assert page.path == "/c/book/air_install"
    assert page.value("address") == "市南区"
    assert "周二下午来市南区装空调" in page.text
    # A district is no address yet: he writes the 小区 and goes on to the windows.
    page = fill_in(phone)
    assert page.path.endswith("/windows")
    # He spoke of Tuesday's afternoon: its windows stand in front, the rest behind.
    assert "时间：11月24日 周二 下午" in card
    assert all(value.startswith(str(tomorrow())) for value in page.windows)
    assert "您说的下午在前" in page.text
    assert afternoons(page) == [True, True, False, False]
    held = phone.send(page.form("/windows"), window=page.windows[0])
    booked = phone.send(held.form("/confirm"))

    assert "已预约" in booked.text
    with transaction(reads_only=True) as db:
        [row] = booking.bookings_of(db, phone.member.id)
        assert booking.service_name(db, row.service_id) == "空调安装"
        assert row.compound == "浮山后三小区"


def test_a_voice_that_wechat_did_not_hear_opens_nothing(phone: Phone, sandbox: Sandbox) -> None:
    sandbox.control("faults", fault="empty_recognition", count=1)
    sandbox.control("phones/p1/speak", text="周二下午来市南区装空调")
    sandbox.settle()

    answer = sandbox.inbox("p1")[-1]["text"]
    assert "没能听清" in answer
    assert phone.open("/c/book/air_install").value("address") == ""


def test_what_was_said_long_ago_is_meant_no_more(
    app: Flask, phone: Phone, sandbox: Sandbox
) -> None:
    sandbox.control("phones/p1/speak", text="周二下午来市南区装空调")
    sandbox.settle()
    clockwork.stand_at(app, MONDAY_NINE + timedelta(hours=3))

    page = fill_in(phone)
    page = phone.open(f"{page.path}?day={tomorrow()}")

    assert "您说的下午在前" not in page.text
    assert afternoons(page) != [True, True, False, False]
