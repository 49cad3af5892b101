"""Eight hands serve one line with three places: the first three in line get them, whoever runs first.

The race runs twice: as it is, and with the look at those before taken out, to show that the stage
can show the fault. The hands that serve the end of the line are let go first.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
from flask import Flask

from booking import jobs, waiting_queries
from booking.operations import waiting
from dispatch.planner.problem import Window
from kernel.clock import FixedClock
from kernel.db import transaction
from kernel.errors import Unavailable
from tests.hands import in_processes
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
from tests.races.stage import outcome

HANDS, PLACES = 8, 3
BRANCH = 1
MORNING = Window(10 * HOUR_S, 11 * HOUR_S)
NOW = FixedClock(MONDAY_NINE)
TRIES_MAX = 40
T = TypeVar("T")


@pytest.fixture
def line(app: Flask) -> list[str]:
    """A day with room for three, and eight who wait for it, the first in line first."""
    with transaction() as db:
        a_branch(db, windows=[(MORNING.open_s, MORNING.shut_s)])
        for _ in range(PLACES):
            a_technician(db, branch_id=BRANCH, opens_s=10 * HOUR_S, shuts_s=11 * HOUR_S + 1800)
        a_service(db)
    numbers = []
    for place in range(HANDS):
        with transaction() as db:
            member = a_member(db, openid=f"oLine{place:023d}")
            draft = a_draft(db, by=member)
            row = waiting.join(db, draft_number=draft, day=tomorrow(), by=member, now=MONDAY_NINE)
            numbers.append(row.number)
    return numbers


def serve_own(place: int, meet: Callable[[], None], *, line: list[str], is_blind: bool) -> str:
    """Serve the one of one's own place, those at the end of the line before all others."""
    if is_blind:
        waiting._is_behind = lambda *_: False
    meet()
    told = _served(line[place]) if place >= HANDS - PLACES else ""
    meet()
    told = told or _served(line[place])
    meet()
    if not is_blind:
        _patiently(lambda: jobs.serve_waiting(NOW))
    return told


def _served(number: str) -> str:
    def serve() -> str:
        with transaction() as db:
            return waiting.serve(db, number=number, passed=(), now=MONDAY_NINE).value

    return _patiently(serve)


def _patiently(work: Callable[[], T]) -> T:
    for _ in range(TRIES_MAX):
        try:
            return work()
        except Unavailable:
            continue
    raise AssertionError("the database stayed busy")


def places_of(line: list[str]) -> list[int]:
    """Return the places in line of those who were offered something."""
    with transaction(reads_only=True) as db:
        rows = waiting_queries.line(db, branch_id=BRANCH, day=tomorrow())
    still = {row.number for row in rows}
    return [place for place, number in enumerate(line) if number not in still]


def test_the_first_in_line_are_served(
    app: Flask, database_url: str, tmp_path: Path, line: list[str]
) -> None:
    scene = partial(serve_own, line=line, is_blind=False)

    in_processes(database_url, scene, count=HANDS, data_dir=tmp_path)

    assert places_of(line) == list(range(PLACES))
    assert outcome(app, branch_id=BRANCH, day=tomorrow()).breaches == 0


def test_the_stage_shows_the_fault(
    app: Flask, database_url: str, tmp_path: Path, line: list[str]
) -> None:
    scene = partial(serve_own, line=line, is_blind=True)

    in_processes(database_url, scene, count=HANDS, data_dir=tmp_path)

    assert places_of(line) == list(range(HANDS))[-PLACES:]
