"""Why a visit is whose it is: what is told here is what handing it over then finds."""

from datetime import datetime, timedelta

import pytest
from flask import Flask

from dispatch import reasons
from dispatch.operations import roster, withdrawals
from dispatch.operations.withdrawals import DoesNotFit
from dispatch.planner.explain import Kind
from dispatch.reasons import Reasons, Standing
from kernel.actor import Actor, Role
from kernel.db import transaction
from kernel.geo import Point
from tests.house import HOUR_S, MONDAY_NINE, a_technician, tomorrow
from tests.integration.booking.promised import a_city, a_promise, visit_of

OF_THE_BRANCH = Actor(1, Role.DISPATCHER, frozenset({1}))
TUESDAY_HALF_PAST_TWELVE = MONDAY_NINE + timedelta(hours=27, minutes=30)


@pytest.fixture
def number(app: Flask) -> str:
    """A booking of tomorrow, 10 to 12, which technician 1 of two has; technician 3 is not trained."""
    found = a_promise(a_city())
    with transaction() as db:
        a_technician(db, branch_id=1, home=Point(36.12, 120.40))
    with transaction() as db:
        a_technician(db, branch_id=1, skills={"glass": 3})
    return found


def told(number: str, now: datetime = MONDAY_NINE) -> Reasons:
    with transaction(reads_only=True) as db:
        return reasons.of_visit(db, visit_of(number), now=now)


def standings(number: str) -> list[Standing]:
    return [row.standing for row in told(number).rows]


def hand_to(technician_id: int, number: str) -> None:
    visit = visit_of(number)
    with transaction() as db:
        withdrawals.hand_over(
            db,
            number=visit.number,
            technician_id=technician_id,
            version=visit.version,
            by=OF_THE_BRANCH,
            now=MONDAY_NINE,
        )


def send_home(technician_id: int, reason: str = "ill") -> None:
    with transaction() as db:
        withdrawals.send_home(
            db,
            technician_id=technician_id,
            day=tomorrow(),
            reason=reason,
            by=OF_THE_BRANCH,
            now=MONDAY_NINE,
        )


def works(technician_id: int, *, until_s: int) -> None:
    with transaction() as db:
        roster.set_shift(
            db,
            technician_id=technician_id,
            day=tomorrow(),
            opens_s=8 * HOUR_S,
            shuts_s=until_s,
            now=MONDAY_NINE,
        )


class TestOfAVisitThatSomebodyHas:
    def test_asks_him_and_all_others(self, number: str) -> None:
        assert standings(number) == [Standing.OWN, Standing.FITS, Standing.BREAKS]

    def test_compares_the_driving_of_both_with_nobody_having_it(self, number: str) -> None:
        found = told(number)

        own, [other] = found.holder, found.takers
        assert own is not None
        assert own.witness is not None
        assert other.witness is not None
        assert 0 <= own.witness.extra_s < other.witness.extra_s
        assert found.now is not None
        assert found.now.arrive_s >= 8 * HOUR_S

    def test_names_the_rule_against_who_may_not(self, number: str) -> None:
        [against] = told(number).against

        assert against.answer is not None
        assert [way.rule for way in against.answer.relaxations] == ["skills_missing"]

    def test_names_who_is_away_and_why(self, number: str) -> None:
        send_home(2, "leave")

        away = told(number).rows[1]

        assert (away.standing, away.absent) == (Standing.AWAY, "leave")


class TestOvertime:
    def test_is_a_price_up_to_half_an_hour(self, number: str) -> None:
        way = self.needed(number)

        works(2, until_s=way - 30 * 60)
        assert told(number).rows[1].overtime_s == 30 * 60
        assert standings(number)[1] is Standing.PRICED

    def test_is_beyond_what_may_be_asked_a_second_later(self, number: str) -> None:
        way = self.needed(number)

        works(2, until_s=way - 30 * 60 - 1)

        assert standings(number)[1] is Standing.BREAKS

    def needed(self, number: str) -> int:
        """Return when technician 2 would be at home again."""
        works(2, until_s=10 * HOUR_S)
        missing = told(number).rows[1].overtime_s
        assert missing
        return 10 * HOUR_S + missing


class TestOfAVisitThatNobodyHas:
    def test_says_who_could_take_it(self, number: str) -> None:
        hand_to(2, number)
        send_home(1)
        send_home(2)
        with transaction() as db:
            withdrawals.call_back(db, technician_id=1, day=tomorrow(), now=MONDAY_NINE)

        assert told(number).holder is None
        assert standings(number) == [Standing.FITS, Standing.AWAY, Standing.BREAKS]

    def test_says_what_would_have_to_give_way_when_nobody_can(self, number: str) -> None:
        send_home(2)
        send_home(1)
        with transaction() as db:
            withdrawals.call_back(db, technician_id=1, day=tomorrow(), now=MONDAY_NINE)
        works(1, until_s=9 * HOUR_S)

        least = told(number).least

        assert Kind.OVERTIME in [way.kind for way in least]
        assert Kind.RULE in [way.kind for way in least]


class TestIsWhatHandingOverFinds:
    def test_for_who_can_and_who_cannot(self, number: str) -> None:
        with pytest.raises(DoesNotFit):
            hand_to(3, number)
        hand_to(2, number)

        assert standings(number) == [Standing.FITS, Standing.OWN, Standing.BREAKS]

    def test_with_the_visit_among_the_others_as_with_it_apart(
        self, number: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        among = told(number)
        monkeypatch.setattr(reasons, "_runs_late", lambda *_: True)

        assert told(number).rows == among.rows

    def test_on_a_day_that_runs_late(self, number: str) -> None:
        # Nobody has set out by half past twelve: the plan has widened the window to then.
        holder = told(number, TUESDAY_HALF_PAST_TWELVE).holder

        assert holder is not None
        assert holder.answer is not None
        assert [(way.kind, way.amount) for way in holder.answer.relaxations] == [
            (Kind.STARTS_LATER, HOUR_S // 2)
        ]
