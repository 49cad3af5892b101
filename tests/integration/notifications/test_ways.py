"""By which way a message arrives: the next only when the one before surely failed, and never two."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from booking.operations import cancelling
from kernel.actor import Actor
from kernel.clock import wall_s
from kernel.db import transaction
from notifications import jobs
from notifications.channels import OUT_OF_QUOTA, Channel, FileSms, SmsUnclear
from notifications.deciding import OVERTAKEN
from notifications.models import Message
from notifications.operations import record_outcomes
from notifications.reaching import Sender
from tests.house import MONDAY_NINE
from tests.integration.gateways.serving import (
    Platform,
    Reply,
    in_turn,
    tells,
)
from tests.integration.notifications.stories import (
    a_town,
    granted,
    messages,
    promised,
    tell_everything,
)
from tests.integration.notifications.ways import (
    CHAT,
    NIGHT,
    NOTICE,
    OK,
    TEMPLATE,
    a_message,
    due_now,
    life,
    send,
    sender,
)


@pytest.fixture
def member(app: Flask) -> Actor:
    return a_town()


@pytest.fixture
def number(member: Actor) -> str:
    """A booking of whose making the member was told in full; he granted the notices that there are."""
    granted("notice-9", "notice-17")
    return promised(member)


def every_way(platform: Platform, folder: Path, **more: object) -> Sender:
    return sender(
        platform,
        subscription_ids={"M9": "notice-9", "M17": "notice-17"},
        window_open=lambda _db, _openid, _now: True,
        sms=FileSms(folder / "sms.jsonl"),
        **more,
    )


def the_message() -> Message:
    [row] = messages()
    return row


class TestTheNextWay:
    def test_each_in_its_turn_down_to_the_text(
        self, platform: Platform, number: str, tmp_path: Path
    ) -> None:
        a_message(number)
        platform.answers[TEMPLATE] = tells(errcode=43004, errmsg="no follower")
        platform.answers[NOTICE] = tells(errcode=43101, errmsg="no grant")
        platform.answers[CHAT] = tells(errcode=45015, errmsg="window closed")

        send(every_way(platform, tmp_path))

        passed = [(way, "passed") for way in ("template", "subscription", "customer")]
        assert life() == [*passed, ("sms", "sent")]
        assert (the_message().state, the_message().channel) == ("sent", "sms")
        [text] = (tmp_path / "sms.jsonl").read_text().splitlines()
        told = json.loads(text)
        assert told["phone"].isdigit()
        assert "空调安装" in told["text"]

    @pytest.mark.parametrize(
        ("path", "way"), [(NOTICE, "subscription"), (CHAT, "customer")], ids=["notice", "chat"]
    )
    def test_stops_at_the_first_that_takes_it(
        self, platform: Platform, number: str, tmp_path: Path, path: str, way: str
    ) -> None:
        a_message(number)
        platform.answers[TEMPLATE] = tells(errcode=43004, errmsg="no follower")
        if path == CHAT:
            platform.answers[NOTICE] = tells(errcode=43101, errmsg="no grant")

        send(every_way(platform, tmp_path))

        assert (the_message().state, the_message().channel) == ("sent", way)
        assert not (tmp_path / "sms.jsonl").exists()
        assert len(platform.calls_to(path)) == 1

    def test_is_taken_when_wechat_reports_later_that_it_did_not_arrive(
        self, platform: Platform, number: str, tmp_path: Path
    ) -> None:
        a_message(number)
        by = every_way(platform, tmp_path)
        send(by)
        for _ in range(2):
            with transaction() as db:
                record_outcomes(db, {"77": "failed: system failed"})
            send(by)

        assert life() == [("template", "sent"), ("template", "passed"), ("subscription", "sent")]
        assert (the_message().state, the_message().outcome) == ("sent", "")

    def test_ends_with_a_person_where_nothing_else_is_open(
        self, platform: Platform, number: str
    ) -> None:
        a_message(number)
        platform.answers[TEMPLATE] = tells(errcode=43004, errmsg="no follower")

        send(sender(platform))

        assert (the_message().state, the_message().channel) == ("call", "call")
        assert life() == [("template", "passed")]

    def test_costs_no_text_and_no_call_for_what_is_only_pleasant(
        self, platform: Platform, number: str, tmp_path: Path
    ) -> None:
        a_message(number, "M17")
        for path in (TEMPLATE, NOTICE, CHAT):
            platform.answers[path] = tells(errcode=43004, errmsg="no follower")

        send(every_way(platform, tmp_path))

        assert (the_message().state, the_message().channel) == ("suppressed", "customer")
        assert not (tmp_path / "sms.jsonl").exists()

    @pytest.mark.parametrize("code", [43004, 43019, 47003])
    def test_is_never_taken_after_a_call_that_may_have_arrived(
        self, platform: Platform, number: str, tmp_path: Path, code: int
    ) -> None:
        a_message(number)
        platform.answers[TEMPLATE] = in_turn(
            lambda _: Reply(status=500), tells(errcode=code, errmsg="no")
        )
        by = every_way(platform, tmp_path)
        send(by)
        due_now()

        send(by)

        assert the_message().state == "unknown"
        assert [len(platform.calls_to(path)) for path in (NOTICE, CHAT)] == [0, 0]

    @pytest.mark.parametrize("path", [NOTICE, CHAT])
    def test_that_knows_no_repetition_is_called_once(
        self, platform: Platform, number: str, tmp_path: Path, path: str
    ) -> None:
        """WeChat drops a second call of templates alone."""
        a_message(number)
        platform.answers[TEMPLATE] = tells(errcode=43004, errmsg="no follower")
        platform.answers[NOTICE] = tells(errcode=43101, errmsg="no grant")
        platform.answers[path] = lambda _: Reply(status=500)
        by = every_way(platform, tmp_path)

        send(by)
        due_now()
        send(by)

        assert the_message().state == "unknown"
        assert len(platform.calls_to(path)) == 1
        assert not (tmp_path / "sms.jsonl").exists()

    def test_is_not_taken_by_a_hand_that_finds_a_call_begun(
        self, platform: Platform, number: str, tmp_path: Path
    ) -> None:
        """A worker died in the call: nobody knows whether the text went out."""
        a_message(number, channel="sms", maybe_sent_s=wall_s() - 5)

        send(every_way(platform, tmp_path))

        assert the_message().state == "unknown"
        assert not (tmp_path / "sms.jsonl").exists()

    def test_of_a_text_in_doubt_is_none(self, platform: Platform, number: str) -> None:
        class Silent:
            def send(self, *, phone: str, text: str, key: str) -> None:
                raise SmsUnclear("no answer")

        a_message(number, channel="sms")

        send(sender(platform, sms=Silent()))

        assert the_message().state == "unknown"


class TestWhatWaits:
    def test_for_the_morning_is_what_is_not_urgent(self, platform: Platform, number: str) -> None:
        a_message(number, "M17")
        a_message(number, "M9")

        send(sender(platform), now=NIGHT)
        at_night = [row.state for row in messages()]
        due_now()
        send(sender(platform), now=NIGHT + timedelta(minutes=5))
        due_now()
        send(sender(platform), now=NIGHT + timedelta(hours=9))

        assert at_night == ["pending", "sent"]
        assert [row.state for row in messages()] == ["sent", "sent"]
        assert life().count(("template", "held")) == 1

    def test_for_an_earlier_one_of_the_same_booking(self, platform: Platform, number: str) -> None:
        a_message(number, "M9")
        a_message(number, "M12")
        platform.answers[TEMPLATE] = in_turn(lambda _: Reply(status=500), OK, OK)

        send(sender(platform))
        first = [row.state for row in messages()]
        due_now()
        send(sender(platform))

        assert first == ["pending", "pending"]
        assert [row.state for row in messages()] == ["sent", "sent"]
        ids = [json.loads(c.body)["client_msg_id"] for c in platform.calls_to(TEMPLATE)]
        assert (len(set(ids)), ids[0]) == (2, ids[1])

    def test_for_nobody_else(self, platform: Platform, number: str) -> None:
        a_message(number, "M9", openid="oSomebodyElse")
        a_message(number, "M12")
        platform.answers[TEMPLATE] = lambda call: (
            Reply(status=500) if call.message["touser"] == "oSomebodyElse" else OK(call)
        )

        send(sender(platform))

        assert [row.state for row in messages()] == ["pending", "sent"]

    def test_for_midnight_leaves_the_reserve_to_the_urgent(
        self, platform: Platform, number: str
    ) -> None:
        by = sender(platform, quotas={Channel.TEMPLATE: 10})
        for place in range(10):
            a_message(f"{number}-{place}", "M17")
        send(by)
        held = [row for row in messages() if row.state == "pending"]
        a_message(number, "M9")
        a_message(number, "M12")

        send(by)

        assert [(row.error, row.maybe_sent_s) for row in held] == [(OUT_OF_QUOTA, None)]
        # The tenth call was the reserve's; who came after it goes on to the next way.
        assert [row.state for row in messages()[-2:]] == ["sent", "call"]
        assert len(platform.calls_to(TEMPLATE)) == 10


class TestNewsThatWasOvertaken:
    def test_is_not_told(self, platform: Platform, member: Actor, number: str) -> None:
        tell_everything()
        with transaction() as db:
            cancelling.cancel(db, number=number, by=member, now=MONDAY_NINE)

        send(sender(platform))

        assert [(row.kind, row.state, row.error) for row in messages()] == [
            ("M1", "suppressed", OVERTAKEN)
        ]
        assert platform.calls_to(TEMPLATE) == []

    def test_of_a_window_that_was_moved_is_not_told(self, platform: Platform, number: str) -> None:
        a_message(number, "M2", window_at=MONDAY_NINE)

        send(sender(platform))

        assert the_message().error == OVERTAKEN

    def test_may_have_arrived_before(self, platform: Platform, number: str) -> None:
        a_message(number, "M2", window_at=MONDAY_NINE, maybe_sent_s=wall_s() - 5)

        send(sender(platform))

        assert the_message().state == "unknown"

    def test_is_told_as_long_as_it_stands(self, platform: Platform, number: str) -> None:
        tell_everything()

        send(sender(platform))

        assert [(row.kind, row.state) for row in messages()] == [("M1", "sent")]
        assert jobs.messages_due() is False
