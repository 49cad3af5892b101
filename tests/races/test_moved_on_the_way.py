"""A member moves his visit as its technician sets out: the one or the other, never a drive in vain.

The race runs twice: as it is, and with the look at the visit made before the locks and not again, to
show that the stage can show the fault: the technician drives to a visit that was called off.
"""

from functools import partial
from pathlib import Path

import pytest
from flask import Flask

from booking.operations import moving, visits
from dispatch import queries
from dispatch.operations import publishing
from dispatch.operations import visits as visit_operations
from dispatch.states import VisitState
from kernel.actor import Actor, Role
from kernel.db import transaction
from tests.hands import in_processes
from tests.house import (
    DISPATCHER,
    HOUR_S,
    MONDAY,
    MONDAY_NINE,
    a_branch,
    a_member,
    a_service,
    a_technician,
    tomorrow,
)
from tests.integration.booking.living import AFTERNOON
from tests.integration.booking.promised import a_promise, booking_of, visit_of
from tests.races import duels
from tests.races.duels import DONE, Meet

ROUNDS = 6


def accepted() -> dict[str, tuple[str, Actor]]:
    """Return ROUNDS bookings of this afternoon, each with its visit and the technician who has it
    and nothing else: so long takes the work."""
    with transaction() as db:
        branch_id = a_branch(db)
        for _ in range(ROUNDS):
            a_technician(db, branch_id=branch_id)
        a_service(db, work_s=3 * HOUR_S)
    numbers = []
    for place in range(ROUNDS):
        with transaction() as db:
            member = a_member(db, openid=f"oMoved{place:022d}")
        numbers.append(a_promise(member, day=MONDAY, window=AFTERNOON))
    with transaction() as db:
        publishing.publish_day(db, branch_id=1, day=MONDAY, by=DISPATCHER, now=MONDAY_NINE)
    duties = {}
    for number in numbers:
        visit = visit_of(number)
        technician = Actor(visit.technician_id or 0, Role.TECHNICIAN)
        with transaction() as db:
            visit_operations.accept(db, number=visit.number, by=technician, now=MONDAY_NINE)
        duties[number] = (visit.number, technician)
    return duties


def depart_or_move(
    place: int, meet: Meet, *, duties: dict[str, tuple[str, Actor]], is_blind: bool
) -> list[str]:
    """Set out as each technician, or move the visit to tomorrow as its member."""
    if place == 0:
        acts = [
            partial(visits.set_out, number=visit, by=technician, now=MONDAY_NINE)
            for visit, technician in duties.values()
        ]
    else:
        acts = [
            partial(
                moving.reschedule,
                number=number,
                day=tomorrow(),
                window=AFTERNOON,
                by=Actor(booking_of(number).member_id, Role.MEMBER),
                now=MONDAY_NINE,
            )
            for number in duties
        ]
    if not is_blind:
        return duels.together(meet, acts)
    # Nobody has set out yet, and nobody looks again.
    moving._check_movable = lambda *_: None
    return duels.one_after_the_other(place, meet, acts)


def test_the_drive_or_the_move(app: Flask, database_url: str, tmp_path: Path) -> None:
    duties = accepted()
    scene = partial(depart_or_move, duties=duties, is_blind=False)

    told = in_processes(database_url, scene, count=2, data_dir=tmp_path)

    for number, (departed, moved) in zip(duties, duels.rounds(told), strict=True):
        assert (departed == DONE) != (moved == DONE), (departed, moved)
        assert {departed, moved} <= {DONE, "bad_state", "not_next"}
        state, day = visit_of(number).state, visit_of(number).day
        wanted = (
            (VisitState.EN_ROUTE, MONDAY) if departed == DONE else (VisitState.PLANNED, tomorrow())
        )
        assert (state, day) == wanted
    duels.check_house()


def test_the_stage_shows_the_fault(app: Flask, database_url: str, tmp_path: Path) -> None:
    duties = accepted()
    scene = partial(depart_or_move, duties=duties, is_blind=True)

    told = in_processes(database_url, scene, count=2, data_dir=tmp_path)

    assert duels.rounds(told) == [(DONE, DONE)] * ROUNDS
    with transaction(reads_only=True) as db:
        driven_to = [queries.visit_by_number(db, visit).state for visit, _ in duties.values()]
    assert driven_to == [VisitState.CANCELLED] * ROUNDS


pytestmark = pytest.mark.timeout(600)
