"""How long and how often a person may be written to."""

from datetime import UTC, datetime, timedelta

import pytest

from conversations.policy import OPENS, PAID, Act, MessageWindow, window

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
SECOND = timedelta(seconds=1)
TWO_DAYS = timedelta(hours=48)


@pytest.mark.parametrize(
    ("kind", "length"),
    [("textsaid", TWO_DAYS), ("voicesent", TWO_DAYS), ("scanned", 60 * SECOND), (PAID, TWO_DAYS)],
)
def test_a_window_is_open_until_its_last_second(kind: str, length: timedelta) -> None:
    act = [Act(kind, NOON)]

    assert window(act, [], now=NOON + length - SECOND) is not None
    assert window(act, [], now=NOON + length) is None
    # WeChat's clock may be a minute ahead of ours, and no more.
    assert window(act, [], now=NOON - 60 * SECOND) is not None
    assert window(act, [], now=NOON - 61 * SECOND) is None


def test_the_fifth_message_is_the_last() -> None:
    acts = [Act("textsaid", NOON)]
    sent = [NOON + SECOND * n for n in range(5)]

    assert window(acts, sent[:4], now=NOON + 9 * SECOND) == MessageWindow(NOON + TWO_DAYS, 1)
    assert window(acts, sent, now=NOON + 9 * SECOND) is None


def test_another_message_of_his_gives_five_more() -> None:
    again = NOON + timedelta(hours=1)
    sent = [NOON + SECOND * n for n in range(5)]

    found = window([Act("textsaid", NOON), Act("textsaid", again)], sent, now=again)

    assert found == MessageWindow(again + TWO_DAYS, 5)


def test_a_payment_allows_any_number() -> None:
    sent = [NOON + SECOND * n for n in range(50)]

    found = window([Act(PAID, NOON), Act("textsaid", NOON)], sent, now=NOON + timedelta(hours=2))

    assert found == MessageWindow(NOON + TWO_DAYS, None)


def test_no_kind_lasts_longer_than_two_days() -> None:
    assert max(length for length, _ in OPENS.values()) == TWO_DAYS
