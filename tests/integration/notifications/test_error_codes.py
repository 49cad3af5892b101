"""WeChat's error codes and what the house does about each: the table, row by row.

`tests/house` holds it to be whole. No row has to do with the database, so that one serves.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from gateways.wechat.client import WeChat
from gateways.wechat.errors import Retry, WeChatError
from gateways.wechat.media import PICTURE_BYTES_MAX
from gateways.wechat.oauth import OAuth
from gateways.wechat.tags import TAGS_MAX
from kernel.clock import FixedClock, wall_s
from kernel.db import transaction
from members.models import Member
from notifications import life, queries
from notifications.channels import Channel
from notifications.jobs import send_messages
from notifications.models import Message, QuotaRow
from notifications.operations import ask_to_clear_quotas
from notifications.quotas import keep_quotas
from notifications.reaching import Sender
from tests.house import MONDAY_NINE
from tests.integration.gateways.serving import (
    Platform,
    account_at,
    in_turn,
    patient_caller,
    tells,
)
from tests.integration.notifications.stories import (
    MEMBER_OPENID,
    a_town,
    granted,
    messages,
    promised,
)

TOKEN = "/cgi-bin/stable_token"
PATHS = {
    Channel.TEMPLATE: "/cgi-bin/message/template/send",
    Channel.SUBSCRIPTION: "/cgi-bin/message/subscribe/bizsend",
    Channel.CUSTOMER: "/cgi-bin/message/custom/send",
}
BASE = "https://doorbell.localhost"
OK = tells(errcode=0, errmsg="ok", msgid=77)
FIELD = "argument invalid! data.thing5.value invalid"


@dataclass
class Sent:
    """What a message met that WeChat refused with a code, on one way; every other way takes it."""

    app: Flask
    platform: Platform
    sender: Sender
    number: str
    caplog: pytest.LogCaptureFixture

    def by(self, code: int, way: Channel = Channel.TEMPLATE) -> Message:
        """Send one message about the booking and return what became of it."""
        refused = tells(errcode=code, errmsg=FIELD)
        self.platform.answers[PATHS[way]] = refused
        with transaction() as db:
            db.add(
                Message(
                    dedupe_key=f"M16:{self.number}",
                    kind="M16",
                    openid=MEMBER_OPENID,
                    about=f"booking:{self.number}",
                    fields={"thing1": "空调安装"},
                    path="/c/",
                    made_at=MONDAY_NINE,
                    channel=way.value,
                )
            )
        while send_messages(self.sender, FixedClock(MONDAY_NINE)):
            pass
        [row] = messages()
        return row

    def calls(self) -> dict[Channel, int]:
        """Return how often each way was called."""
        return {way: len(self.platform.calls_to(path)) for way, path in PATHS.items()}

    def alarms(self) -> list[str]:
        return [one.message for one in self.caplog.records if one.levelno == logging.ERROR]


Check = Callable[[Sent, int], None]


def _backs_off(sent: Sent, code: int) -> None:
    row = sent.by(code)

    assert row.state == "pending"
    assert 0 < row.due_s - wall_s() <= 30
    # Perhaps it was done: from now on the nine minutes run, and no other way is tried.
    assert row.maybe_sent_s is not None
    assert sent.calls() == {Channel.TEMPLATE: 1, Channel.SUBSCRIPTION: 0, Channel.CUSTOMER: 0}


def _refreshes_once(sent: Sent, code: int) -> None:
    sent.platform.answers[TOKEN] = in_turn(
        *(tells(access_token=token, expires_in=7200) for token in ("T1", "T2"))
    )

    row = sent.by(code)

    assert (row.state, row.maybe_sent_s) == ("pending", None)
    calls = sent.platform.calls_to(PATHS[Channel.TEMPLATE])
    assert [call.query["access_token"] for call in calls] == ["T1", "T2"]


def _alarms_and_waits(sent: Sent, code: int) -> None:
    row = sent.by(code)

    assert (row.state, row.channel) == ("pending", "template")
    assert row.due_s - wall_s() > 300
    [alarm] = sent.alarms()
    assert str(code) in alarm
    with transaction(reads_only=True) as db:
        # The console says so as well.
        assert (queries.refusals(db), queries.paused(db)) in (({code: 1}, {}), ({}, {"M16": 1}))


def _holds_until_midnight(sent: Sent, code: int) -> None:
    row = sent.by(code)

    assert row.state == "pending"
    assert abs(row.due_s - wall_s() - life.until_midnight_s()) < 60
    assert len(sent.alarms()) == 1


def _waits(least_s: float) -> Check:
    def check(sent: Sent, code: int) -> None:
        row = sent.by(code)

        assert (row.state, row.maybe_sent_s, sent.alarms()) == ("pending", None, [])
        assert least_s - 30 < row.due_s - wall_s() <= least_s

    return check


def _goes_on(way: Channel, to: str) -> Check:
    """It is not tried again by that way; the next takes it."""

    def check(sent: Sent, code: int) -> None:
        row = sent.by(code, way)

        assert (row.state, row.channel) == ("call" if to == "call" else "sent", to)
        assert sent.calls()[way] == 1

    return check


def _marks_unfollowed(sent: Sent, code: int) -> None:
    row = sent.by(code)

    assert (row.state, row.channel) == ("sent", "subscription")
    with transaction(reads_only=True) as db:
        member = db.scalars(select(Member).where(Member.openid == MEMBER_OPENID)).one()
        assert not member.follows


def _stops(sent: Sent, code: int) -> None:
    """No way of WeChat's is tried any more; a person calls."""
    row = sent.by(code)

    assert (row.state, row.channel) == ("call", "call")
    assert sent.calls() == {Channel.TEMPLATE: 1, Channel.SUBSCRIPTION: 0, Channel.CUSTOMER: 0}


