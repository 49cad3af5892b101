"""What an agent writes goes by the same machinery, without a client_msg_id to lean on."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from dispatch.photos import clean_photo, store_photo
from gateways.wechat.client import WeChat
from kernel.clock import FixedClock, wall_s
from kernel.db import transaction
from notifications import saying
from notifications.jobs import send_messages
from notifications.models import Message
from notifications.reaching import Sender
from tests.house import MONDAY_NINE
from tests.integration.gateways.serving import (
    Platform,
    Reply,
    account_at,
    in_turn,
    patient_caller,
    tells,
)
from tests.integration.notifications.stories import messages
from tests.journeys.technician.hands import a_photo

SEND, UPLOAD = "/cgi-bin/message/custom/send", "/cgi-bin/media/upload"


@pytest.fixture
def platform(app: Flask) -> Iterator[Platform]:
    with Platform() as served:
        served.answers["/cgi-bin/stable_token"] = tells(access_token="T1", expires_in=7200)
        served.answers[SEND] = tells(errcode=0, errmsg="ok")
        yield served


def say(picture: str = "", **changes: object) -> None:
    with transaction() as db:
        saying.say_in_chat(
            db,
            "oMember0000000000000000000001",
            about="chat:T1",
            key="L1",
            text="" if picture else "您好",
            picture=picture,
            not_after=MONDAY_NINE + timedelta(hours=1),
            now=MONDAY_NINE,
        )
    with transaction() as db:
        for name, value in changes.items():
            setattr(db.query(Message).one(), name, value)


def state_after_sending(platform: Platform, *, now_h: int = 0, shelf: Path = Path()) -> str:
    wechat = WeChat(account_at(platform.base), caller=patient_caller())
    sender = Sender(wechat, {}, "https://doorbell.localhost", shelf=shelf)
    send_messages(sender, FixedClock(MONDAY_NINE + timedelta(hours=now_h)))
    [message] = messages()
    return str(message.state)


def test_is_said_in_the_chat(platform: Platform) -> None:
    say()

    assert state_after_sending(platform) == "sent"
    [call] = platform.calls_to(SEND)
    assert json.loads(call.body)["text"] == {"content": "您好"}


def test_is_given_up_when_wechat_says_that_the_window_is_shut(platform: Platform) -> None:
    platform.answers[SEND] = tells(errcode=45015, errmsg="response out of time limit")
    say()

    assert state_after_sending(platform) == "dead"


def test_is_not_sent_after_its_window(platform: Platform) -> None:
    say()

    assert state_after_sending(platform, now_h=2) == "suppressed"
    assert platform.calls_to(SEND) == []


def test_that_may_have_arrived_is_left_to_a_person(platform: Platform) -> None:
    say(maybe_sent_s=wall_s())

    assert state_after_sending(platform) == "unknown"
    assert platform.calls_to(SEND) == []


def test_a_picture_is_uploaded_and_shown(platform: Platform, tmp_path: Path) -> None:
    platform.answers[UPLOAD] = tells(media_id="M7", type="image")
    say(picture=store_photo(tmp_path, clean_photo(a_photo())))

    assert state_after_sending(platform, shelf=tmp_path) == "sent"
    [call] = platform.calls_to(SEND)
    assert call.message["image"] == {"media_id": "M7"}


def test_an_upload_in_doubt_is_simply_made_again(platform: Platform, tmp_path: Path) -> None:
    platform.answers[UPLOAD] = in_turn(lambda _: Reply(status=500), tells(media_id="M7"))
    say(picture=store_photo(tmp_path, clean_photo(a_photo())))

    assert state_after_sending(platform, shelf=tmp_path) == "pending"
    with transaction() as db:
        row = db.query(Message).one()
        assert row.maybe_sent_s is None
        row.due_s = 0.0
    assert state_after_sending(platform, shelf=tmp_path) == "sent"
    assert len(platform.calls_to(SEND)) == 1


def test_a_picture_that_is_away_is_waited_for(platform: Platform, tmp_path: Path) -> None:
    say(picture="0" * 64)

    assert state_after_sending(platform, shelf=tmp_path) == "pending"
    assert platform.calls_to(UPLOAD) == []
