"""The figures that two plans of a day are compared by."""

import pytest

from dispatch.balance import Balance, balance, gini
from dispatch.diff import TIGHT_S, Promise
from dispatch.planner.problem import Timed, Timetable

TEN, TWELVE, FIVE = 36_000, 43_200, 61_200


def summed(
    *, arrive_s: int = TEN, finish_s: int = FIVE, owed: tuple[int, ...] = (7,), at_work: int = 1
) -> Balance:
    """Sum up a day on which technician 1 makes one visit, promised from ten to twelve."""
    visit = Timed(7, arrive_s, max(arrive_s, TEN), max(arrive_s, TEN) + 3_600)
    timetable = Timetable(1, (visit,), (), finish_s, 1_200, 0)
    return balance(
        {1: timetable},
        promises={visit_id: Promise(opens_s=TEN, shuts_s=TWELVE) for visit_id in owed},
        shuts_s={1: FIVE, 2: FIVE},
        at_work={at_work},
    )


class TestBalance:
    @pytest.mark.parametrize(
        ("arrive_s", "broken", "tight"),
        [
            pytest.param(TWELVE - TIGHT_S, 0, 0, id="half_an_hour_left"),
            pytest.param(TWELVE - TIGHT_S + 1, 0, 1, id="a_second_less"),
            pytest.param(TWELVE, 0, 1, id="at_the_end"),
            pytest.param(TWELVE + 1, 1, 0, id="a_second_late"),
        ],
    )
    def test_counts_promises_by_what_is_left(self, arrive_s: int, broken: int, tight: int) -> None:
        found = summed(arrive_s=arrive_s)

        assert (found.broken, found.tight) == (broken, tight)
        assert found.least_slack_s == TWELVE - arrive_s

    def test_who_comes_early_has_the_whole_window_left(self) -> None:
        assert summed(arrive_s=TEN - 900).least_slack_s == TWELVE - TEN

    def test_counts_overtime_from_the_end_of_the_shift(self) -> None:
        assert summed(finish_s=FIVE).overtime_s == 0
        assert summed(finish_s=FIVE + 60).overtime_s == 60

    def test_who_has_nothing_to_do_counts_for_fairness(self) -> None:
        assert summed().gini == 0.5

    def test_a_visit_to_which_nobody_comes_is_a_broken_promise(self) -> None:
        found = summed(owed=(7, 8))

        assert (found.broken, found.unserved) == (1, 1)

    def test_who_is_away_drives_no_more(self) -> None:
        assert summed().travel_s == 1_200
        assert summed(at_work=2).travel_s == 0


class TestGini:
    def test_is_nothing_for_equal_shares_and_for_none(self) -> None:
        assert gini([5, 5, 5]) == 0
        assert gini([0, 0]) == 0
        assert gini([]) == 0

    def test_grows_with_what_one_has_alone(self) -> None:
        assert gini([0, 0, 0, 8]) == pytest.approx(0.75)
        assert gini([1, 2]) == pytest.approx(1 / 6)
