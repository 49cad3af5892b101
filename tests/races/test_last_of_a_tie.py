"""Sixteen processes want the last place of a partner's quota, the last of a shared tool, and the last place
in a van.

Each technician has time for all of them: the tie alone is what there is too little of. The day's lock
is also taken out, to show that the stage can show the fault.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from dispatch import live
from dispatch.models import Visit
from dispatch.operations import plan as plans
from dispatch.operations import rules, ties
from dispatch.planner import judge
from dispatch.planner.problem import Window
from kernel.db import transaction
from kernel.geo import Point
from tests.house import (
    HOUR_S,
    MONDAY_NINE,
    a_branch,
    a_draft,
    a_member,
    a_service,
    a_technician,
    tomorrow,
)
from tests.races.stage import Attempt, play, take_that_window

BRANCH = 1
PEOPLE = 16
ALL_DAY = Window(8 * HOUR_S, 17 * HOUR_S)
# As many technicians, each at the door of somebody.
DOORS = [Point(36.02 + nth / 100, 120.32 + nth / 100) for nth in range(PEOPLE)]


def a_day(app: Flask) -> list[int]:
    with transaction() as db:
        a_branch(db, windows=[(ALL_DAY.open_s, ALL_DAY.shut_s)])
        a_service(db)
        people = [a_technician(db, branch_id=BRANCH, home=door) for door in DOORS]
        for technician_id in people:
            plans.route_row(db, branch_id=BRANCH, technician_id=technician_id, day=tomorrow())
        return people


def a_quota(people: list[int]) -> None:
    with transaction() as db:
        ties.set_partner(
            db,
            branch_id=BRANCH,
            name="大洋安装",
            technician_ids=people,
            visits_max=1,
            now=MONDAY_NINE,
        )


def a_ladder(people: list[int]) -> None:
    with transaction() as db:
        ties.set_tool(
            db,
            branch_id=BRANCH,
            name="长梯",
            services=["air_install"],
            count=1,
            now=MONDAY_NINE,
        )


def a_van(people: list[int]) -> None:
    """One van has room for one, the others for none."""
    with transaction() as db:
        ties.set_load(db, branch_id=BRANCH, service="air_install", down=1, up=0, now=MONDAY_NINE)
        for technician_id in people:
            rules.set_rules(
                db,
                technician_id=technician_id,
                only=(),
                never=(),
                overtime_s=0,
                is_standby=False,
                pace_percent=100,
                van_room=int(technician_id == people[0]),
                now=MONDAY_NINE,
            )


def crowd(*, is_blind: bool) -> list[Attempt]:
    with transaction() as db:
        members = [a_member(db, openid=f"oRace{number:023d}") for number in range(PEOPLE)]
        return [
            Attempt(
                number=number,
                member=member,
                draft=a_draft(db, by=member, point=DOORS[number]),
                day=tomorrow(),
                is_blind=is_blind,
                window=ALL_DAY,
            )
            for number, member in enumerate(members)
        ]


def torn() -> list[judge.Breach]:
    """Return what the day breaks of the ties and vans as they are written down, by the judge."""
    live.forget()
    with transaction(reads_only=True) as db:
        plan = live.day_plan(db, branch_id=BRANCH, day=tomorrow(), now=MONDAY_NINE)
    workers = tuple(replace(w, room=plan.shares[w.id].room) for w in plan.problem.workers)
    strict = replace(plan.problem, ties=plan.ties, workers=workers)
    return list(judge.judge(strict, plan.plan).broken)


def given() -> int:
    """Return how many visits were given a place in a route."""
    with transaction(reads_only=True) as db:
        return db.query(Visit).filter(Visit.route_id.is_not(None)).count()


@pytest.mark.parametrize(
    ("tie", "booked"),
    [
        pytest.param(a_quota, 1, id="the_last_place_of_a_quota"),
        # Who has the ladder has it for the whole day.
        pytest.param(a_ladder, None, id="the_last_ladder"),
        pytest.param(a_van, 1, id="the_last_place_in_a_van"),
    ],
)
def test_one_has_it(
    app: Flask,
    database_url: str,
    tmp_path: Path,
    tie: Callable[[list[int]], None],
    booked: int | None,
) -> None:
    tie(a_day(app))

    told = play(database_url, take_that_window, crowd(is_blind=False), tmp_path)

    count = sorted(told.values()).count("booked")
    assert count == booked if booked else count >= 1
    assert given() == count
    assert torn() == []


@pytest.mark.parametrize("tie", [a_quota, a_ladder])
def test_the_stage_shows_the_fault(
    app: Flask, database_url: str, tmp_path: Path, tie: Callable[[list[int]], None]
) -> None:
    tie(a_day(app))
    # The day's row has to be there before the lock is taken out.
    with transaction() as db:
        plans.roster_changed(db, branch_id=BRANCH, days=[tomorrow()])

    play(database_url, take_that_window, crowd(is_blind=True), tmp_path)

    assert len(torn()) == 1


def test_the_stage_shows_the_fault_of_a_van(app: Flask, database_url: str, tmp_path: Path) -> None:
    a_van(a_day(app))
    with transaction() as db:
        plans.roster_changed(db, branch_id=BRANCH, days=[tomorrow()])

    play(database_url, take_that_window, crowd(is_blind=True), tmp_path)

    # They write over one another's route: it holds one, and more were given the one place.
    assert given() > 1


pytestmark = pytest.mark.timeout(600)
