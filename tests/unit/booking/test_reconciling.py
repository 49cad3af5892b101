"""WeChat Pay's bill beside our books: each way in which they may differ, named."""

from datetime import UTC, datetime

import pytest

from booking.reconciling import Difference, Kind, Line, Ours, Trade, compare
from kernel.money import Money

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)


def a_line(
    *, trade: Trade = Trade.PAYMENT, fen: int = 30_00, state: str = "SUCCESS", serial: str = "W1"
) -> Line:
    return Line(
        trade=trade,
        number="N1",
        serial=serial,
        amount=Money(fen),
        state=state,
        at=NOON,
    )


def ours(*, trade: Trade = Trade.PAYMENT, fen: int = 30_00, state: str = "paid") -> Ours:
    serial = "W1" if trade is Trade.PAYMENT else ""
    return Ours(
        trade=trade, number="N1", serial=serial, amount=Money(fen), state=state, booking_id=7
    )


def differences(line: Line | None, known: Ours | None, *, due: bool = False) -> list[Difference]:
    name = (known or line).trade, "N1"  # type: ignore[union-attr]  # one of them is there
    return list(
        compare(
            [(name, line)] if line else [],
            known={name: known} if known else {},
            due=[known] if known and due else [],
            told={name} if line else set(),
        )
    )


@pytest.mark.parametrize(
    ("trade", "theirs", "state"),
    [
        (Trade.PAYMENT, "SUCCESS", "paid"),
        (Trade.PAYMENT, "SUCCESS", "refunding"),
        (Trade.PAYMENT, "SUCCESS", "refunded"),
        (Trade.PAYMENT, "REVOKED", "closed"),
        (Trade.REFUND, "SUCCESS", "back"),
        (Trade.REFUND, "PROCESSING", "on_the_way"),
        (Trade.REFUND, "PROCESSING", "back"),
    ],
)
def test_what_agrees_is_not_spoken_of(trade: Trade, theirs: str, state: str) -> None:
    line, known = a_line(trade=trade, state=theirs), ours(trade=trade, state=state)

    assert differences(line, known, due=True) == []


def test_a_trade_that_we_do_not_know_is_missing_with_us() -> None:
    [found] = differences(a_line(), None)

    assert (found.kind, found.theirs, found.ours) == (Kind.MISSING_WITH_US, Money(30_00), None)
    assert found.booking_id is None


def test_what_was_paid_a_second_time_is_missing_with_us_and_has_its_booking() -> None:
    [found] = differences(a_line(serial="W2"), ours())

    assert (found.kind, found.ours, found.booking_id) == (Kind.MISSING_WITH_US, None, 7)


def test_what_no_bill_tells_is_missing_with_wechat() -> None:
    [found] = differences(None, ours(), due=True)

    assert (found.kind, found.ours, found.theirs) == (Kind.MISSING_WITH_WECHAT, Money(30_00), None)


def test_another_sum_is_named_with_both() -> None:
    [found] = differences(a_line(fen=29_00), ours())

    assert (found.kind, found.ours, found.theirs) == (
        Kind.OTHER_AMOUNT,
        Money(30_00),
        Money(29_00),
    )


@pytest.mark.parametrize(
    ("trade", "theirs", "state"),
    [
        (Trade.PAYMENT, "SUCCESS", "open"),
        (Trade.PAYMENT, "SUCCESS", "closed"),
        (Trade.PAYMENT, "REVOKED", "paid"),
        (Trade.REFUND, "SUCCESS", "on_the_way"),
        (Trade.REFUND, "SUCCESS", "not_ordered"),
        (Trade.REFUND, "FAIL", "back"),
        (Trade.PAYMENT, "A_WORD_OF_TOMORROW", "paid"),
    ],
)
def test_another_state_is_named_with_both(trade: Trade, theirs: str, state: str) -> None:
    [found] = differences(a_line(trade=trade, state=theirs), ours(trade=trade, state=state))

    assert (found.kind, found.our_state, found.their_state) == (Kind.OTHER_STATE, state, theirs)


def test_another_sum_and_another_state_are_two() -> None:
    found = differences(a_line(fen=29_00), ours(state="open"))

    assert [one.kind for one in found] == [Kind.OTHER_AMOUNT, Kind.OTHER_STATE]
