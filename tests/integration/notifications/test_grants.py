"""The ledger of grants: fed by WeChat's events, asked before a notice is tried, put right by 43101."""

import json
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from conversations import inbox
from gateways.wechat.client import WeChat
from gateways.wechat.messages import Grant as Told
from gateways.wechat.messages import GrantsChanged, parse
from kernel.clock import FixedClock
from kernel.db import transaction
from notifications import queries
from notifications.ending import NOT_GRANTED
from notifications.granting import Deed
from notifications.jobs import send_messages
from notifications.models import Grant, Message, MessageStep
from notifications.reaching import Sender
from tests.house import MONDAY_NINE
from tests.integration.gateways.serving import Platform, account_at, patient_caller, tells
from tests.integration.notifications.stories import MEMBER_OPENID, a_town, messages, promised

TEMPLATE = "/cgi-bin/message/template/send"
NOTICE = "/cgi-bin/message/subscribe/bizsend"
AT_S = int(MONDAY_NINE.timestamp())


@pytest.fixture
def platform(app: Flask) -> Iterator[Platform]:
    with Platform() as served:
        served.answers["/cgi-bin/stable_token"] = tells(access_token="T1", expires_in=7200)
        served.answers[TEMPLATE] = tells(errcode=43004, errmsg="no follower")
        served.answers[NOTICE] = tells(errcode=0, errmsg="ok")
        yield served


def told(kind: str, *grants: tuple[str, str], key: str = "k", after_s: int = 0) -> None:
    """Let WeChat's callback come in, twice: it may be told again."""
    message = GrantsChanged(
        openid=MEMBER_OPENID,
        account="gh_1",
        sent_at_s=AT_S - 60 + after_s,
        dedupe_key=f"{kind}:{key}:{after_s}",
        kind=kind,
        grants=tuple(
            Told(template_id=template_id, status=status, msgid="") for template_id, status in grants
        ),
    )
    for _ in range(2):
        with transaction() as db:
            inbox.receive(db, [message], public_base="", now=MONDAY_NINE)


def left(template_id: str = "N16") -> int:
    with transaction(reads_only=True) as db:
        return queries.grants_left(db, MEMBER_OPENID, template_id)


def send(platform: Platform, number: str, key: str = "1") -> Message:
    with transaction() as db:
        db.add(
            Message(
                dedupe_key=f"M16:{key}",
                kind="M16",
                openid=MEMBER_OPENID,
                about=f"booking:{number}",
                fields={"thing1": "空调安装"},
                path="/c",
                made_at=MONDAY_NINE,
            )
        )
    sender = Sender(
        WeChat(account_at(platform.base), caller=patient_caller()),
        {},
        "https://doorbell.localhost",
        subscription_ids={"M16": "N16"},
    )
    while send_messages(sender, FixedClock(MONDAY_NINE)):
        pass
    return messages()[-1]


def life() -> list[tuple[str, str, str]]:
    with transaction(reads_only=True) as db:
        steps = db.scalars(select(MessageStep).order_by(MessageStep.id)).all()
        return [(step.channel, step.what, step.words) for step in steps]


def test_each_event_is_written_down_once(app: Flask) -> None:
    a_town()

    told("popup", ("N16", "accept"), ("N17", "reject"))
    told("popup", ("N16", "accept"), after_s=1)
    told("sent", ("N16", "success"), after_s=2)

    assert (left(), left("N17"), left("N18")) == (1, 0, 0)
    with transaction(reads_only=True) as db:
        deeds = [(row.template_id, row.what) for row in db.scalars(select(Grant))]
    assert deeds == [("N16", "granted"), ("N17", "refused"), ("N16", "granted"), ("N16", "used")]


def test_nothing_written_is_ever_changed(app: Flask) -> None:
    a_town()
    told("popup", ("N16", "accept"))

    with pytest.raises(DBAPIError, match="immutable"), transaction() as db:
        db.query(Grant).update({"what": "used"})


def test_without_a_grant_the_notice_is_not_tried_and_the_life_says_so(platform: Platform) -> None:
    number = promised(a_town())
    told("popup", ("N16", "reject"))

    row = send(platform, number)

    assert platform.calls_to(NOTICE) == []
    assert row.state == "call"
    assert life()[-1] == ("subscription", "skipped", NOT_GRANTED)


def test_with_a_grant_it_goes_and_the_report_uses_it_up(platform: Platform) -> None:
    number = promised(a_town())
    told("popup", ("N16", "accept"))

    row = send(platform, number)
    told("sent", ("N16", "success"), after_s=30)

    assert (row.state, row.channel, left()) == ("sent", "subscription", 0)
    assert json.loads(platform.calls_to(NOTICE)[0].body)["template_id"] == "N16"


def test_wechats_word_that_there_is_none_puts_the_ledger_right(platform: Platform) -> None:
    number = promised(a_town())
    platform.answers[NOTICE] = tells(errcode=43101, errmsg="user refuse to accept the msg")
    told("popup", ("N16", "accept"))

    first = send(platform, number)
    second = send(platform, number, key="2")

    assert (first.state, second.state, left()) == ("call", "call", 0)
    assert len(platform.calls_to(NOTICE)) == 1
    with transaction(reads_only=True) as db:
        assert [row.what for row in db.scalars(select(Grant))] == [Deed.GRANTED, Deed.LOST]


def test_two_notices_of_one_second_are_two() -> None:
    def sent(template_id: str, msgid: str) -> str:
        item = f"<List><TemplateId>{template_id}</TemplateId><MsgID>{msgid}</MsgID></List>"
        xml = (
            "<xml><ToUserName>gh</ToUserName><FromUserName>o</FromUserName><MsgType>event</MsgType>"
            "<CreateTime>1795395600</CreateTime><Event>subscribe_msg_sent_event</Event>"
            f"<SubscribeMsgSentEvent>{item}</SubscribeMsgSentEvent></xml>"
        )
        return parse(xml.encode()).dedupe_key

    keys = [sent("N16", "1"), sent("N17", "2"), sent("N16", "3"), sent("N16", "1")]

    assert (len(set(keys)), keys[0]) == (3, keys[3])
