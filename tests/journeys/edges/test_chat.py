"""A member asks for a person on his phone, his store's agent answers, and it is read on the phone."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask, Response, request

from booking.operations import catalogue
from kernel.db import transaction
from tests import house
from tests.house import MONDAY_NINE
from tests.integration.sandbox.serving import (
    APPID,
    SECRET,
    TOKEN,
    Sandbox,
    Served,
    a_sandbox_app,
    stage_of,
)
from tests.journeys import clockwork
from tests.journeys.console.conftest import DeskOf, Town

CALLBACK = "/wechat/callback"


@pytest.fixture
def door() -> Flask:
    """Where the account's server stands; it passes on to the house, which comes later."""
    return Flask("door")


@pytest.fixture
def sandbox(door: Flask, tmp_path: Path) -> Iterator[Sandbox]:
    server = Served(door)
    app = a_sandbox_app(tmp_path / "sandbox.sqlite3", callback_url=f"{server.base}{CALLBACK}")
    stage, served = stage_of(app), Served(app)
    # It tells the same business time as our standing clock.
    stage.clock._set_offset((MONDAY_NINE - stage.clock.now()).total_seconds())
    yield Sandbox(base=served.base, stage=stage)
    served.stop()
    stage.close()
    server.stop()


@pytest.fixture
def app(door: Flask, sandbox: Sandbox, database_url: str, tmp_path: Path) -> Iterator[Flask]:
    made = house.an_app(
        database_url,
        data_dir=tmp_path,
        WECHAT_APPID=APPID,
        WECHAT_SECRET=SECRET,
        WECHAT_TOKEN=TOKEN,
        WECHAT_API_BASE=sandbox.base,
    )

    def passed_on() -> Response:
        answer = made.test_client().post(
            CALLBACK,
            query_string=request.query_string.decode(),
            data=request.get_data(),
            headers=dict(request.headers),
        )
        return Response(answer.get_data(), answer.status_code)

    door.add_url_rule(CALLBACK, view_func=passed_on, methods=["POST"])
    with made.app_context():
        house.empty_tables()
        yield made
        house.close_connections()


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
