"""Pictures that people send: fetched once, kept drawn anew, and given up when WeChat has them no more."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from conversations import inbox, queries
from conversations.models import Picture
from conversations.pictures import KEPT_FOR, fetch_pictures, pictures_due
from dispatch.photos import photo_path
from gateways.wechat.client import WeChat
from gateways.wechat.messages import ImageSent
from kernel.clock import FixedClock
from kernel.db import transaction
from tests.house import MONDAY_NINE
from tests.integration.gateways.serving import (
    Answer,
    Platform,
    Reply,
    account_at,
    in_turn,
    patient_caller,
    tells,
)
from tests.journeys.technician.hands import a_photo

FETCH = "/cgi-bin/media/get"
GONE = tells(errcode=40007, errmsg="invalid media_id")
BUSY = tells(errcode=-1, errmsg="system error")


def file_of(content: bytes) -> Answer:
    return lambda _call: Reply(content, headers={"Content-Type": "image/jpeg"})


@pytest.fixture
def platform(app: Flask) -> Iterator[Platform]:
    with Platform() as served:
        served.answers["/cgi-bin/stable_token"] = tells(access_token="T1", expires_in=7200)
        served.answers[FETCH] = file_of(a_photo())
        yield served


def shown(media_id: str = "M1") -> None:
    """Let somebody send a picture; WeChat tells it twice."""
    message = ImageSent(
        openid="oSomebody",
        account="gh_1",
        sent_at_s=int(MONDAY_NINE.timestamp()),
        dedupe_key=f"picture:{media_id}",
        media_id=media_id,
        picture_url="",
    )
    for _ in range(2):
        with transaction() as db:
            inbox.receive(db, [message], public_base="", now=MONDAY_NINE)


def fetch(platform: Platform, shelf: Path, *, later: timedelta = timedelta(0)) -> Picture:
    with transaction() as db:
        db.execute(update(Picture).values(due_s=0.0))
    wechat = WeChat(account_at(platform.base), caller=patient_caller())
    fetch_pictures(wechat, shelf, FixedClock(MONDAY_NINE + later))
    with transaction(reads_only=True) as db:
        return db.scalars(select(Picture)).one()


def test_is_fetched_once_and_kept(platform: Platform, tmp_path: Path) -> None:
    shown()
    assert pictures_due()

    for _ in range(2):
        row = fetch(platform, tmp_path)

    assert (row.state, len(platform.calls_to(FETCH))) == ("kept", 1)
    assert photo_path(tmp_path, row.sha256).read_bytes().startswith(b"\xff\xd8\xff")
    assert not pictures_due()
    with transaction(reads_only=True) as db:
        assert queries.photos_spoken_of(db, [row.sha256, "0" * 64]) == {row.sha256}


def test_is_tried_again_while_wechat_keeps_it(platform: Platform, tmp_path: Path) -> None:
    platform.answers[FETCH] = in_turn(BUSY, file_of(a_photo()))
    shown()

    first, again = fetch(platform, tmp_path), fetch(platform, tmp_path)

    assert (first.state, again.state) == ("pending", "kept")


@pytest.mark.parametrize(
    ("answer", "later"),
    [
        pytest.param(GONE, timedelta(0), id="wechat_has_forgotten_it"),
        pytest.param(BUSY, KEPT_FOR + timedelta(seconds=1), id="three_days_are_over"),
        pytest.param(file_of(b"\xff\xd8\xff no picture"), timedelta(0), id="it_is_no_picture"),
    ],
)
def test_is_given_up(platform: Platform, tmp_path: Path, answer: Answer, later: timedelta) -> None:
    platform.answers[FETCH] = answer
    shown()

    row = fetch(platform, tmp_path, later=later)

    assert (row.state, row.sha256) == ("gone", "")
    assert row.error
    assert not list(tmp_path.glob("*.jpg"))
