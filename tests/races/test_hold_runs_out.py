"""A hold is committed at the moment in which its time runs out: it becomes a promise, or it is free.

The race runs twice: as it is, and with the member's lock taken out, to show that the stage can show
the fault: a promise to which no place belongs.
"""

from functools import partial
from pathlib import Path

import pytest
from flask import Flask

from booking.operations import bookings
from booking.policy import HOLD_LIFE
from dispatch.planner.problem import Window
from kernel.actor import Actor, Role
from kernel.db import transaction
from tests.hands import in_processes
from tests.house import (
    MONDAY_NINE,
    WINDOWS,
    a_branch,
    a_draft,
    a_member,
    a_service,
    a_technician,
    tomorrow,
)
from tests.races import duels
from tests.races.duels import DONE, Meet

ROUNDS = 10
THE_END = MONDAY_NINE + HOLD_LIFE


def held() -> list[str]:
    """Return ROUNDS holds of as many members, all of which run out at THE_END."""
    with transaction() as db:
        branch_id = a_branch(db)
        for _ in range(4):
            a_technician(db, branch_id=branch_id)
        a_service(db)
    numbers = []
    for place in range(ROUNDS):
        with transaction() as db:
            member = a_member(db, openid=f"oHold{place:023d}")
            draft = a_draft(db, by=member)
            booking = bookings.hold(
                db,
                draft_number=draft,
                day=tomorrow(),
                window=Window(*WINDOWS[place % len(WINDOWS)]),
                by=member,
                now=MONDAY_NINE,
            )
            numbers.append(booking.number)
    return numbers


def expire_or_commit(place: int, meet: Meet, *, numbers: list[str], is_blind: bool) -> list[str]:
    """Let the holds go as the clock, or commit them as their members."""
    if place == 0:
        acts = duels.acts_of(bookings.expire_hold, numbers, now=THE_END)
    else:
        acts = [
            partial(bookings.commit, number=number, by=Actor(member_id, Role.MEMBER), now=THE_END)
            for member_id, number in enumerate(numbers, start=1)
        ]
    if not is_blind:
        return duels.together(meet, acts)
    # The lock taken out.
    duels.unlock(bookings)
    return duels.one_after_the_other(place, meet, acts)


def test_either_is_promised_or_free(app: Flask, database_url: str, tmp_path: Path) -> None:
    numbers = held()
    scene = partial(expire_or_commit, numbers=numbers, is_blind=False)

    told = in_processes(database_url, scene, count=2, data_dir=tmp_path)

    ends = {(DONE, "hold_expired"): "expire", ("bad_state", DONE): "commit"}
    for number, both in zip(numbers, duels.rounds(told), strict=True):
        assert duels.moves(number) == ["create", ends[both]]
    duels.check_house()


def test_the_stage_shows_the_fault(app: Flask, database_url: str, tmp_path: Path) -> None:
    numbers = held()
    scene = partial(expire_or_commit, numbers=numbers, is_blind=True)

    told = in_processes(database_url, scene, count=2, data_dir=tmp_path)

    assert duels.rounds(told) == [(DONE, DONE)] * ROUNDS
    assert all(duels.moves(number) == ["create", "expire", "commit"] for number in numbers)
    assert duels.is_house_broken()


pytestmark = pytest.mark.timeout(600)
