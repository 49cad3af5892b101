"""Sixteen processes want more visits than there are places.

Each race runs twice: with the day's lock, and with it taken out to show that the stage can show
the fault.
"""

import random
from pathlib import Path

import pytest
from flask import Flask

from dispatch.operations import plan as plans
from dispatch.planner.problem import Window
from kernel.db import transaction
from kernel.geo import Point
from tests.house import (
    HOUR_S,
    NORTH,
    a_branch,
    a_draft,
    a_member,
    a_service,
    a_technician,
    tomorrow,
)
from tests.races.stage import (
    Attempt,
    Outcome,
    outcome,
    play,
    take_any_window,
    take_that_window,
)

TECHNICIANS = 6
ATTEMPTS = 500
BRANCH = 1
# Ten windows of twenty minutes, one an hour: with fifty minutes of work, one visit each.
TEN_WINDOWS = [(hour * HOUR_S, hour * HOUR_S + 20 * 60) for hour in range(8, 18)]
# A day of five windows for visits all over town.
FIVE_WINDOWS = [(hour * HOUR_S, (hour + 2) * HOUR_S) for hour in (8, 10, 12, 14, 16)]


def a_day(app: Flask, *, windows: list[tuple[int, int]]) -> None:
    with transaction() as db:
        a_branch(db, windows=windows)
        for _ in range(TECHNICIANS):
            technician_id = a_technician(db, branch_id=BRANCH, shuts_s=19 * HOUR_S)
            plans.route_row(db, branch_id=BRANCH, technician_id=technician_id, day=tomorrow())
        a_service(db, work_s=50 * 60)


def crowd(*, count: int, is_blind: bool, chance: random.Random | None = None) -> list[Attempt]:
    """Return `count` people; with `chance`, each at an address and with a window of his own."""
    attempts = []
    with transaction() as db:
        for number in range(count):
            member = a_member(db, openid=f"oRace{number:023d}")
            point, window = NORTH, None
            if chance is not None:
                point = Point(chance.uniform(36.05, 36.2), chance.uniform(120.32, 120.48))
                window = Window(*chance.choice(FIVE_WINDOWS))
            attempts.append(
                Attempt(
                    number=number,
                    member=member,
                    draft=a_draft(db, by=member, point=point),
                    day=tomorrow(),
                    is_blind=is_blind,
                    window=window,
                )
            )
    return attempts


class TestOneAddress:
    """Day A: 6 technicians, 10 windows, one address: exactly 60 places."""

    def test_sixty_of_five_hundred_are_booked(
        self, app: Flask, database_url: str, tmp_path: Path
    ) -> None:
        a_day(app, windows=TEN_WINDOWS)

        told = play(database_url, take_any_window, crowd(count=ATTEMPTS, is_blind=False), tmp_path)

        assert sorted(told.values()).count("booked") == TECHNICIANS * len(TEN_WINDOWS)
        assert outcome(app, branch_id=BRANCH, day=tomorrow()) == Outcome(60, 60, 0, 0)

    def test_the_stage_shows_the_fault(self, app: Flask, database_url: str, tmp_path: Path) -> None:
        a_day(app, windows=TEN_WINDOWS)
        warm_up = crowd(count=1, is_blind=False)
        play(database_url, take_any_window, warm_up, tmp_path)

        play(database_url, take_any_window, crowd_after(warm_up, count=80), tmp_path)

        seen = outcome(app, branch_id=BRANCH, day=tomorrow())
        assert seen.over_promised > 0  # How many is the machine's to say: one is a fault.


class TestAddressesAllOverTown:
    """Day B: random addresses and windows; nobody was refused who could have been served."""

    def test_the_judge_accepts_and_every_refusal_stands(
        self, app: Flask, database_url: str, tmp_path: Path
    ) -> None:
        a_day(app, windows=FIVE_WINDOWS)
        attempts = crowd(count=160, is_blind=False, chance=random.Random(7))

        told = play(database_url, take_that_window, attempts, tmp_path)

        seen = outcome(app, branch_id=BRANCH, day=tomorrow())
        refused = [attempt for attempt in attempts if told[attempt.number] == "refused"]
        assert (seen.breaches, seen.over_promised) == (0, 0)
        assert seen.promises == len(attempts) - len(refused) > 20
        assert len(refused) > 20
        assert [take_that_window(attempt) for attempt in refused] == ["refused"] * len(refused)

    def test_the_stage_shows_the_fault(self, app: Flask, database_url: str, tmp_path: Path) -> None:
        a_day(app, windows=FIVE_WINDOWS)
        warm_up = crowd(count=1, is_blind=False)
        play(database_url, take_any_window, warm_up, tmp_path)

        attempts = crowd_after(warm_up, count=80, chance=random.Random(7))
        play(database_url, take_that_window, attempts, tmp_path)

        seen = outcome(app, branch_id=BRANCH, day=tomorrow())
        assert seen.over_promised > 0  # How many is the machine's to say: one is a fault.


def crowd_after(
    before: list[Attempt], *, count: int, chance: random.Random | None = None
) -> list[Attempt]:
    """Return a blind crowd, come after those who made the day's rows."""
    return crowd(count=len(before) + count, is_blind=True, chance=chance)[len(before) :]


pytestmark = pytest.mark.timeout(600)
