"""A place is let go at the moment in which its member says that he will be at home: he has it, or he who
stands by, never both.

The race runs twice: as it is, and with the member's lock taken out, to show that the stage can show the
fault.
"""

from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from booking import queries, standby_queries
from booking.models import Booking
from booking.operations import bookings, cancelling, clockwork, presence, standbys, waiting
from booking.states import BookingState
from dispatch.planner.problem import Window
from kernel.actor import Actor
from kernel.clock import instant_at
from kernel.db import transaction
from tests.hands import in_processes
from tests.house import (
    HOUR_S,
    MONDAY,
    MONDAY_NINE,
    a_branch,
    a_draft,
    a_member,
    a_service,
    a_technician,
)
from tests.integration.booking.living import struck
from tests.races import duels
from tests.races.duels import DONE, Meet

ROUNDS = 6
MORNING = Window(10 * HOUR_S, 12 * HOUR_S)
HOUR = timedelta(hours=1)


def opens(round_: int) -> datetime:
    return instant_at(day_of(round_), MORNING.open_s)


def day_of(round_: int) -> date:
    return MONDAY + timedelta(days=2 + round_)


def stood_by() -> list[tuple[str, Actor, Actor]]:
    """Return ROUNDS bookings, each with its member, who was asked, and him who stands by for its place:
    each on a day with one place."""
    with transaction() as db:
        here = a_branch(db, windows=[(MORNING.open_s, MORNING.shut_s)])
        a_technician(db, branch_id=here, opens_s=10 * HOUR_S, shuts_s=11 * HOUR_S + 3000)
        a_service(db)
    found = []
    for place in range(ROUNDS):
        with transaction() as db:
            # As many times he who stands by comes before the other in the order of locks.
            pair = [a_member(db, openid=f"oStand{place}{n:020d}") for n in range(2)]
        risky, waits = pair if place % 2 else pair[::-1]
        struck(risky, 60 + place, 10 + place)
        found.append((_asked(risky, place), risky, waits))
        _standing_by(waits, place, found[-1][0])
    return found


def _asked(by: Actor, place: int) -> str:
    with transaction() as db:
        draft = a_draft(db, by=by)
    with transaction() as db:
        number = bookings.hold(
            db, draft_number=draft, day=day_of(place), window=MORNING, by=by, now=MONDAY_NINE
        ).number
        bookings.commit(db, number=number, by=by, now=MONDAY_NINE)
    with transaction() as db:
        clockwork.look(db, number=number, now=opens(place) - 24 * HOUR)
    return number


def _standing_by(by: Actor, place: int, number: str) -> None:
    now = opens(place) - 23 * HOUR
    with transaction() as db:
        draft = a_draft(db, by=by)
    with transaction() as db:
        row = waiting.join(db, draft_number=draft, day=day_of(place), by=by, now=MONDAY_NINE)
    with transaction() as db:
        booking = queries.by_number(db, number)
        assert booking is not None
        assert standbys.offer(db, booking_id=booking.id, waiting_id=row.id, now=now)
    with transaction() as db:
        standbys.accept(db, number=row.number, by=by, now=now)


def let_go_or_confirm(
    place: int, meet: Meet, *, pairs: list[tuple[str, Actor, Actor]], is_blind: bool
) -> list[str]:
    """Let the places go as the clock, or answer as their members."""
    acts = [
        partial(clockwork.look, number=number, now=opens(nth) - 2 * HOUR)
        if place == 0
        else partial(presence.confirm, number=number, by=risky, now=opens(nth) - 2 * HOUR)
        for nth, (number, risky, _) in enumerate(pairs)
    ]
    if not is_blind:
        return duels.together(meet, acts)
    # The lock taken out.
    duels.unlock(clockwork, cancelling, presence)
    return duels.one_after_the_other(place, meet, acts)


def settled(pairs: list[tuple[str, Actor, Actor]]) -> list[tuple[str, int]]:
    """Let the news be looked at; return what became of each booking, and how many he who stood by has."""
    ends = []
    for number, _, waits in pairs:
        with transaction(reads_only=True) as db:
            booking = queries.by_number(db, number)
            assert booking is not None
        with transaction() as db:
            standbys.settle(db, booking_id=booking.id, now=MONDAY_NINE)
        with transaction(reads_only=True) as db:
            his = select(Booking).where(
                Booking.member_id == waits.id, Booking.state == BookingState.BOOKED
            )
            ends.append((booking.state.value, len(db.scalars(his).all())))
            assert standby_queries.open_of_booking(db, booking.id) is None
    return ends


def test_one_of_the_two_has_it(app: Flask, database_url: str, tmp_path: Path) -> None:
    pairs = stood_by()
    scene = partial(let_go_or_confirm, pairs=pairs, is_blind=False)

    in_processes(database_url, scene, count=2, data_dir=tmp_path)

    assert set(settled(pairs)) <= {("cancelled", 1), ("confirmed", 0)}
    duels.check_house()


def test_the_stage_shows_the_fault(app: Flask, database_url: str, tmp_path: Path) -> None:
    pairs = stood_by()
    scene = partial(let_go_or_confirm, pairs=pairs, is_blind=True)

    told = in_processes(database_url, scene, count=2, data_dir=tmp_path)

    assert duels.rounds(told) == [(DONE, DONE)] * ROUNDS
    assert set(settled(pairs)) == {("confirmed", 1)}


pytestmark = pytest.mark.timeout(600)
