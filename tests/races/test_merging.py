"""A member is merged into another while he books: whichever comes first, the booking is of who stays, and
nobody books past the pause of who he turns out to be."""

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from flask import Flask
from sqlalchemy import func, select

from booking.models import Booking
from booking.models import Draft as Wish
from booking.operations import bookings
from dispatch.planner.problem import Window
from kernel.actor import SYSTEM, Actor
from kernel.db import Session, transaction
from members.merging import MergeReason
from members.models import Member
from members.operations import merging
from tests.hands import in_processes
from tests.house import (
    HOUR_S,
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
from tests.races.duels import DONE, Act, Meet

ROUNDS = 4


class Pair(NamedTuple):
    """Who is merged, into whom, and what the one is about to book."""

    gone: Actor
    kept_id: int
    draft: str


@pytest.fixture
def pairs(app: Flask) -> list[Pair]:
    with transaction() as db:
        branch_id = a_branch(db)
        for _ in range(ROUNDS):
            a_technician(db, branch_id=branch_id)
        a_service(db, work_s=HOUR_S)
    found = []
    for place in range(ROUNDS):
        with transaction() as db:
            kept = a_member(db, openid=f"oKept{place:023d}")
            gone = a_member(db, openid=f"oGone{place:023d}")
            db.get_one(Member, gone.id).follows = False
            found.append(Pair(gone, kept.id, a_draft(db, by=gone)))
    return found


def merge(db: Session, pair: Pair) -> None:
    merging.merge(
        db,
        one_id=pair.gone.id,
        other_id=pair.kept_id,
        reason=MergeReason.CLAIM,
        by=SYSTEM,
        now=MONDAY_NINE,
    )


def book(db: Session, pair: Pair) -> None:
    bookings.hold(
        db,
        draft_number=pair.draft,
        day=tomorrow(),
        window=Window(*WINDOWS[0]),
        by=pair.gone,
        now=MONDAY_NINE,
    )


def play(pairs: list[Pair], url: str, data_dir: Path, *, blind: bool) -> list[list[str]]:
    def hand(place: int, meet: Meet) -> list[str]:
        acts: list[Act] = [partial(merge if place == 0 else book, pair=pair) for pair in pairs]
        if not blind:
            return duels.together(meet, acts)
        _book_as_seen()
        return duels.one_after_the_other(place, meet, acts)

    told = in_processes(url, hand, count=2, data_dir=data_dir)
    return [list(round_) for round_ in duels.rounds(told)]


def _book_as_seen() -> None:
    """See the drafts as they are now, and lock nobody."""
    with transaction(reads_only=True) as db:
        seen = {row.number: row for row in db.scalars(select(Wish))}
    theirs: Any = bookings
    theirs.queries.draft = lambda _db, number, by: seen[number]
    theirs.following.lock_member = lambda db, member_id: db.get_one(Member, member_id)


def of_the_gone() -> int:
    """Return how many bookings are of somebody who was merged."""
    with transaction(reads_only=True) as db:
        merged = select(Member.id).where(Member.merged_into_id.is_not(None))
        found = select(func.count()).where(Booking.member_id.in_(merged))
        return db.scalar(found) or 0


def test_the_stage_shows_the_fault(pairs: list[Pair], database_url: str, tmp_path: Path) -> None:
    told = play(pairs, database_url, tmp_path, blind=True)

    assert told == [[DONE, DONE]] * ROUNDS
    assert of_the_gone() == ROUNDS


def test_no_booking_is_left_behind(pairs: list[Pair], database_url: str, tmp_path: Path) -> None:
    told = play(pairs, database_url, tmp_path, blind=False)

    assert [merged for merged, _ in told] == [DONE] * ROUNDS
    assert {booked for _, booked in told} <= {DONE, "stale", "not_found"}
    assert of_the_gone() == 0
