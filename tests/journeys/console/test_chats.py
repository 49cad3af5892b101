"""A member asks for a person; his store's agent answers, passes him on, and the branch ends it."""

from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from booking.operations import catalogue
from conversations import inbox
from conversations.models import Chat
from gateways.wechat.messages import Scanned, TextSaid
from kernel.db import transaction
from kernel.outbox import OutboxRow
from members import queries as members
from notifications.models import Message
from tests.house import MONDAY_NINE
from tests.journeys import clockwork
from tests.journeys.console.conftest import DeskOf, Town
from tests.journeys.console.desk import Desk, a_promise

KEYS = count()


class Phone:
    """The member's chat."""

    def __init__(self, town: Town) -> None:
        with transaction(reads_only=True) as db:
            self.openid = members.member(db, town.member.id).openid

    def scan(self, scene: str) -> str:
        return self._told(Scanned(**self._act(), scene=scene, ticket=""))

    def say(self, text: str, *, ago: timedelta = timedelta(0)) -> str:
        return self._told(TextSaid(**self._act(ago), text=text))

    def got(self) -> list[str]:
        with transaction(reads_only=True) as db:
            found = select(Message).where(Message.kind == "CHAT", Message.openid == self.openid)
            return [row.fields["text"] for row in db.scalars(found.order_by(Message.id))]

    def _act(self, ago: timedelta = timedelta(0)) -> dict[str, Any]:
        at_s = int((MONDAY_NINE - ago).timestamp())
        key = f"chat {next(KEYS)}"
        return {"openid": self.openid, "account": "gh_1", "sent_at_s": at_s, "dedupe_key": key}

    def _told(self, message: Scanned | TextSaid) -> str:
        with transaction() as db:
            return inbox.receive(db, message, public_base="https://x", now=MONDAY_NINE)


@pytest.fixture
def phone(app: Flask, town: Town) -> Phone:
    with transaction() as db:
        for code, branch_id in (("HL", town.here), ("LC", town.here), ("TD", town.there)):
            catalogue.add_store(
                db,
                code=code,
                name=f"{code} 旗舰店",
                scene=f"st_{code}",
                branch_id=branch_id,
                welcome="欢迎",
            )
    return Phone(town)


def told() -> list[str]:
    with transaction(reads_only=True) as db:
        names = db.scalars(select(OutboxRow.name).order_by(OutboxRow.id))
        return [name for name in names if name.startswith("Chat")]


def the_chat() -> str:
    with transaction(reads_only=True) as db:
        return db.scalars(select(Chat.number)).one()


@pytest.mark.walks("chat waiting claim", "chat claimed pass_on", "chat claimed close")
def test_a_member_is_answered_by_his_store_and_then_by_the_branch(
    town: Town, phone: Phone, desk: Desk, desk_of: DeskOf
) -> None:
    number = a_promise(town.member)
    phone.scan("st_HL")

    assert "HL 旗舰店" in phone.say("转人工")
    assert phone.say("师傅的车停哪里") == ""
    path = f"/console/chats/{the_chat()}"
    store = desk_of("store")
    assert path in store.open("/console/chats").links
    page = store.post(f"{path}/claim")
    for shown in ("师傅的车停哪里", number, "空调安装", "还能回复 5 条"):
        assert shown in page.text
    page = store.post(f"{path}/reply", {"text": "停在 3 号门旁边就行"})
    assert "停在 3 号门旁边就行" in page.text
    assert "还能回复 4 条" in page.text
    assert phone.got() == ["停在 3 号门旁边就行"]

    # To the branch's own desk: a store sees only what is a store's.
    store.post(f"{path}/pass-on", {"store": "", "words": "要改师傅，请网点处理"})
    assert store.open(path).status == 404
    page = desk.post(f"{path}/claim")
    assert "要改师傅，请网点处理" in page.text
    desk.post(f"{path}/close")

    assert phone.say("你好") != ""
    assert path in desk.open("/console/chats?show=closed").links


