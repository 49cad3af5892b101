"""The points for a window on somebody's way: fixed by the hold, within a budget, posted once."""

from datetime import timedelta

import pytest
from flask import Flask

from booking import bonus_queries, policy
from booking.operations import bookings, moving, visits
from booking.policy import HOLD_LIFE, Cause
from dispatch import live
from dispatch.planner.problem import Window
from kernel.actor import Actor
from kernel.db import transaction
from tests.house import MONDAY_NINE, a_draft, a_member, tomorrow
from tests.integration.booking.living import (
    AFTERNOON,
    LATE_AFTERNOON,
    done,
    points,
    promises_of,
)
from tests.integration.booking.promised import (
    DISPATCHER_OF_ALL,
    MORNING,
    a_city,
    a_promise,
    assigned,
    at_work,
    finished,
)

USUAL_MINUTES = 20
# Home and door are one place, so that all of this is saved.
DAY = timedelta(days=1)
BONUS = USUAL_MINUTES * policy.ON_THE_WAY_POINTS_A_MINUTE
PRICE_POINTS = 180


@pytest.fixture
def member(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Actor:
    usual(monkeypatch, USUAL_MINUTES)
    return a_city()


def usual(monkeypatch: pytest.MonkeyPatch, minutes: int) -> None:
    monkeypatch.setattr(live, "detours", lambda db, **_: [minutes * 60] * 8)


def bonuses(number: str) -> list[int]:
    return [promise.bonus for promise in promises_of(number)]


def held(by: Actor, window: Window) -> str:
    with transaction() as db:
        draft = a_draft(db, by=by)
    with transaction() as db:
        return bookings.hold(
            db, draft_number=draft, day=tomorrow(), window=window, by=by, now=MONDAY_NINE
        ).number


def left_of(day_budget: int) -> int:
    with transaction(reads_only=True) as db:
        return day_budget - bonus_queries.spent(db, branch_id=1, day=tomorrow())


class TestTheBonus:
    def test_is_fixed_by_the_hold_and_posted_once_when_the_visit_is_done(
        self, member: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        number = a_promise(member)
        usual(monkeypatch, 0)
        assert bonuses(number) == [BONUS]
        assert points(member) == 0
        technician = assigned(number)
        at_work(number, technician)

        finished(number, technician)
        with transaction() as db:
            visits.sign_off(db, number=number, by=DISPATCHER_OF_ALL, now=MONDAY_NINE)

        assert points(member) == PRICE_POINTS + BONUS

    def test_goes_with_the_window_that_the_member_leaves(
        self, member: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        number = a_promise(member)
        usual(monkeypatch, 0)

        done(
            moving.reschedule,
            number=number,
            day=tomorrow(),
            window=AFTERNOON,
            by=member,
            now=MONDAY_NINE,
        )

        assert bonuses(number) == [BONUS, 0]
        assert left_of(BONUS) == BONUS

    def test_of_the_new_window_is_earned_once_only(self, member: Actor) -> None:
        number = a_promise(member)
        for window in (AFTERNOON, MORNING):
            done(
                moving.reschedule,
                number=number,
                day=tomorrow(),
                window=window,
                by=member,
                now=MONDAY_NINE,
            )
        technician = assigned(number)
        at_work(number, technician)

        finished(number, technician)

        assert points(member) == PRICE_POINTS + BONUS

    def test_stays_his_when_the_house_moves_him(
        self, member: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        number = a_promise(member)
        usual(monkeypatch, 0)

        done(
            moving.reschedule,
            number=number,
            day=tomorrow(),
            window=AFTERNOON,
            by=DISPATCHER_OF_ALL,
            now=MONDAY_NINE,
            cause=Cause.PROVIDER,
        )

        assert bonuses(number) == [BONUS, BONUS]


class TestTheBudget:
    def test_of_a_day_is_not_overspent(
        self, member: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(policy, "ON_THE_WAY_DAY", BONUS + 30)
        with transaction() as db:
            others = [a_member(db, openid=f"oTest{n:023d}") for n in (2, 3)]

        numbers = [
            a_promise(member, window=MORNING),
            a_promise(others[0], window=AFTERNOON),
            a_promise(others[1], window=LATE_AFTERNOON),
        ]

        assert [bonuses(number) for number in numbers] == [[BONUS], [30], [0]]

    def test_is_counted_for_each_day_apart(self, member: Actor) -> None:
        held(member, MORNING)
        days = [tomorrow() - DAY, tomorrow(), tomorrow() + DAY]

        with transaction(reads_only=True) as db:
            taken = bonus_queries.spent_by_day(db, branch_id=1, days=days)

        assert taken == dict(zip(days, (0, BONUS, 0), strict=True))

    def test_has_back_what_a_hold_that_ran_out_took(self, member: Actor) -> None:
        number = held(member, MORNING)
        assert left_of(BONUS) == 0

        with transaction() as db:
            after = MONDAY_NINE + HOLD_LIFE + timedelta(seconds=1)
            bookings.expire_hold(db, number=number, now=after)

        assert left_of(BONUS) == BONUS
