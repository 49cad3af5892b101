"""A message of which nobody knows is settled by the one report that can only be its own."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from kernel.clock import wall_s
from kernel.db import transaction
from notifications import settling
from notifications.models import Message, StrayReport
from tests.house import MONDAY_NINE
from tests.integration.gateways.serving import Platform, Reply
from tests.integration.notifications.stories import MEMBER_OPENID, a_town, messages, promised
from tests.integration.notifications.ways import (
    TEMPLATE,
    a_message,
    life,
    send,
    sender,
)

pytestmark = pytest.mark.both_databases

TEN_MINUTES_AGO_S = -600.0


@pytest.fixture
def number(platform: Platform) -> str:
    return promised(a_town())


def reported(msgid: str = "77", status: str = "success", openid: str = MEMBER_OPENID) -> bool:
    with transaction() as db:
        return settling.keep_report(db, msgid=msgid, openid=openid, status=status, now=MONDAY_NINE)


def in_doubt(platform: Platform, number: str, *, kind: str = "M9", **changes: object) -> None:
    """Let a message have been sent ten minutes ago without an answer."""
    a_message(number, kind, maybe_sent_s=wall_s() + TEN_MINUTES_AGO_S, **changes)


def states() -> list[tuple[str, str, str]]:
    return [(row.state, row.msgid, row.outcome) for row in messages()]


@pytest.mark.parametrize("is_first", [True, False], ids=["report_first", "report_last"])
def test_it_has_arrived_when_the_report_says_so(
    platform: Platform, number: str, is_first: bool
) -> None:
    in_doubt(platform, number)

    if is_first:
        assert not reported()
    send(sender(platform))
    if not is_first:
        assert states() == [("unknown", "", "")]
        assert reported()

    assert states() == [("sent", "77", "success")]
    assert life()[-1] == ("template", "settled")
    assert platform.calls_to(TEMPLATE) == []


@pytest.mark.parametrize("is_first", [True, False], ids=["report_first", "report_last"])
def test_it_goes_on_by_the_next_way_when_the_report_says_that_it_did_not(
    platform: Platform, number: str, is_first: bool
) -> None:
    in_doubt(platform, number)

    if is_first:
        reported(status="failed: system failed")
    send(sender(platform))
    if not is_first:
        reported(status="failed: system failed")
        send(sender(platform))

    assert [row.state for row in messages()] == ["call"]


def test_the_same_report_again_changes_nothing(platform: Platform, number: str) -> None:
    in_doubt(platform, number)
    send(sender(platform))

    assert [reported(), reported()] == [True, False]
    with transaction(reads_only=True) as db:
        assert len(db.scalars(select(StrayReport)).all()) == 1


class TestItStaysUnknown:
    def test_where_two_are_in_doubt(self, platform: Platform, number: str) -> None:
        in_doubt(platform, number)
        in_doubt(platform, f"{number}-2")
        send(sender(platform))

        assert not reported()
        assert [state for state, *_ in states()] == ["unknown", "unknown"]

    def test_where_another_is_on_its_way(self, platform: Platform, number: str) -> None:
        """The report may have overtaken our writing that one down."""
        in_doubt(platform, number)
        send(sender(platform))
        platform.answers[TEMPLATE] = lambda _call: Reply(status=500)
        a_message(f"{number}-2", "M9")
        send(sender(platform))

        assert not reported()
        assert [state for state, *_ in states()] == ["unknown", "pending"]

    def test_where_two_reports_could_be_its_own(self, platform: Platform, number: str) -> None:
        in_doubt(platform, number)
        reported("77")
        reported("78")
        send(sender(platform))

        assert [state for state, *_ in states()] == ["unknown"]

    def test_where_the_report_is_anothers(self, platform: Platform, number: str) -> None:
        in_doubt(platform, number)
        reported(openid="oSomebodyElse")
        send(sender(platform))

        assert [state for state, *_ in states()] == ["unknown"]

    def test_where_the_report_found_its_message_after_all(
        self, platform: Platform, number: str
    ) -> None:
        reported("77")
        a_message(f"{number}-2", "M9", state="sent", msgid="77")
        in_doubt(platform, number)
        send(sender(platform))

        assert [state for state, *_ in states()] == ["sent", "unknown"]

    def test_where_the_report_came_before_it_was_sent(
        self, platform: Platform, number: str
    ) -> None:
        reported()
        with transaction() as db:
            db.execute(update(StrayReport).values(came_s=wall_s() - 3_600))
        in_doubt(platform, number)
        send(sender(platform))

        assert [state for state, *_ in states()] == ["unknown"]


def test_reports_are_forgotten_after_a_day(platform: Platform, number: str) -> None:
    reported("77")
    with transaction() as db:
        db.execute(
            update(StrayReport).values(came_s=wall_s() - timedelta(days=1).total_seconds() - 1)
        )

    reported("78")

    with transaction(reads_only=True) as db:
        assert list(db.scalars(select(StrayReport.msgid))) == ["78"]


def test_what_is_not_in_doubt_is_not_touched(platform: Platform, number: str) -> None:
    a_message(number, "M9", state="dead")

    assert not reported()
    with transaction(reads_only=True) as db:
        assert db.scalars(select(Message.state)).one() == "dead"
