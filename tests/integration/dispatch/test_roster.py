"""Working days change only as far as the promises in them allow."""

from datetime import date, timedelta

import pytest
from flask import Flask

from dispatch import live, queries, roster_queries
from dispatch.operations import leave, roster, withdrawals
from dispatch.operations.roster import (
    BadShift,
    BreaksPromises,
    DayIsOver,
    IsAway,
    StillHasVisits,
    WorkNumberTaken,
)
from dispatch.operations.withdrawals import NotOnShift
from kernel.db import transaction
from tests.house import DISPATCHER, HOUR_S, MONDAY_NINE, NORTH, a_technician, tomorrow
from tests.integration.booking.promised import (
    TUESDAY_TEN,
    a_city,
    a_promise,
    assigned,
    at_work,
    finished,
    visit_of,
)

ALONE = 1
EARLY, LATE = 8 * HOUR_S, 18 * HOUR_S


@pytest.fixture
def number(app: Flask) -> str:
    """A booking of tomorrow, 10 to 12, in a branch with one technician."""
    return a_promise(a_city())


def set_shift(
    *,
    opens_s: int = EARLY,
    shuts_s: int = LATE,
    day: date | None = None,
    breaks: tuple[tuple[int, int, int], ...] = (),
) -> None:
    with transaction() as db:
        roster.set_shift(
            db,
            technician_id=ALONE,
            day=day or tomorrow(),
            opens_s=opens_s,
            shuts_s=shuts_s,
            breaks=breaks,
            now=MONDAY_NINE,
        )


def hours() -> tuple[int, int] | None:
    with transaction(reads_only=True) as db:
        shift = queries.shifts(db, branch_id=1, day=tomorrow()).get(ALONE)
        return (shift.opens_s, shift.shuts_s) if shift else None


class TestAShift:
    def test_changes_as_far_as_its_visits_allow(self, number: str) -> None:
        set_shift(opens_s=9 * HOUR_S, shuts_s=14 * HOUR_S)

        assert hours() == (9 * HOUR_S, 14 * HOUR_S)

    @pytest.mark.parametrize(
        ("opens_s", "shuts_s"),
        [
            pytest.param(12 * HOUR_S + 60, LATE, id="begins_after_the_window"),
            pytest.param(EARLY, 10 * HOUR_S + 1800, id="ends_before_the_work_is_done"),
        ],
    )
    def test_that_would_break_a_promise_is_refused_and_names_it(
        self, number: str, opens_s: int, shuts_s: int
    ) -> None:
        with pytest.raises(BreaksPromises) as refused:
            set_shift(opens_s=opens_s, shuts_s=shuts_s)

        assert refused.value.facts["visits"] == [visit_of(number).number]
        assert hours() == (EARLY, LATE)

    def test_with_a_rest_that_fits_is_planned_around(self, number: str) -> None:
        set_shift(breaks=((11 * HOUR_S, 13 * HOUR_S, 1800),))

        with transaction(reads_only=True) as db:
            row = queries.route_of(db, technician_id=ALONE, day=tomorrow())
        assert row is not None
        assert len(row.breaks) == 1

    @pytest.mark.parametrize(
        ("opens_s", "shuts_s", "breaks"),
        [
            pytest.param(LATE, LATE, (), id="has_no_length"),
            pytest.param(EARLY, 25 * HOUR_S, (), id="ends_after_midnight"),
            pytest.param(
                EARLY, LATE, ((7 * HOUR_S, 9 * HOUR_S, 1800),), id="rests_before_it_begins"
            ),
            pytest.param(EARLY, LATE, ((17 * HOUR_S, LATE, 1800),), id="rests_after_it_ends"),
            pytest.param(EARLY, LATE, ((11 * HOUR_S, 12 * HOUR_S, 0),), id="rests_for_no_time"),
        ],
    )
    def test_that_is_none_is_refused(
        self,
        number: str,
        opens_s: int,
        shuts_s: int,
        breaks: tuple[tuple[int, int, int], ...],
    ) -> None:
        with pytest.raises(BadShift):
            set_shift(opens_s=opens_s, shuts_s=shuts_s, breaks=breaks)

    def test_of_yesterday_stays(self, number: str) -> None:
        with pytest.raises(DayIsOver):
            set_shift(day=tomorrow() - timedelta(days=2))

    def test_is_given_on_a_day_off_and_offers_follow_at_once(self, app: Flask) -> None:
        a_city()
        with transaction() as db:
            roster.remove_shift(db, technician_id=ALONE, day=tomorrow(), now=MONDAY_NINE)
        with transaction(reads_only=True) as db:
            off = live.day_plan(db, branch_id=1, day=tomorrow(), now=MONDAY_NINE)

        set_shift()

        with transaction(reads_only=True) as db:
            on = live.day_plan(db, branch_id=1, day=tomorrow(), now=MONDAY_NINE)
        assert (off.problem.has_worker(ALONE), on.problem.has_worker(ALONE)) == (False, True)
        assert on.version > off.version

    def test_with_visits_is_not_taken_away(self, number: str) -> None:
        with transaction() as db, pytest.raises(StillHasVisits):
            roster.remove_shift(db, technician_id=ALONE, day=tomorrow(), now=MONDAY_NINE)

    def test_that_is_none_cannot_be_taken_away(self, app: Flask) -> None:
        a_city()
        later = tomorrow() + timedelta(days=30)
        with transaction() as db, pytest.raises(NotOnShift):
            roster.remove_shift(db, technician_id=ALONE, day=later, now=MONDAY_NINE)


