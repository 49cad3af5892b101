"""The third strike is posted while its member takes a window: no hold commits after the blacklist.

Each race runs twice: as it is, and with the look at the blacklist made before the member's lock, to
show that the stage can show the fault.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from unittest import mock

import pytest
from flask import Flask
from sqlalchemy import select

from booking.operations import bookings
from dispatch.operations import plan as plans
from dispatch.planner.problem import Window
from kernel.actor import Actor
from kernel.db import Session, transaction
from kernel.outbox import OutboxRow
from members import queries
from members.operations import strikes
from members.risk import StrikeKind
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
from tests.races.duels import Meet, tried

ROUNDS = 8
BRANCH = 1
TECHNICIANS = 4
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A member with a draft, and the strike that will stop him."""

    member: Actor
    draft: str
    window: Window
    strike: str


def pairs() -> list[Pair]:
    """Return ROUNDS members, each with two strikes posted and a third one due."""
    with transaction() as db:
        a_branch(db)
        for _ in range(TECHNICIANS):
            technician_id = a_technician(db, branch_id=BRANCH)
            plans.route_row(db, branch_id=BRANCH, technician_id=technician_id, day=tomorrow())
        a_service(db)
    return [a_pair(place) for place in range(ROUNDS)]


def a_pair(place: int) -> Pair:
    with transaction() as db:
        member = a_member(db, openid=f"oRace{place:023d}")
        draft = a_draft(db, by=member)
        numbers = [
            strikes.open_strike(
                db,
                kind=StrikeKind.NO_SHOW,
                booking_number=f"B{place}-{days}",
                evidence={"calls": 2},
                member_id=member.id,
                now=MONDAY_NINE - days * DAY,
            ).number
            for days in (3, 2, 1)
        ]
    for number in numbers[:2]:
        with transaction() as db:
            strikes.post_strike(db, number=number, now=MONDAY_NINE)
    window = Window(*WINDOWS[place % len(WINDOWS)])
    return Pair(member=member, draft=draft, window=window, strike=numbers[2])


def hold(pair: Pair, db: Session) -> None:
    bookings.hold(
        db,
        draft_number=pair.draft,
        day=tomorrow(),
        window=pair.window,
        by=pair.member,
        now=MONDAY_NINE,
    )


def post(pair: Pair, db: Session) -> None:
    strikes.post_strike(db, number=pair.strike, now=MONDAY_NINE)


def hold_or_post(place: int, meet: Meet, *, against: list[Pair]) -> list[str]:
    """Take a window as each member, or post his strike as the clock."""
    told = []
    for pair in against:
        meet()
        told.append(tried(partial(hold if place == 0 else post, pair)))
    return told


def hold_or_post_blindly(place: int, meet: Meet, *, against: list[Pair]) -> list[str]:
    """The same, but whoever holds has looked at the blacklist before and looks no more."""
    told = []
    for pair in against:
        if place == 1:
            meet()
            told.append(tried(partial(post, pair)))
            meet()
            continue
        with transaction(reads_only=True) as db:
            queries.check_may_book(db, pair.member.id, now=MONDAY_NINE)
        meet()
        meet()
        with mock.patch.object(queries, "check_may_book"):
            told.append(tried(partial(hold, pair)))
    return told


def held_after_the_blacklist() -> int:
    """Count the members who hold a window that they took after they had been blacklisted."""
    with transaction(reads_only=True) as db:
        told = db.scalars(select(OutboxRow).order_by(OutboxRow.id)).all()
    since: dict[int, int] = {}
    late = 0
    for row in told:
        if row.name == "Blacklisted":
            since[row.facts["member_id"]] = row.id
        late += row.name == "BookingHeld" and row.facts["member_id"] in since
    return late


def test_no_hold_commits_after_the_blacklist(app: Flask, database_url: str, tmp_path: Path) -> None:
    scene = partial(hold_or_post, against=pairs())

    holds, posts = in_processes(database_url, scene, count=2, data_dir=tmp_path)

    assert posts == ["done"] * ROUNDS
    assert isinstance(holds, list)
    assert set(holds) <= {"done", "blocked"}
    assert held_after_the_blacklist() == 0


def test_the_stage_shows_the_fault(app: Flask, database_url: str, tmp_path: Path) -> None:
    scene = partial(hold_or_post_blindly, against=pairs())

    told = in_processes(database_url, scene, count=2, data_dir=tmp_path)

    assert told == [["done"] * ROUNDS] * 2
    assert held_after_the_blacklist() == ROUNDS


pytestmark = pytest.mark.timeout(600)