def _shows_the_field(sent: Sent, code: int) -> None:
    row = sent.by(code)

    assert (row.state, sent.calls()[Channel.TEMPLATE]) == ("sent", 1)
    with transaction(reads_only=True) as db:
        [passed, _] = queries.lives(db, [row.id])[row.id]
        assert "data.thing5.value" in passed.words


def _is_our_own_first(sent: Sent, code: int) -> None:
    """Whatever may have arrived did so, when WeChat says that it had it before."""
    sent.by(-1)
    sent.platform.answers[PATHS[Channel.TEMPLATE]] = tells(errcode=code, errmsg="repeated")
    with transaction() as db:
        db.execute(update(Message).values(due_s=0.0))
    send_messages(sent.sender, FixedClock(MONDAY_NINE))

    [row] = messages()
    assert row.state == "sent"


def _begins_the_sign_in_again(sent: Sent, code: int) -> None:
    """Nobody is signed in, and the way home leads to WeChat anew."""
    account = account_at(sent.platform.base)
    sent.app.extensions["doorbell.oauth"] = OAuth(account, caller=patient_caller())
    sent.platform.answers["/sns/oauth2/access_token"] = tells(errcode=code, errmsg="bad code")
    client = sent.app.test_client()

    def go(path: str) -> TestResponse:
        return client.get(path, base_url=BASE)

    def state_of(answer: TestResponse) -> str:
        return parse_qs(urlsplit(answer.location).query)["state"][0]

    first = state_of(go("/wechat/sign-in"))
    refused = go(f"/wechat/signed-in?code=c0de&state={first}")
    again = go(go("/c/bookings").location)

    assert (refused.status_code, "登录已过期" in refused.text) == (400, True)
    assert "/connect/oauth2/authorize" in again.location
    assert state_of(again) != first


def _is_not_asked_for(sent: Sent, _code: int) -> None:
    """WeChat would refuse the tag: it is not asked."""
    for name, known in (("", []), ("老客", ["老客"]), ("十" * 11, []), ("新", ["旧"] * TAGS_MAX)):
        with pytest.raises(ValueError, match="tag"):
            sent.sender.wechat.create_tag(name, known=known)
    assert sent.platform.calls_to("/cgi-bin/tags/create") == []

    sent.platform.answers["/cgi-bin/tags/create"] = tells(tag={"id": 100, "name": "十" * 10})
    assert sent.sender.wechat.create_tag("十" * 10, known=["旧"] * (TAGS_MAX - 1)) == 100


