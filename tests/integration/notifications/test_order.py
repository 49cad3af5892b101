"""In which order one member hears of one booking, though something is held back."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from kernel.clock import wall_s
from kernel.db import transaction
from notifications.deciding import AFTER_EARLIER, PASSED_BY
from notifications.models import Message
from tests.house import MONDAY_NINE
from tests.integration.gateways.serving import Call, Platform, Reply, in_turn, tells
from tests.integration.notifications.stories import a_town, messages, promised
from tests.integration.notifications.ways import (
    CHAT,
    NIGHT,
    OK,
    TEMPLATE,
    a_message,
    due_now,
    life,
    send,
    sender,
    told_steps,
)


@pytest.fixture
def number(platform: Platform) -> str:
    return promised(a_town())


class TestTheOrderOfOneBooking:
    """What is held back, by a template that is paused here, comes before what happened later."""

    @pytest.fixture(autouse=True)
    def _held(self, platform: Platform, number: str) -> None:
        in_its_turn = in_turn(tells(errcode=43116, errmsg="paused"), OK)

        def answer(call: Call) -> Reply:
            is_of_it = call.message["url"].endswith(f"/{number}")
            return in_its_turn(call) if is_of_it else OK(call)

        platform.answers[TEMPLATE] = answer

    def test_is_kept_however_long_the_earlier_one_is_held(
        self, platform: Platform, number: str
    ) -> None:
        a_message(number, "M16")
        a_message(number, "M18")
        a_message(f"{number}-2", "M18")

        send(sender(platform))
        first = [row.state for row in messages()]
        due_now()
        send(sender(platform))
        due_now()
        send(sender(platform))

        assert first == ["pending", "pending", "sent"]
        assert [row.state for row in messages()] == ["sent"] * 3
        assert ("template", "held") in life()
        sent = [step for step in told_steps() if step[1] == "sent"]
        assert [message_id for message_id, _ in sent][-2:] == [1, 2]

    def test_says_in_the_life_for_what_it_waits(self, platform: Platform, number: str) -> None:
        a_message(number, "M16")
        a_message(number, "M18")

        send(sender(platform))

        row = messages()[-1]
        assert (row.error, row.attempts) == (AFTER_EARLIER, 0)
        assert 0 < row.due_s - wall_s() <= 300

    def test_ends_news_of_the_way_when_what_is_urgent_overtakes_it(
        self, platform: Platform, number: str
    ) -> None:
        a_message(number, "M5")
        send(sender(platform))
        a_message(number, "M7")

        send(sender(platform))
        due_now()
        send(sender(platform))

        assert [(row.kind, row.state, row.error) for row in messages()] == [
            ("M5", "suppressed", PASSED_BY),
            ("M7", "sent", ""),
        ]
        assert life()[1:] == [("template", "suppressed"), ("template", "sent")]

    def test_lets_money_come_after_what_is_urgent(self, platform: Platform, number: str) -> None:
        a_message(number, "C1")
        send(sender(platform))
        a_message(number, "M7")

        send(sender(platform))
        at_once = [row.state for row in messages()]
        due_now()
        send(sender(platform))

        assert at_once == ["pending", "sent"]
        assert [row.state for row in messages()] == ["sent", "sent"]

    @pytest.mark.parametrize("other", ["member", "booking"])
    def test_binds_one_member_and_one_booking(
        self, platform: Platform, number: str, other: str
    ) -> None:
        changes = {"openid": "oSomebodyElse"} if other == "member" else {"about": "booking:B0"}
        a_message(number, "M5", **changes)
        send(sender(platform))
        a_message(number, "M7")

        send(sender(platform))

        assert [row.state for row in messages()] == ["pending", "sent"]

    def test_is_given_up_before_the_later_one_is_of_no_use(
        self, platform: Platform, number: str
    ) -> None:
        a_message(number, "M16")
        send(sender(platform))
        a_message(number, "M18", not_after=MONDAY_NINE + timedelta(minutes=15))
        a_message(number, "M18", not_after=MONDAY_NINE + timedelta(minutes=16))

        send(sender(platform))

        assert [row.state for row in messages()] == ["pending", "sent", "pending"]

    def test_of_the_words_in_a_chat_is_never_broken(self, platform: Platform, number: str) -> None:
        platform.answers[CHAT] = in_turn(tells(errcode=45009, errmsg="quota"), OK)
        for text in ("一", "二"):
            a_message(number, "CHAT", about="chat:T1", channel="customer", fields={"text": text})

        send(sender(platform))
        due_now()
        send(sender(platform))
        due_now()
        send(sender(platform))

        texts = [c.message["text"]["content"] for c in platform.calls_to(CHAT)]
        assert texts == ["一", "一", "二"]

    def test_does_not_end_what_another_hand_has_just_taken_up(
        self, platform: Platform, number: str
    ) -> None:
        a_message(number, "M5", due_s=wall_s() + 600, lease_until_s=wall_s() + 30)
        a_message(number, "M7")

        send(sender(platform))

        assert [row.state for row in messages()] == ["pending", "pending"]
        assert platform.calls_to(TEMPLATE) == []


def test_at_night_what_is_urgent_does_not_wait_for_what_sleeps(
    platform: Platform, number: str
) -> None:
    """Though the one that sleeps is looked at again within moments."""
    a_message(number, "M17")
    send(sender(platform), now=NIGHT)
    with transaction() as db:
        db.execute(update(Message).values(due_s=wall_s() + 5))
    a_message(number, "M9")

    send(sender(platform), now=NIGHT)

    assert [row.state for row in messages()] == ["pending", "sent"]
