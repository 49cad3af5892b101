"""A member asks for a person; his store's agent answers, passes him on, and the branch ends it."""

import re
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from booking.operations import catalogue
from conversations import inbox
from conversations.models import Chat, Picture
from dispatch.photos import clean_photo, store_photo
from gateways.wechat.messages import AgentChanged, ImageSent, LocationSent, Scanned, TextSaid
from kernel.db import transaction
from kernel.geo import Point
from kernel.outbox import OutboxRow
from members import queries as members
from members.models import Member
from notifications.channels import TOO_LATE
from notifications.models import Message
from notifications.reaching import notice_of
from tests.house import MONDAY_NINE
from tests.integration.notifications.stories import granted
from tests.journeys import clockwork
from tests.journeys.console.conftest import DeskOf, Town
from tests.journeys.console.desk import Desk, a_promise
from tests.journeys.technician.hands import a_photo

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
            return [row.fields.get("text", "图") for row in db.scalars(found.order_by(Message.id))]

    def _act(self, ago: timedelta = timedelta(0)) -> dict[str, Any]:
        at_s = int((MONDAY_NINE - ago).timestamp())
        key = f"chat {next(KEYS)}"
        return {"openid": self.openid, "account": "gh_1", "sent_at_s": at_s, "dedupe_key": key}

    def show(self, media_id: str = "M1") -> str:
        return self._told(ImageSent(**self._act(), media_id=media_id, picture_url=""))

    def stand(self, point: Point) -> str:
        return self._told(LocationSent(**self._act(), point=point, label="某处"))

    def _told(self, message: Scanned | TextSaid | ImageSent | LocationSent) -> str:
        with transaction() as db:
            return inbox.receive(db, [message], public_base="https://x", now=MONDAY_NINE)[0]


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
    phone.stand(Point(36.1030, 120.4118))
    path = f"/console/chats/{the_chat()}"
    store = desk_of("store")
    queue = store.open("/console/chats")
    assert path in queue.links
    assert "发来位置 浮山后三小区" in queue.text
    page = store.send(queue.form("/claim"))
    for shown in ("师傅的车停哪里", number, "空调安装", "还能回复 5 条", "发来位置 浮山后三小区"):
        assert shown in page.text
    assert any("position=120.4118,36.103" in link for link in page.links)
    assert 'data-lat="36.103" data-lon="120.4118"' in page.answer.get_data(as_text=True)
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
    # Nobody is late yet: a wait so young is no answer that failed.
    assert "0%" not in desk.open("/console/chats").text
    desk.post(f"{path}/claim")
    desk.post(f"{path}/reply", {"text": "您好"})

    page = desk.open("/console/chats?show=mine")
    assert "0 分" in page.text
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


@pytest.fixture
def talking(phone: Phone, desk: Desk) -> str:
    """The page of a conversation that the dispatcher has taken."""
    phone.say("人工")
    path = f"/console/chats/{the_chat()}"
    desk.post(f"{path}/claim")
    return path


def refused(error: str, *, state: str = "dead", channel: str = "customer") -> None:
    """Let the last message have come to that end."""
    with transaction() as db:
        row = db.scalars(select(Message).order_by(Message.id.desc())).first()
        assert row is not None
        row.state, row.error, row.channel = state, error, channel


