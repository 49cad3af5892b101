"""Two dispatchers give the same visit to two technicians: one is obeyed, the other is told to look again.

The race runs twice: as it is, and with the look at the visit's version left out, to show that the
stage can show the fault: both are told that it is done, and one of them is wrong.
"""

from functools import partial
from pathlib import Path
from unittest import mock

import pytest
from flask import Flask
from sqlalchemy import select

from dispatch.models import RouteRow, Visit
from dispatch.operations import publishing, withdrawals
from dispatch.planner.problem import Window
from kernel.actor import Actor, Role
from kernel.db import transaction
from tests.hands import in_processes
from tests.house import (
    DISPATCHER,
    MONDAY_NINE,
    WINDOWS,
    a_branch,
    a_member,
    a_service,
    a_technician,
    tomorrow,
)
from tests.integration.booking.promised import a_promise, visit_of
from tests.races import duels
from tests.races.duels import DONE, Meet

ROUNDS = 8
# The first technician has all visits; each dispatcher wants them for one of the others.
WANTED = (2, 3)
DISPATCHERS = [Actor(number, Role.DISPATCHER, frozenset({1})) for number in (11, 12)]


def published() -> list[str]:
    """Return the numbers of ROUNDS visits of a day of which the technicians were told."""
    with transaction() as db:
        branch_id = a_branch(db)
        a_technician(db, branch_id=branch_id)
        a_service(db, work_s=1800)
    numbers = []
    for place in range(ROUNDS):
        with transaction() as db:
            member = a_member(db, openid=f"oRound{place:022d}")
        numbers.append(a_promise(member, window=Window(*WINDOWS[place % len(WINDOWS)])))
    with transaction() as db:
        publishing.publish_day(db, branch_id=1, day=tomorrow(), by=DISPATCHER, now=MONDAY_NINE)
        for _ in WANTED:
            a_technician(db, branch_id=1)
    return [visit_of(number).number for number in numbers]


def hand_over(place: int, meet: Meet, *, numbers: list[str], is_blind: bool) -> list[str]:
    """Give each visit to the technician of one's choice, as it was seen on the board before."""
    with transaction(reads_only=True) as db:
        seen = {row.number: row.version for row in db.scalars(select(Visit))}
    acts = [
        partial(
            withdrawals.hand_over,
            number=number,
            technician_id=WANTED[place],
            version=mock.ANY if is_blind else seen[number],
            by=DISPATCHERS[place],
            now=MONDAY_NINE,
        )
        for number in numbers
    ]
    # Nobody writes before both have looked.
    meet()
    return duels.together(meet, acts)


def whose(numbers: list[str]) -> list[tuple[int | None, int]]:
    """Return for each visit who was told of it, and in whose route it stands."""
    with transaction(reads_only=True) as db:
        owners = {row.id: row.technician_id for row in db.scalars(select(RouteRow))}
        visits = {row.number: row for row in db.scalars(select(Visit))}
    return [
        (visits[number].technician_id, owners[visits[number].route_id or 0]) for number in numbers
    ]


def test_one_is_obeyed_and_the_other_told(app: Flask, database_url: str, tmp_path: Path) -> None:
    numbers = published()
    scene = partial(hand_over, numbers=numbers, is_blind=False)

    told = in_processes(database_url, scene, count=2, data_dir=tmp_path)

    assert all(sorted(both) == [DONE, "stale"] for both in duels.rounds(told))
    obeyed = [WANTED[both.index(DONE)] for both in duels.rounds(told)]
    assert whose(numbers) == [(technician_id, technician_id) for technician_id in obeyed]
    duels.check_house()


def test_the_stage_shows_the_fault(app: Flask, database_url: str, tmp_path: Path) -> None:
    numbers = published()
    scene = partial(hand_over, numbers=numbers, is_blind=True)

    told = in_processes(database_url, scene, count=2, data_dir=tmp_path)

    assert duels.rounds(told) == [(DONE, DONE)] * ROUNDS


pytestmark = pytest.mark.timeout(600)