def test_only_who_took_it_writes(phone: Phone, desk: Desk, desk_of: DeskOf) -> None:
    phone.say("人工")
    path = f"/console/chats/{the_chat()}"
    desk.post(f"{path}/claim")

    page = desk_of("manager").post(f"{path}/reply", {"text": "我来答"})

    assert page.status == 409
    assert phone.got() == []


def test_nobody_writes_when_the_window_is_shut(phone: Phone, desk: Desk) -> None:
    phone.say("人工", ago=timedelta(hours=48))
    path = f"/console/chats/{the_chat()}"
    desk.post(f"{path}/claim")

    page = desk.post(f"{path}/reply", {"text": "还在吗"})

    assert page.status == 409
    assert "改用电话" in page.text
    assert phone.got() == []


def test_another_branch_sees_nothing_of_it(phone: Phone, desk_of: DeskOf) -> None:
    phone.scan("st_HL")
    phone.say("客服")

    assert desk_of("elsewhere").open(f"/console/chats/{the_chat()}").status == 404


def test_asking_twice_is_one_conversation(phone: Phone) -> None:
    phone.say("人工")
    phone.say("人工")

    assert the_chat()


def test_lines_of_one_second_stand_as_they_were_said(phone: Phone, desk: Desk) -> None:
    for text in ("人工", "洗衣机什么时候送到？", "下午在家"):
        phone.say(text)

    text = desk.open(f"/console/chats/{the_chat()}").text

    assert text.index("洗衣机什么时候送到？") < text.index("下午在家")


def test_a_reply_is_counted_among_response_times(phone: Phone, desk: Desk) -> None:
    phone.say("人工")
    path = f"/console/chats/{the_chat()}"
    desk.post(f"{path}/claim")
    desk.post(f"{path}/reply", {"text": "您好"})

    page = desk.open("/console/chats?show=mine")
    assert "0.0 分钟" in page.text
    assert "100%（共 1 个）" in page.text


def test_who_waits_may_go_back_to_the_robot(phone: Phone, desk: Desk) -> None:
    phone.say("人工")
    # Nobody has him yet: keywords are answered.
    assert "href" in phone.say("预约")
    path = f"/console/chats/{the_chat()}"

    assert "已退出" in phone.say("取消人工")

    assert path in desk.open("/console/chats?show=closed").links
    assert desk.post(f"{path}/claim").status == 409


def test_the_robot_is_silent_while_a_person_has_him(phone: Phone, desk: Desk) -> None:
    phone.say("人工")
    path = f"/console/chats/{the_chat()}"
    desk.post(f"{path}/claim")

    assert [phone.say(text) for text in ("预约", "我的预约", "人工客服在吗")] == [""] * 3
    assert "我的预约" in desk.open(path).text
    assert "已退出" in phone.say("取消人工")
    assert "href" in phone.say("预约")


def test_a_stores_people_see_their_own_store_alone(phone: Phone, desk_of: DeskOf) -> None:
    phone.scan("st_LC")
    phone.say("人工")

    store = desk_of("store")

    assert store.open(f"/console/chats/{the_chat()}").status == 404
    assert f"/console/chats/{the_chat()}" not in store.open("/console/chats").links


def test_a_store_account_without_a_store_is_told_so(town: Town, desk_of: DeskOf) -> None:
    assert "还没有归到门店" in desk_of("store").open("/console/chats").text


def test_the_desk_hears_of_every_word_and_move(phone: Phone, desk: Desk) -> None:
    phone.say("人工")
    number = the_chat()
    before = told()

    phone.say("师傅几点到")
    desk.post(f"/console/chats/{number}/claim")
    phone.say("还在吗")

    assert told()[len(before) :] == ["ChatWritten", "ChatMoved", "ChatWritten"]


@pytest.mark.walks("chat waiting close")
def test_what_nobody_ends_ends_by_itself(app: Flask, phone: Phone, desk: Desk) -> None:
    phone.say("人工")
    path = f"/console/chats/{the_chat()}"
    for silent, show in ((timedelta(hours=48), "waiting"), (timedelta(hours=49), "closed")):
        clockwork.stand_at(app, MONDAY_NINE + silent)
        clockwork.let(app, "chats")
        assert path in desk.open(f"/console/chats?show={show}").links
