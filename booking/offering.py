"""What is on offer, with the room that can be made where a day is full.

Room is searched for outside any transaction: these functions open their own.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import TypeVar

from booking import queries, waiting, waiting_queries, windows
from booking.operations import moving, placing
from dispatch import live, openings
from dispatch.live import Offer
from dispatch.openings import Gap, Opening
from dispatch.operations.places import PlaceGone
from dispatch.planner.problem import Window
from kernel.actor import SYSTEM, Actor
from kernel.clock import local_date
from kernel.db import Session, transaction

# How often room is made anew when the plan has moved on before it could be taken: whoever was faster
# each time took a place, so that few days have room for one who loses so often.
TRIES = 6

T = TypeVar("T")


def offers(
    *, draft_number: str, by: Actor, now: datetime, wish: int | None = None, is_only: bool = False
) -> list[Offer]:
    """Return every proven window for the draft, by day and time, with those for which room can be
    made within openings.BUDGET_S; with `wish`, each with that technician's own place, and when he is
    the only one who will do, those that he can keep. Raises BookingMissing."""
    with transaction(reads_only=True) as db:
        draft = queries.draft(db, number=draft_number, by=by)
        found = placing.offers(db, draft=draft, now=now, wish=wish)
        if is_only:
            return windows.with_only(found)
        gaps = placing.gaps(db, draft=draft, offers=found, now=now)
    return _with_made(found, gaps)


def move_offers(*, number: str, by: Actor, now: datetime) -> list[Offer]:
    """Return every proven window to which a booking may move, by day and time, with those for which
    room can be made within openings.BUDGET_S. Raises BookingMissing."""
    with transaction(reads_only=True) as db:
        booking = queries.booking(db, number=number, by=by)
        found = moving.offers(db, booking=booking, now=now)
        gaps = moving.gaps(db, booking=booking, offers=found, now=now)
    return _with_made(found, gaps)


def foresee(*, draft_number: str, day: date, by: Actor, now: datetime) -> None:
    """Bring this process's knowledge of the day up to date, so that the hold need not do it while
    everybody else waits for the day. Raises BookingMissing."""
    with transaction(reads_only=True) as db:
        draft = queries.draft(db, number=draft_number, by=by)
        live.day_plan(db, branch_id=draft.branch_id, day=day, now=now)


def foresee_commit(*, number: str, by: Actor, now: datetime) -> None:
    """Do the same for the days that the booking's promise will lock. Raises BookingMissing."""
    with transaction(reads_only=True) as db:
        booking = queries.booking(db, number=number, by=by)
        for day in {local_date(p.starts_at) for p in queries.standing_promises(db, booking.id)}:
            live.day_plan(db, branch_id=booking.branch_id, day=day, now=now)


def with_room(
    hold: Callable[[Opening | None], T],
    *,
    draft_number: str,
    day: date,
    window: Window,
    by: Actor,
    now: datetime,
) -> T:
    """Call `hold`; when no route has room, TRIES times at most with room that can be made.

    Raises PlaceGone, and whatever `hold` raises.
    """
    foresee(draft_number=draft_number, day=day, by=by, now=now)

    def gaps(db: Session) -> list[Gap]:
        draft = queries.draft(db, number=draft_number, by=by)
        return placing.gaps(db, draft=draft, offers=(), now=now, day=day)

    return _with_room(hold, gaps, window)


def move_with_room(
    move: Callable[[Opening | None], T],
    *,
    number: str,
    day: date,
    window: Window,
    by: Actor,
    now: datetime,
) -> T:
    """Call `move` as `with_room` calls `hold`. Raises PlaceGone, and whatever `move` raises."""

    def gaps(db: Session) -> list[Gap]:
        booking = queries.booking(db, number=number, by=by)
        return moving.gaps(db, booking=booking, offers=(), now=now, day=day)

    return _with_room(move, gaps, window)


def opening_for_waiting(number: str, *, now: datetime) -> Opening | None:
    """Return room that can be made for one who waits, within a window that he wants."""
    with transaction(reads_only=True) as db:
        row = waiting_queries.waiting_by_number(db, number=number, by=SYSTEM)
        draft = queries.draft_by_id(db, row.draft_id)
        gaps = placing.gaps(db, draft=draft, offers=(), now=now, day=row.day)
        wanted = row.windows
    return _opening(gaps, lambda window: waiting.is_wanted(window, wanted))


def _with_made(found: Sequence[Offer], gaps: Sequence[Gap]) -> list[Offer]:
    made = [openings.offer_of(opening) for opening in openings.search(gaps)]
    return sorted([*found, *made], key=lambda offer: (offer.day, offer.window))


def _with_room(
    take: Callable[[Opening | None], T], gaps: Callable[[Session], Sequence[Gap]], window: Window
) -> T:
    try:
        return take(None)
    except PlaceGone as gone:
        for _ in range(TRIES):
            with transaction(reads_only=True) as db:
                found = gaps(db)
            opening = _opening(found, lambda each: each == window)
            if opening is None:
                break
            try:
                return take(opening)
            except PlaceGone:
                continue
        raise gone from None


def _opening(gaps: Sequence[Gap], is_wanted: Callable[[Window], bool]) -> Opening | None:
    """Return the cheapest of what room can be made within the windows that are wanted."""
    narrowed = [replace(gap, windows=tuple(filter(is_wanted, gap.windows))) for gap in gaps]
    found = openings.search(narrowed)
    return min(found, key=lambda opening: opening.witness.extra_s, default=None)