class TestALineThatTheWindowShutOut:
    @pytest.mark.parametrize(
        ("error", "state"),
        [
            ("45015: response out of time limit", "dead"),
            ("45047: out of response count limit", "dead"),
            (TOO_LATE, "suppressed"),
        ],
    )
    def test_says_so_and_goes_again_once_he_writes(
        self, phone: Phone, desk: Desk, talking: str, error: str, state: str
    ) -> None:
        desk.post(f"{talking}/reply", {"text": "师傅十点到"})
        refused(error, state=state)
        page = desk.open(talking)
        assert "微信窗口已关，没送达" in page.text
        assert "业主再发一条就能重发" in page.text

        phone.say("在吗")
        page = desk.send(desk.open(talking).form("/again"))

        assert "微信窗口已关" not in page.text
        assert "发送中" in page.text
        with transaction(reads_only=True) as db:
            row = db.scalars(select(Message).where(Message.kind == "CHAT")).one()
        assert (row.state, row.channel, row.fields) == (
            "pending",
            "customer",
            {"text": "师傅十点到"},
        )

    def test_waits_while_it_is_shut(
        self, app: Flask, phone: Phone, desk: Desk, talking: str
    ) -> None:
        desk.post(f"{talking}/reply", {"text": "师傅十点到"})
        refused("45015: response out of time limit")
        form = desk.open(talking).form("/again")
        clockwork.stand_at(app, MONDAY_NINE + timedelta(hours=48))

        assert not desk.open(talking).has_form("/again")
        assert desk.send(form).status == 409

    def test_is_told_by_telephone(self, phone: Phone, desk: Desk, talking: str) -> None:
        with transaction() as db:
            db.execute(update(Member).values(phone="13800002046"))
        desk.post(f"{talking}/reply", {"text": "师傅十点到"})
        refused("45015: response out of time limit")
        page = desk.open(talking)
        assert "13800002046" not in page.text
        assert "13800002046" in desk.send(page.form("/phone")).text

        page = desk.send(page.form("/called"))

        assert "已电话告知" in page.text
        assert not page.has_form("/called")

    def test_is_told_by_a_notice_where_one_is_granted(
        self, app: Flask, phone: Phone, desk: Desk, talking: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings = replace(
            app.extensions["doorbell.settings"], wechat_subscription_ids='{"CHAT": "N1"}'
        )
        monkeypatch.setitem(app.extensions, "doorbell.settings", settings)
        desk.post(f"{talking}/reply", {"text": "师傅十点到"})
        refused("45015: response out of time limit")
        assert not desk.open(talking).has_form("/remind")
        granted("N1", openid=phone.openid)

        desk.send(desk.open(talking).form("/remind"))

        with transaction(reads_only=True) as db:
            row = db.scalars(select(Message).where(Message.kind == "CHAT")).one()
            assert (row.state, row.channel) == ("pending", "subscription")
            assert notice_of(row)["thing1"] == "师傅十点到"
        refused("", state="sent", channel="subscription")
        page = desk.open(talking)
        assert "已用订阅通知提醒" in page.text
        assert page.has_form("/again")

    def test_of_another_conversation_is_not_touched(self, desk: Desk, talking: str) -> None:
        desk.post(f"{talking}/reply", {"text": "师傅十点到"})

        assert desk.post(f"{talking}/called", {"line": "L0000"}).status == 404
        assert desk.post(f"{talking}/remind", {"line": "L0000"}).status == 404


class TestPictures:
    def test_of_ours_are_kept_shown_and_handed_over(
        self, phone: Phone, desk: Desk, desk_of: DeskOf, talking: str
    ) -> None:
        page = desk.upload(f"{talking}/picture", picture=a_photo())

        [address] = re.findall(r'src="(/console/chats/[^"]+)"', page.answer.get_data(as_text=True))
        answer = desk.fetch(address)
        assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
        assert phone.got() == ["图"]
        assert "一张图片" in desk_of("manager").open("/console/messages").text

    def test_that_are_none_are_refused(self, phone: Phone, desk: Desk, talking: str) -> None:
        page = desk.upload(f"{talking}/picture", picture=b"<svg></svg>")

        assert (page.status, phone.got()) == (422, [])
        assert "打不开" in page.text

    def test_of_his_are_shown_when_they_are_here(
        self, app: Flask, phone: Phone, desk: Desk, talking: str
    ) -> None:
        phone.show()
        assert "图片正在从微信取回" in desk.open(talking).text
        folder = app.extensions["doorbell.settings"].data_dir / "photos"
        with transaction() as db:
            row = db.scalars(select(Picture)).one()
            row.state, row.sha256 = "kept", store_photo(folder, clean_photo(a_photo()))
            sha256 = row.sha256

        assert desk.fetch(f"{talking}/pictures/{sha256}").status_code == 200
        assert desk.fetch(f"{talking}/pictures/{'0' * 64}").status_code == 404

    def test_that_are_gone_are_said_to_be(self, phone: Phone, desk: Desk, talking: str) -> None:
        phone.show()
        with transaction() as db:
            db.scalars(select(Picture)).one().state = "gone"

        assert "图片取不到了" in desk.open(talking).text


def test_wechats_own_service_is_named_where_it_took_him(
    phone: Phone, desk: Desk, talking: str
) -> None:
    taken = AgentChanged(**phone._act(), kind="create", agent="xiaolan@menling")
    with transaction() as db:
        inbox.receive(db, [taken], public_base="https://x", now=MONDAY_NINE)

    assert "微信自带客服 xiaolan@menling 接入" in " ".join(desk.open(talking).text.split())