class TestLeave:
    def test_says_who_took_each_visit(self, number: str) -> None:
        with transaction() as db:
            second = a_technician(db, branch_id=1)

        with transaction() as db:
            moved = leave.take_leave(
                db,
                technician_id=_holder(number),
                first=tomorrow(),
                last=tomorrow() + timedelta(days=1),
                reason="ill",
                by=DISPATCHER,
                now=MONDAY_NINE,
            )

        assert [row.visit.number for row in moved] == [visit_of(number).number]
        assert moved[0].taker_id == second

    def test_says_which_found_nobody(self, number: str) -> None:
        moved = self._ill()

        assert [row.taker_id for row in moved] == [None]

    def test_of_days_on_which_he_is_off_anyway_is_refused(self, number: str) -> None:
        later = tomorrow() + timedelta(days=40)
        with transaction() as db, pytest.raises(NotOnShift):
            leave.take_leave(
                db,
                technician_id=ALONE,
                first=later,
                last=later,
                reason="ill",
                by=DISPATCHER,
                now=MONDAY_NINE,
            )

    def test_keeps_the_hours_until_he_is_called_back(self, number: str) -> None:
        self._ill()
        with pytest.raises(IsAway):
            set_shift()

        with transaction() as db:
            withdrawals.call_back(db, technician_id=ALONE, day=tomorrow(), now=MONDAY_NINE)

        assert hours() == (EARLY, LATE)

    def _ill(self) -> list[leave.Moved]:
        with transaction() as db:
            return leave.take_leave(
                db,
                technician_id=ALONE,
                first=tomorrow(),
                last=tomorrow(),
                reason="ill",
                by=DISPATCHER,
                now=MONDAY_NINE,
            )


class TestSkills:
    def test_that_a_visit_needs_are_kept(self, number: str) -> None:
        with transaction() as db, pytest.raises(BreaksPromises):
            roster.set_skills(db, technician_id=ALONE, skills={"heater": 2}, now=MONDAY_NINE)

    def test_of_level_zero_are_left_out(self, number: str) -> None:
        with transaction() as db:
            roster.set_skills(
                db, technician_id=ALONE, skills={"air": 1, "heater": 0}, now=MONDAY_NINE
            )

        with transaction(reads_only=True) as db:
            assert queries.technician(db, ALONE).skills == {"air": 1}


class TestLettingGo:
    def test_waits_until_somebody_has_his_visits(self, number: str) -> None:
        with transaction() as db, pytest.raises(StillHasVisits):
            roster.disable(db, technician_id=ALONE, now=MONDAY_NINE)

    def test_waits_for_work_that_he_began_on_an_earlier_day(self, number: str) -> None:
        at_work(number, assigned(number))

        with transaction() as db, pytest.raises(StillHasVisits):
            roster.disable(db, technician_id=ALONE, now=MONDAY_NINE + timedelta(days=2))

    def test_ends_the_day_on_which_he_was_at_work(self, number: str) -> None:
        technician = assigned(number)
        at_work(number, technician)
        finished(number, technician)
        with transaction() as db:
            roster.disable(db, technician_id=ALONE, now=TUESDAY_TEN + timedelta(hours=2))

        assert hours() == (8 * HOUR_S, 12 * HOUR_S)

    def test_takes_the_coming_shifts_away(self, app: Flask) -> None:
        a_city()
        for _ in range(2):
            with transaction() as db:
                roster.disable(db, technician_id=ALONE, now=MONDAY_NINE)

        with transaction(reads_only=True) as db:
            days = roster_queries.days_of(
                db, technician_id=ALONE, first=tomorrow(), last=tomorrow() + timedelta(days=9)
            )
            assert queries.technician(db, ALONE).disabled_at == MONDAY_NINE
        assert not any(day.is_working for day in days)


def test_two_technicians_cannot_have_one_work_number(app: Flask) -> None:
    a_city()
    with transaction(reads_only=True) as db:
        taken = queries.technician(db, ALONE).work_number

    with transaction() as db, pytest.raises(WorkNumberTaken):
        roster.hire(
            db,
            branch_id=1,
            work_number=taken,
            name="赵六",
            phone="13900000000",
            home=NORTH,
            skills={},
        )


def _holder(number: str) -> int:
    with transaction(reads_only=True) as db:
        times = queries.times_of(db, visit_of(number))
    assert times is not None
    return times.technician_id
