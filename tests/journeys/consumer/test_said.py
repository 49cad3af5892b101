"""What a member said in the chat stands in the booking's form, for him to correct."""

import re

from flask import Flask

from booking import queries as booking
from conversations import inbox
from gateways.wechat.messages import VoiceSent
from kernel.db import transaction
from tests.house import MONDAY_NINE
from tests.journeys.consumer.pages import Phone
from tests.journeys.consumer.steps import fill_in

OPENID = "oTest000000000000000000001"


def said(text: str) -> str:
    voice = VoiceSent(
        openid=OPENID,
        account="gh_1",
        sent_at_s=int(MONDAY_NINE.timestamp()),
        dedupe_key=text,
        media_id="m",
        heard=text,
    )
    with transaction() as db:
        return inbox.receive(db, voice, public_base="", now=MONDAY_NINE)


def test_a_voice_becomes_a_draft_that_is_corrected_and_booked(app: Flask, phone: Phone) -> None:
    link = re.search(r'href="([^"]+)"', said("周二下午来市南区装空调"))
    assert link is not None

    page = phone.open(link[1])

    assert page.path == "/c/book/air_install"
    assert page.value("address") == "市南区"
    assert "周二下午来市南区装空调" in page.text
    # A district is no address yet: he writes the 小区 and goes on to the windows.
    page = fill_in(phone)
    assert page.path.endswith("/windows")
    held = phone.send(page.form("/windows"), window=page.windows[0])
    booked = phone.send(held.form("/confirm"))

    assert "已预约" in booked.text
    with transaction(reads_only=True) as db:
        [row] = booking.bookings_of(db, phone.member.id)
        assert booking.service_name(db, row.service_id) == "空调安装"
