"""Sixteen processes want room to be made for them, and it can be made for a few.

The day's lock is also taken out, to show that the stage can show the fault.
"""

from pathlib import Path

import pytest
from flask import Flask

from dispatch.operations import plan as plans
from kernel.db import transaction
from tests.house import HOUR_S, a_branch, a_draft, a_member, a_service, a_technician, tomorrow
from tests.integration.booking.rooms import NOON, a_gas_service, a_visit_in_the_way
from tests.races.stage import Attempt, Outcome, outcome, play, take_with_room

PAIRS = 6
BRANCH = 1


def a_day(app: Flask, *skills: str, spare: int) -> None:
    """Each who has one of the skills has an easier visit, for which `spare` others have time."""
    with transaction() as db:
        a_branch(db, windows=[(NOON.open_s, NOON.shut_s)])
        a_service(db)
        for skill in set(skills):
            a_gas_service(db, skill=skill)
    for nth, skill in enumerate([*skills, *[""] * spare]):
        with transaction() as db:
            technician_id = a_technician(
                db,
                branch_id=BRANCH,
                skills={"air": 1, skill: 1} if skill else {"air": 1},
                opens_s=NOON.open_s,
                shuts_s=NOON.open_s + HOUR_S,
            )
            plans.route_row(db, branch_id=BRANCH, technician_id=technician_id, day=tomorrow())
        if skill:
            a_visit_in_the_way(nth)


def crowd(*services: str, is_blind: bool) -> list[Attempt]:
    with transaction() as db:
        members = [a_member(db, openid=f"oRace{number:023d}") for number in range(16)]
        return [
            Attempt(
                number=number,
                member=member,
                draft=a_draft(db, by=member, service_code=services[number % len(services)]),
                day=tomorrow(),
                is_blind=is_blind,
                window=NOON,
            )
            for number, member in enumerate(members)
        ]


def test_six_of_sixteen_are_booked_and_nobody_loses_his_window(
    app: Flask, database_url: str, tmp_path: Path
) -> None:
    a_day(app, *["gas"] * PAIRS, spare=PAIRS)

    told = play(database_url, take_with_room, crowd("gas_install", is_blind=False), tmp_path)

    assert sorted(told.values()).count("booked") == PAIRS
    assert outcome(app, branch_id=BRANCH, day=tomorrow()) == Outcome(2 * PAIRS, 2 * PAIRS, 0, 0)


class TestTwoWhoNeedTheSameTechniciansTime:
    """Whoever makes room for gas or for the oven sends somebody to the only one who has time."""

    def test_one_is_booked(self, app: Flask, database_url: str, tmp_path: Path) -> None:
        a_day(app, "gas", "oven", spare=1)
        people = crowd("gas_install", "oven_install", is_blind=False)

        told = play(database_url, take_with_room, people, tmp_path)

        assert sorted(told.values()).count("booked") == 1
        assert outcome(app, branch_id=BRANCH, day=tomorrow()) == Outcome(3, 3, 0, 0)

    def test_the_stage_shows_the_fault(self, app: Flask, database_url: str, tmp_path: Path) -> None:
        a_day(app, "gas", "oven", spare=1)
        people = crowd("gas_install", "oven_install", is_blind=True)

        play(database_url, take_with_room, people, tmp_path)

        assert outcome(app, branch_id=BRANCH, day=tomorrow()).over_promised > 0


pytestmark = pytest.mark.timeout(600)
