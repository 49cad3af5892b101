"""When a care plan is due next."""

from datetime import date

import pytest

from booking.care import CareKind, Outcome, next_on

MONDAY = date(2026, 11, 30)
DOOR, CALL = CareKind.MAINTENANCE, CareKind.CONTACT


@pytest.mark.parametrize(
    ("outcome", "kind", "due_on"),
    [
        pytest.param(Outcome.REACHED, CALL, date(2027, 2, 28), id="the_interval_from_today"),
        pytest.param(Outcome.SERVED, DOOR, date(2027, 2, 28), id="the_interval_from_the_work"),
        pytest.param(Outcome.NOT_REACHED, CALL, date(2026, 12, 7), id="again_in_so_many_days"),
        pytest.param(Outcome.LATER, DOOR, date(2026, 12, 7), id="later_in_so_many_days"),
        pytest.param(Outcome.SENT, CALL, date(2027, 2, 28), id="a_message_is_the_contact"),
        pytest.param(Outcome.SENT, DOOR, date(2026, 12, 7), id="a_message_waits_for_a_booking"),
        pytest.param(Outcome.STOPPED, CALL, None, id="who_wants_no_more_is_left_alone"),
    ],
)
def test_the_next_day_follows_from_the_outcome(
    outcome: Outcome, kind: CareKind, due_on: date | None
) -> None:
    assert next_on(outcome, kind=kind, today=MONDAY, every_months=3, again_days=7) == due_on


def test_a_booking_is_waited_for_and_due_again_if_it_comes_to_nothing() -> None:
    due_on = next_on(
        Outcome.BOOKED, kind=DOOR, today=MONDAY, every_months=12, booked_for=date(2026, 12, 3)
    )

    assert due_on == date(2026, 12, 17)
