"""Sending against a platform that behaves badly: nothing lost silently, nothing told twice."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from gateways.http import Caller
from gateways.wechat.client import WeChat
from gateways.wechat.token import AccessTokens
from kernel import leases
from kernel.clock import FixedClock, wall_s
from kernel.db import transaction
from notifications import channels, deciding
from notifications.jobs import messages_due, send_messages
from notifications.models import Message
from notifications.operations import record_outcomes
from notifications.reaching import Sender
from notifications.sending import ATTEMPTS_MAX, NINE_MINUTES_S, client_msg_id
from tests.house import MONDAY_NINE
from tests.integration.gateways.serving import (
    Answer,
    Call,
    Platform,
    Reply,
    account_at,
    closed_port,
    hasty_caller,
    in_turn,
    patient_caller,
    tells,
)
from tests.integration.notifications.stories import messages
from tests.patience import wait_until

pytestmark = pytest.mark.both_databases

SEND = "/cgi-bin/message/template/send"
TOKEN = "/cgi-bin/stable_token"
CLOCK = FixedClock(MONDAY_NINE)
HTML = Reply(b"<html>busy</html>")


@pytest.fixture
def platform(app: Flask) -> Iterator[Platform]:
    with Platform() as served:
        served.answers[TOKEN] = tells(access_token="T1", expires_in=7200)
        served.answers[SEND] = tells(errcode=0, errmsg="ok", msgid=77)
        yield served


def a_message(key: str = "M1:B1", **changes: object) -> int:
    facts: dict[str, object] = {
        "dedupe_key": key,
        "kind": "M1",
        "openid": "oMember0000000000000000000001",
        "about": "booking:B1",
        "fields": {"thing1": "空调安装"},
        "path": "/c/bookings/B1",
        "made_at": MONDAY_NINE,
    }
    with transaction() as db:
        row = Message(**(facts | changes))
        db.add(row)
        db.flush()
        return row.id


def sender(base: str, *, caller: Caller | None = None) -> Sender:
    return Sender(
        wechat=WeChat(account_at(base), caller=caller or patient_caller()),
        template_ids={"M1": "tpl-1"},
        public_base="https://doorbell.localhost",
    )


def send(platform: Platform, *, caller: Caller | None = None) -> int:
    return send_messages(sender(platform.base, caller=caller), CLOCK)


def the_message() -> Message:
    [row] = messages()
    return row


def due_now(**changes: object) -> None:
    """Let the pause pass, and what else a test wants to have happened."""
    with transaction() as db:
        db.execute(update(Message).values(due_s=0.0, lease_until_s=0.0, **changes))


def bodies(platform: Platform) -> list[dict[str, object]]:
    return [json.loads(call.body) for call in platform.calls_to(SEND)]


class TestAGoodAnswer:
    def test_is_sent_with_wechats_id(self, platform: Platform) -> None:
        a_message()

        assert send(platform) == 1

        row = the_message()
        assert (row.state, row.msgid, row.sent_at, row.error) == ("sent", "77", MONDAY_NINE, "")
        assert bodies(platform) == [
            {
                "touser": row.openid,
                "template_id": "tpl-1",
                "url": "https://doorbell.localhost/c/bookings/B1",
                "client_msg_id": client_msg_id("M1:B1"),
                "data": {"thing1": {"value": "空调安装"}},
            }
        ]
        assert not messages_due()

    def test_sends_all_that_is_due_and_nothing_twice(self, platform: Platform) -> None:
        for number in range(5):
            a_message(f"M1:B{number}")

        assert [send(platform), send(platform)] == [5, 0]
        assert len(platform.calls_to(SEND)) == 5

    def test_leaves_what_is_not_due(self, platform: Platform) -> None:
        a_message(due_s=wall_s() + 60)

        assert send(platform) == 0


class TestAnAmbiguousAnswer:
    """Matrix 23 and 24: perhaps it arrived, so only the same id may be sent again."""

    @pytest.mark.parametrize(
        "answer",
        [
            pytest.param(lambda _: Reply(never_comes=True), id="read_timeout"),
            pytest.param(lambda _: Reply(is_dropped=True), id="reset_after_the_request"),
            pytest.param(lambda _: Reply(status=500), id="500"),
            pytest.param(lambda _: Reply(status=502, body=b"{}"), id="502"),
            pytest.param(lambda _: HTML, id="200_with_html"),
            pytest.param(lambda _: Reply(b"{}"), id="an_empty_object"),
            pytest.param(lambda _: Reply(b'{"errcode":0,"msgi'), id="cut_json"),
            pytest.param(lambda _: Reply(b'{"errcode":0}', is_cut=True), id="cut_body"),
            pytest.param(tells(errcode=0, errmsg="ok"), id="ok_without_a_msgid"),
            pytest.param(tells(errcode=-1, errmsg="system error"), id="system_busy"),
            pytest.param(lambda _: Reply(b"[]"), id="a_list"),
        ],
    )
    def test_is_repeated_under_the_same_id(self, platform: Platform, answer: Answer) -> None:
        a_message()
        platform.answers[SEND] = in_turn(answer, tells(errcode=0, errmsg="ok", msgid=77))
        # The token is there: who is hasty has no time for two calls.
        AccessTokens(account_at(platform.base), patient_caller()).current()

        send(platform, caller=hasty_caller())
        wait_until(lambda: bool(bodies(platform)), what="WeChat has it")
        first = the_message()
        due_now()
        send(platform)

        assert (first.state, first.maybe_sent_s is not None, first.msgid) == ("pending", True, "")
        assert (the_message().state, the_message().msgid) == ("sent", "77")
        ids = [body["client_msg_id"] for body in bodies(platform)]
        assert ids == [client_msg_id("M1:B1")] * 2

    def test_that_wechat_calls_a_duplicate_had_arrived(self, platform: Platform) -> None:
        a_message()
        platform.answers[SEND] = in_turn(
            lambda _: Reply(status=500), tells(errcode=40241, errmsg="duplicate")
        )
        send(platform)
        due_now()

        send(platform)

        row = the_message()
        # Invariant 26: without an msgid only as the recorded duplicate of our own attempt.
        assert (row.state, row.msgid, "40241" in row.error) == ("sent", "", True)

    @pytest.mark.parametrize(
        ("ago_s", "state", "calls"),
        [
            pytest.param(NINE_MINUTES_S - 60, "sent", 2, id="within_nine_minutes"),
            pytest.param(NINE_MINUTES_S + 1, "unknown", 1, id="after_them"),
        ],
    )
    def test_is_repeated_for_nine_minutes_and_then_left_to_a_person(
        self, platform: Platform, ago_s: float, state: str, calls: int
    ) -> None:
        a_message()
        platform.answers[SEND] = in_turn(
            lambda _: Reply(status=500), tells(errcode=0, errmsg="ok", msgid=77)
        )
        send(platform)
        due_now(maybe_sent_s=wall_s() - ago_s)

        send(platform)

        assert the_message().state == state
        assert len(platform.calls_to(SEND)) == calls
        due_now()
        assert send(platform) == 0

    def test_keeps_the_time_of_the_first_through_every_later_one(self, platform: Platform) -> None:
        a_message()
        platform.answers[SEND] = in_turn(
            lambda _: Reply(status=500),
            tells(errcode=45011, errmsg="too fast"),
            lambda _: Reply(status=500),
        )
        send(platform)
        first_s = the_message().maybe_sent_s
        for _ in range(2):
            due_now()
            send(platform)

        assert the_message().maybe_sent_s == first_s


class TestASureFailure:
    """Matrix 22, 25, 26."""

    def test_to_connect_is_tried_again_without_a_doubt(self, app: Flask) -> None:
        a_message()
        broken = sender(f"http://127.0.0.1:{closed_port()}")

        send_messages(broken, CLOCK)

        row = the_message()
        assert (row.state, row.maybe_sent_s, row.attempts) == ("pending", None, 1)

    def test_after_a_doubt_does_not_take_the_doubt_away(
        self, platform: Platform, app: Flask
    ) -> None:
        a_message()
        platform.answers[SEND] = lambda _: Reply(status=500)
        send(platform)
        first_s = the_message().maybe_sent_s
        due_now()

        platform.answers[SEND] = tells(errcode=45011, errmsg="too fast")
        send(platform)

        assert the_message().maybe_sent_s == first_s

    @pytest.mark.parametrize("code", [40001, 40014, 42001])
    def test_of_the_token_for_ever_is_two_calls_an_attempt(
        self, platform: Platform, code: int
    ) -> None:
        a_message()
        tokens = iter(range(100))
        platform.answers[TOKEN] = lambda _: Reply(
            json.dumps({"access_token": f"T{next(tokens)}", "expires_in": 7200}).encode()
        )
        platform.answers[SEND] = tells(errcode=code, errmsg="invalid credential")
        before_s = wall_s()

        send(platform)

        assert len(platform.calls_to(SEND)) == 2
        row = the_message()
        assert (row.state, row.maybe_sent_s) == ("pending", None)
        assert before_s + 4.99 <= row.due_s <= wall_s() + 5

    @pytest.mark.parametrize("code", [43004, 43101, 40003, 43019])
    def test_that_lies_with_the_person_is_suppressed_with_its_reason(
        self, platform: Platform, code: int
    ) -> None:
        a_message()
        platform.answers[SEND] = tells(errcode=code, errmsg="no")

        send(platform)

        row = the_message()
        assert (row.state, str(code) in row.error, row.maybe_sent_s) == ("suppressed", True, None)

    def test_again_and_again_ends_as_dead(self, platform: Platform) -> None:
        a_message()
        platform.answers[SEND] = tells(errcode=45011, errmsg="too fast")
        for _ in range(ATTEMPTS_MAX):
            due_now()
            send(platform)

        assert (the_message().state, the_message().attempts) == ("dead", ATTEMPTS_MAX)
        due_now()
        assert send(platform) == 0

    def test_of_one_message_does_not_hold_up_the_next(self, platform: Platform) -> None:
        a_message("M1:B1")
        a_message("M1:B2", about="booking:B2")
        taken = platform.answers[SEND]
        platform.answers[SEND] = lambda call: (
            Reply(status=500)
            if call.message["client_msg_id"] == client_msg_id("M1:B1")
            else taken(call)
        )

        send(platform)

        assert [m.state for m in messages()] == ["pending", "sent"]


class TestNewsThatNobodyNeedsAnyMore:
    def test_is_not_sent(self, platform: Platform) -> None:
        a_message(not_after=MONDAY_NINE - timedelta(seconds=1))

        send(platform)

        row = the_message()
        assert (row.state, row.error) == ("suppressed", channels.TOO_LATE)
        assert platform.calls_to(SEND) == []

    def test_is_sent_at_the_last_moment(self, platform: Platform) -> None:
        a_message(not_after=MONDAY_NINE)

        send(platform)

        assert the_message().state == "sent"

    def test_is_unknown_when_it_may_have_been_sent_in_time(self, platform: Platform) -> None:
        a_message(not_after=MONDAY_NINE - timedelta(seconds=1), maybe_sent_s=wall_s() - 5)

        send(platform)

        assert the_message().state == "unknown"
        assert platform.calls_to(SEND) == []


@pytest.mark.parametrize("state", ["sent", "pending"])
class TestAHandThatSleepsThroughItsLease:
    """Matrix 6: whatever it does on waking changes nothing."""

    def test_writes_no_result(self, app: Flask, platform: Platform, state: str) -> None:
        a_message()

        def answer_late(_call: Call) -> Reply:
            with app.app_context():
                decided_by_another(state)
            return Reply(b'{"errcode":0,"errmsg":"ok","msgid":1}')

        platform.answers[SEND] = answer_late
        send(platform)

        row = the_message()
        assert (row.state, row.msgid) == (state, BY_ANOTHER[state])
        assert (row.maybe_sent_s, row.fence) == (123.0, 2)
        assert len(platform.calls_to(SEND)) == 1

    def test_makes_no_call(self, platform: Platform, state: str) -> None:
        a_message()
        with transaction() as db:
            [sleeper] = leases.claim(db, Message, lease_s=-1.0, limit=1)
        decided_by_another(state)

        with transaction() as db:
            calls = deciding.decide(db, [sleeper], sender(platform.base), now=MONDAY_NINE)

        assert calls == []
        row = the_message()
        assert (row.state, row.maybe_sent_s) == (state, 123.0)


BY_ANOTHER = {"sent": "by another", "pending": ""}


def decided_by_another(state: str) -> None:
    """Let the lease end, and another hand come and decide."""
    due_now()
    with transaction() as db:
        [row] = leases.claim(db, Message, lease_s=60.0, limit=1)
        leases.finish(
            db, row, state=state, retry_in_s=60.0, msgid=BY_ANOTHER[state], maybe_sent_s=123.0
        )


class TestAReport:
    def test_is_kept_with_its_message(self, platform: Platform) -> None:
        a_message()
        send(platform)

        with transaction() as db:
            assert record_outcomes(db, {"77": "success", "78": "success"}) == {"77"}
        with transaction() as db:
            assert record_outcomes(db, {"77": "success", "78": "success"}) == {"77"}

        assert the_message().outcome == "success"

    def test_of_an_id_nobody_wrote_down_is_told_apart(self, platform: Platform) -> None:
        a_message()

        with transaction() as db:
            assert record_outcomes(db, {"77": "success", "": "success"}) == set()
