"""A member asks for a person on his phone, his store's agent answers, and it is read on the phone."""

import re
from datetime import timedelta

import pytest
import requests
from flask import Flask

from booking.operations import catalogue
from kernel.db import transaction
from tests.house import MONDAY_NINE
from tests.integration.sandbox.serving import Sandbox
from tests.journeys import clockwork
from tests.journeys.console.conftest import DeskOf, Town
from tests.journeys.technician.hands import a_photo
from tests.patience import WAIT_S


@pytest.fixture
def app(app_at_wechat: Flask) -> Flask:
    return app_at_wechat


def test_a_chat_is_handed_to_the_stores_agent(
    app: Flask, town: Town, sandbox: Sandbox, desk_of: DeskOf
) -> None:
    with transaction() as db:
        catalogue.add_store(
            db, code="HL", name="海尔路店", scene="st_hl", branch_id=town.here, welcome="您好。"
        )
    sandbox.a_code("st_hl")
    phone = sandbox.a_phone()["phone"]
    sandbox.control(f"phones/{phone}/follow", scene="st_hl")
    sandbox.control(f"phones/{phone}/say", text="转人工")
    sandbox.settle()
    assert "已为您转到海尔路店客服" in sandbox.inbox(phone)[-1]["text"]

    # The sandbox's clock goes on meanwhile.
    clockwork.stand_at(app, MONDAY_NINE + timedelta(minutes=1))
    agent = desk_of("store")
    [path] = [link for link in agent.open("/console/chats").links if "/chats/T" in link]
    agent.post(f"{path}/claim")
    sandbox.control(f"phones/{phone}/say", text="预约的师傅几点到")
    sandbox.settle()
    assert "预约的师傅几点到" in agent.open(path).text
    agent.post(f"{path}/reply", {"text": "十点前到，请放心"})
    clockwork.let(app, "messages")

    assert sandbox.inbox(phone)[-1]["text"] == "十点前到，请放心"
    assert "已发送" in agent.open(path).text
    agent.post(f"{path}/close")
    sandbox.control(f"phones/{phone}/say", text="预约")
    sandbox.settle()
    assert "选择服务和上门时间" in sandbox.inbox(phone)[-1]["text"]


def test_pictures_go_both_ways(app: Flask, town: Town, sandbox: Sandbox, desk_of: DeskOf) -> None:
    phone = sandbox.a_phone()["phone"]
    sandbox.control(f"phones/{phone}/follow")
    sandbox.control(f"phones/{phone}/say", text="转人工")
    sandbox.settle()
    clockwork.stand_at(app, MONDAY_NINE + timedelta(minutes=1))
    agent = desk_of("dispatcher")
    [path] = [link for link in agent.open("/console/chats").links if "/chats/T" in link]
    agent.post(f"{path}/claim")

    answer = requests.post(
        f"{sandbox.base}/control/phones/{phone}/picture",
        data=a_photo(),
        headers={"X-Sandbox": "1", "Content-Type": "image/jpeg"},
        timeout=WAIT_S,
    )
    assert answer.status_code == 200, answer.text
    sandbox.settle()
    clockwork.let(app, "pictures")
    page = agent.open(path)
    [his] = re.findall(r'src="(/console/chats/[^"]+)"', page.answer.get_data(as_text=True))
    assert agent.fetch(his).mimetype == "image/jpeg"

    agent.upload(f"{path}/picture", picture=a_photo())
    clockwork.let(app, "messages")

    shown = sandbox.inbox(phone)[-1]
    assert (shown["kind"], shown["from"]) == ("image", "account")
    assert requests.get(f"{sandbox.base}{shown['picture']}", timeout=WAIT_S).ok
    assert "已发送" in agent.open(path).text
