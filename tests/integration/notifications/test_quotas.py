"""WeChat's quotas: asked of WeChat, our own figure until it has told, and begun anew at a press."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from gateways.wechat.client import WeChat
from kernel.clock import FixedClock
from kernel.db import transaction
from notifications import queries, quotas
from notifications.channels import OUT_OF_QUOTA, QUOTAS, Channel
from notifications.jobs import send_messages
from notifications.models import CallCount, Message, QuotaRow
from notifications.operations import ask_to_clear_quotas
from notifications.queries import QuotaTold
from notifications.reaching import Sender
from tests.house import MONDAY_NINE
from tests.integration.gateways.serving import (
    Answer,
    Call,
    Platform,
    Reply,
    account_at,
    patient_caller,
    tells,
)
from tests.integration.notifications.stories import a_town, messages

ASK, CLEAR = "/cgi-bin/openapi/quota/get", "/cgi-bin/clear_quota"
SEND = "/cgi-bin/message/template/send"
OK = tells(errcode=0, errmsg="ok", msgid=77)
CLOCK = FixedClock(MONDAY_NINE)


def quota(limit: int, used: int) -> Answer:
    return tells(errcode=0, errmsg="ok", quota={"daily_limit": limit, "used": used, "remain": 0})


@pytest.fixture
def platform(app: Flask) -> Iterator[Platform]:
    a_town()
    with Platform() as served:
        served.answers["/cgi-bin/stable_token"] = tells(access_token="T1", expires_in=7200)
        served.answers |= {SEND: OK, ASK: quota(3, 0), CLEAR: OK}
        yield served


@pytest.fixture
def wechat(platform: Platform) -> WeChat:
    return WeChat(account_at(platform.base), caller=patient_caller())


def told() -> QuotaTold:
    with transaction(reads_only=True) as db:
        return queries.quota_told(db)


def some_messages(count: int) -> None:
    with transaction() as db:
        for place in range(count):
            db.add(
                Message(
                    dedupe_key=f"M17:{place}",
                    kind="M17",
                    openid=f"oSomebody{place}",
                    about=f"member:{place}",
                    fields={"thing1": "空调安装"},
                    path="/c",
                    made_at=MONDAY_NINE,
                )
            )


def send(wechat: WeChat) -> list[str]:
    while send_messages(Sender(wechat, {}, "https://doorbell.localhost"), CLOCK):
        pass
    return [row.error or row.state for row in messages()]


def press() -> None:
    with transaction() as db:
        ask_to_clear_quotas(db)


def turn(wechat: WeChat) -> int:
    return quotas.keep_quotas(wechat, CLOCK)


def test_what_wechat_tells_is_what_counts(platform: Platform, wechat: WeChat) -> None:
    some_messages(4)
    assert told() == QuotaTold({})

    turn(wechat)

    # A tenth of three is left to the urgent.
    assert send(wechat) == ["sent", "sent", OUT_OF_QUOTA, OUT_OF_QUOTA]
    assert told() == QuotaTold({Channel.TEMPLATE: 3, Channel.CUSTOMER: 3}, told_at=MONDAY_NINE)
    with transaction(reads_only=True) as db:
        uses = queries.uses(db, since=MONDAY_NINE - timedelta(days=1), text_hundredths=450)
    assert {use.channel: use.quota for use in uses}[Channel.TEMPLATE] == 3


def test_our_own_figure_counts_while_wechat_is_silent(platform: Platform, wechat: WeChat) -> None:
    platform.answers[ASK] = tells(errcode=48001, errmsg="api unauthorized")
    some_messages(4)

    turn(wechat)

    assert send(wechat) == ["sent"] * 4
    assert told().error.startswith("48001")
    with transaction(reads_only=True) as db:
        uses = queries.uses(db, since=MONDAY_NINE, text_hundredths=450)
    assert {use.channel: use.quota for use in uses if use.quota} == QUOTAS


def test_calls_that_others_made_for_the_account_are_reckoned_with(
    platform: Platform, wechat: WeChat
) -> None:
    platform.answers[ASK] = quota(3, 2)
    some_messages(1)

    turn(wechat)

    assert send(wechat) == [OUT_OF_QUOTA]


def test_is_asked_again_only_when_it_is_time(platform: Platform, wechat: WeChat) -> None:
    assert (quotas.quotas_due(), turn(wechat)) == (True, 1)
    assert (quotas.quotas_due(), turn(wechat)) == (False, 0)

    with transaction() as db:
        db.execute(update(QuotaRow).values(due_s=0.0))

    assert (quotas.quotas_due(), turn(wechat)) == (True, 1)


def test_a_press_lets_go_what_waited_for_midnight(platform: Platform, wechat: WeChat) -> None:
    turn(wechat)
    some_messages(4)
    send(wechat)

    press()
    assert (told().is_clearing, quotas.quotas_due()) == (True, True)
    turn(wechat)

    assert len(platform.calls_to(CLEAR)) == 1
    assert (told().is_clearing, told().cleared_at) == (False, MONDAY_NINE)
    assert send(wechat) == ["sent"] * 4
    with transaction(reads_only=True) as db:
        count = select(CallCount.used).where(CallCount.channel == Channel.TEMPLATE)
        assert db.scalars(count).one() == 2


def test_the_eleventh_press_of_a_month_is_told_so(platform: Platform, wechat: WeChat) -> None:
    platform.answers[CLEAR] = tells(errcode=48006, errmsg="forbid to clear quota")
    press()

    turn(wechat)
    with transaction() as db:
        db.execute(update(QuotaRow).values(due_s=0.0))
    turn(wechat)

    assert len(platform.calls_to(CLEAR)) == 1
    assert (told().is_clearing, told().cleared_at) == (False, None)


def test_a_press_whose_answer_was_lost_is_not_repeated(platform: Platform, wechat: WeChat) -> None:
    """Each costs one of ten a month."""
    platform.answers[CLEAR] = lambda _: Reply(status=500)
    press()

    turn(wechat)

    assert (told().is_clearing, told().error) == (False, "HTTP 500")


def test_a_press_that_surely_did_not_arrive_is(platform: Platform, wechat: WeChat) -> None:
    def no_token(_call: Call) -> Reply:
        return Reply(b'{"errcode": 42001, "errmsg": "expired"}')

    platform.answers[CLEAR] = no_token
    press()
    turn(wechat)
    assert told().is_clearing

    platform.answers[CLEAR] = OK
    with transaction() as db:
        db.execute(update(QuotaRow).values(due_s=0.0))
    turn(wechat)

    assert (told().is_clearing, told().cleared_at) == (False, MONDAY_NINE)
