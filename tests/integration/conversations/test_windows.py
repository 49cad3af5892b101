"""The windows of customer messages, as the inbox and payments leave them."""

from datetime import timedelta

from flask import Flask

from conversations import inbox, queries
from conversations.policy import MessageWindow
from gateways.wechat.messages import TextSaid
from kernel.db import transaction
from notifications.models import Message, MessageStep
from tests.house import MONDAY_NINE

OPENID = "oTest_00000000000000000000001"
TWO_DAYS = timedelta(hours=48)


def window_now(openid: str = OPENID) -> MessageWindow | None:
    with transaction(reads_only=True) as db:
        return queries.message_window(db, openid, now=MONDAY_NINE)


def say() -> None:
    at_s = int(MONDAY_NINE.timestamp())
    message = TextSaid(openid=OPENID, account="gh_1", sent_at_s=at_s, dedupe_key="1", text="你好")
    with transaction() as db:
        inbox.receive(db, [message], public_base="", now=MONDAY_NINE)


def test_who_has_done_nothing_may_not_be_written_to(app: Flask) -> None:
    assert window_now() is None


def test_a_message_of_his_opens_one_for_him_alone(app: Flask) -> None:
    say()

    assert window_now() == MessageWindow(MONDAY_NINE + TWO_DAYS, 5)
    assert window_now("oSomebodyElse") is None


def test_news_that_went_the_same_way_uses_it_up(app: Flask) -> None:
    say()
    with transaction() as db:
        news = Message(
            dedupe_key="M9:1",
            kind="M9",
            openid=OPENID,
            about="booking:B1",
            fields={},
            path="",
            made_at=MONDAY_NINE,
        )
        db.add(news)
        db.flush()
        for what in ("tried", "sent"):
            db.add(MessageStep(message_id=news.id, channel="customer", what=what, at=MONDAY_NINE))

    assert window_now() == MessageWindow(MONDAY_NINE + TWO_DAYS, 4)


def test_a_payment_told_twice_opens_one_without_a_count(app: Flask) -> None:
    for _ in range(2):
        with transaction() as db:
            inbox.note_paid(db, openid=OPENID, number="P1", at=MONDAY_NINE)

    assert window_now() == MessageWindow(MONDAY_NINE + TWO_DAYS, None)