def _is_no_picture(sent: Sent, _code: int) -> None:
    """WeChat would refuse the file: it is not asked."""
    for file in (b"", b"GIF89a", b"\xff\xd8\xff" + bytes(PICTURE_BYTES_MAX)):
        with pytest.raises(ValueError, match="JPEG"):
            sent.sender.wechat.media.upload(file)
    assert sent.platform.calls_to("/cgi-bin/media/upload") == []


def _is_gone(sent: Sent, code: int) -> None:
    sent.platform.answers["/cgi-bin/media/get"] = tells(errcode=code, errmsg="invalid media_id")

    with pytest.raises(WeChatError) as told:
        sent.sender.wechat.media.fetch("M1")

    assert told.value.retry is Retry.USELESS


def _is_asked_for_once(sent: Sent, code: int) -> None:
    sent.platform.answers["/cgi-bin/clear_quota"] = tells(errcode=code, errmsg="forbid")
    with transaction() as db:
        ask_to_clear_quotas(db)

    for _ in range(2):
        keep_quotas(sent.sender.wechat, FixedClock(MONDAY_NINE))
        with transaction() as db:
            db.execute(update(QuotaRow).values(due_s=0.0))

    assert len(sent.platform.calls_to("/cgi-bin/clear_quota")) == 1


# WeChat's table: the codes of a row, and the check that shows what is done about them.
ROWS: tuple[tuple[tuple[int, ...], Check], ...] = (
    ((-1,), _backs_off),
    ((40001, 40014, 42001), _refreshes_once),
    ((40003,), _goes_on(Channel.TEMPLATE, "subscription")),
    ((40013, 40125, 40164), _alarms_and_waits),
    ((40029, 40163, 42003), _begins_the_sign_in_again),
    ((40036, 40037, 43116), _alarms_and_waits),
    ((43004,), _marks_unfollowed),
    ((43019, 50002), _stops),
    ((43101,), _goes_on(Channel.SUBSCRIPTION, "customer")),
    ((43117,), _waits(3600)),
    ((45009,), _holds_until_midnight),
    ((45011,), _waits(60)),
    ((45015, 45047), _goes_on(Channel.CUSTOMER, "call")),
    ((45056, 45157, 45158), _is_not_asked_for),
    ((40016, 40018, 40023, 40053, 45002, 45008), _goes_on(Channel.TEMPLATE, "subscription")),
    ((40241,), _is_our_own_first),
    ((40004, 40005, 40006), _is_no_picture),
    ((40007,), _is_gone),
    ((47003,), _shows_the_field),
    ((48006,), _is_asked_for_once),
    ((48001, 48004), _alarms_and_waits),
)
CODES = tuple(chain.from_iterable(codes for codes, _ in ROWS))
# A code that the table does not know: nothing is taken for granted.
UNKNOWN = 987654


@pytest.fixture(scope="module")
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def sent(app: Flask, caplog: pytest.LogCaptureFixture) -> Iterator[Sent]:
    with Platform() as platform:
        platform.answers[TOKEN] = tells(access_token="T1", expires_in=7200)
        for path in PATHS.values():
            platform.answers[path] = OK
        sender = Sender(
            wechat=WeChat(account_at(platform.base), caller=patient_caller()),
            template_ids={},
            public_base=BASE,
            subscription_ids={"M16": "notice-16"},
            window_open=lambda _db, _openid, _now: True,
        )
        number = promised(a_town())
        granted("notice-16")
        yield Sent(app, platform, sender, number, caplog)


@pytest.mark.parametrize(
    ("code", "check"), [(code, check) for codes, check in ROWS for code in codes]
)
def test_each_code_has_its_action(sent: Sent, code: int, check: Check) -> None:
    check(sent, code)


def test_an_unknown_code_may_mean_anything(sent: Sent) -> None:
    _backs_off(sent, UNKNOWN)
