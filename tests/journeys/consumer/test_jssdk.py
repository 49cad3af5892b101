"""WeChat's JS-SDK on a member's pages: pictures out of his album, his address book, reminders."""

import io
import itertools
import json
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image

from conversations import inbox
from conversations.operations import chats
from gateways.wechat.messages import Grant, GrantsChanged
from kernel.db import transaction
from kernel.settings import Settings
from members import queries as members
from tests.house import MONDAY_NINE
from tests.journeys.account import AccountAtWeChat
from tests.journeys.consumer.pages import Page, Phone
from tests.journeys.consumer.steps import book


def a_picture() -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(drawn, "PNG")
    return drawn.getvalue()


@pytest.fixture
def account(app: Flask) -> AccountAtWeChat:
    made = AccountAtWeChat({"m-1": a_picture(), "film": b"ftyp", "large": b"\0" * ((8 << 20) + 1)})
    app.extensions["doorbell.wechat"] = made
    return made


def kept(folder: Path) -> list[Path]:
    return sorted((folder / "photos").glob("*"))


class TestAPictureOutOfWeChat:
    def take_in(self, phone: Phone, media_id: str) -> Page:
        return phone.post("/c/pictures", {"media_id": media_id})

    @pytest.mark.usefixtures("account")
    def test_goes_into_the_form_like_one_that_was_sent(self, phone: Phone, tmp_path: Path) -> None:
        sent = phone.upload("/c/pictures", photo=a_picture())

        tile = self.take_in(phone, "m-1")

        assert tile.value("picture") == sent.value("picture")
        assert phone.fetch(f"/c/pictures/{tile.value('picture')}").mimetype == "image/jpeg"
        assert len(kept(tmp_path)) == 1

    @pytest.mark.usefixtures("account")
    @pytest.mark.parametrize(
        ("media_id", "says"),
        [
            pytest.param("of-another-account", "微信里没有这张照片了", id="foreign"),
            pytest.param("a b", "微信里没有这张照片了", id="no_name_of_wechats"),
            pytest.param("film", "这张照片打不开", id="no_picture"),
            pytest.param("large", "超过 8 MB", id="too_large"),
        ],
    )
    def test_is_refused_with_its_reason(
        self, phone: Phone, tmp_path: Path, media_id: str, says: str
    ) -> None:
        page = self.take_in(phone, media_id)

        assert says in page.said("pictures-said")
        assert "再取一次" not in page.text
        assert kept(tmp_path) == []

    def test_is_asked_for_again_when_wechat_was_away(
        self, account: AccountAtWeChat, phone: Phone
    ) -> None:
        account.is_away = True
        away = self.take_in(phone, "m-1")
        account.is_away = False

        back = self.take_in(phone, "m-1")

        assert "照片还在微信里" in away.said("pictures-said")
        assert "再取一次" in away.text
        assert '"media_id": "m-1"' in away.answer.get_data(as_text=True)
        assert back.value("picture")


def test_the_address_book_is_offered_beside_the_boxes(phone: Phone) -> None:
    html = phone.fetch("/c/book/air_install").get_data(as_text=True)

    assert "data-wechat data-addresses" in html
    assert 'name="address"' in html


class TestReminders:
    seconds = itertools.count(1_795_000_000)

    @pytest.fixture
    def with_notices(self, app: Flask) -> None:
        settings: Settings = app.extensions["doorbell.settings"]
        ids = json.dumps({"M7": "S7", "M12": "S12", "M1": "S1", "CHAT": "SC"})
        app.extensions["doorbell.settings"] = replace(settings, wechat_subscription_ids=ids)

    def page(self, phone: Phone, number: str) -> str:
        return phone.fetch(f"/c/bookings/{number}").get_data(as_text=True)

    def tell(self, phone: Phone, kind: str, status: str, *names: str) -> None:
        with transaction() as db:
            openid = members.member(db, phone.member.id).openid
            told = GrantsChanged(
                openid=openid,
                account="gh",
                sent_at_s=next(self.seconds),
                dedupe_key=f"{kind}:{names}:{status}",
                kind=kind,
                grants=tuple(Grant(template_id=n, status=status, msgid="") for n in names),
            )
            inbox.receive(db, [told], public_base="https://doorbell.localhost", now=MONDAY_NINE)

    @pytest.mark.usefixtures("with_notices")
    def test_are_granted_on_the_bookings_page_and_counted(self, phone: Phone) -> None:
        number = book(phone)
        before = self.page(phone, number)

        self.tell(phone, "popup", "accept", "S7", "S12")
        granted = self.page(phone, number)
        self.tell(phone, "sent", "success", "S7")

        assert '<wx-open-subscribe template="S7,S12"' in before
        assert "已开启" not in before.split("data-done")[0]
        assert "已开启 1 次" in granted
        # Enough for the one visit that is ahead.
        assert "wx-open-subscribe" not in granted
        assert "已开启 1 次" not in self.page(phone, number)

    def test_are_drawn_by_wechat_in_frames_that_our_policy_allows(self, phone: Phone) -> None:
        policy = phone.fetch("/c/").headers["Content-Security-Policy"]

        assert "frame-src https://*.qq.com webcompt:;" in policy

    @pytest.mark.usefixtures("with_notices")
    def test_of_an_answer_are_offered_to_him_who_talks_to_a_person(self, phone: Phone) -> None:
        number = book(phone)
        with transaction() as db:
            openid = members.member(db, phone.member.id).openid
            chats.ask_for_person(db, openid=openid, now=MONDAY_NINE)

        assert '<wx-open-subscribe template="SC,S7,S12"' in self.page(phone, number)

    def test_are_not_spoken_of_where_the_account_has_no_notices(self, phone: Phone) -> None:
        assert "wx-open-subscribe" not in self.page(phone, book(phone))

    @pytest.mark.usefixtures("with_notices")
    def test_end_with_the_booking(self, phone: Phone) -> None:
        number = book(phone)
        phone.send(phone.open(f"/c/bookings/{number}").form("/cancel"))

        assert "wx-open-subscribe" not in self.page(phone, number)
