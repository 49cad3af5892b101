"""Two hands at one thing: each takes it as the other does, round after round.

In a *blind* duel the locks are taken out and each hand acts on the rows as it saw them before, the
second after the first: it exists to show that the stage can show the fault.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm.attributes import set_committed_value

from booking.models import Booking, BookingStep
from kernel.db import Session, transaction
from kernel.errors import Refusal
from kernel.machine import IllegalMove
from scripts import truths
from tests.house import MONDAY_NINE

DONE = "done"

Act = Callable[[Session], object]
Meet = Callable[[], None]
Row = TypeVar("Row", bound=Any)


def tried(act: Act) -> str:
    """Do it in a transaction of its own; return DONE, or the code of the refusal."""
    try:
        with transaction() as db:
            act(db)
    except Refusal as refusal:
        return refusal.code
    return DONE


def together(meet: Meet, acts: Sequence[Act]) -> list[str]:
    """Do each act in its round, at the moment in which the others do theirs."""
    told = []
    for act in acts:
        meet()
        told.append(tried(act))
    return told


def one_after_the_other(place: int, meet: Meet, acts: Sequence[Act]) -> list[str]:
    """Let the first hand do all it does, then the second: both have looked before, and nothing but
    a second look could tell the second."""
    meet()
    if place == 1:
        meet()
    told = [tried(act) for act in acts]
    if place == 0:
        meet()
    return told


def as_seen(row: Row, db: Session) -> Row:
    """Return the row as it was when the hand looked, whatever has become of it since."""
    known = db.get(type(row), row.id)
    if known is not None:
        db.expunge(known)
    seen = db.merge(row, load=False)
    version = db.scalar(select(type(row).version).where(type(row).id == row.id))
    set_committed_value(seen, "version", version)
    return seen


def unlock(*modules: Any) -> None:
    """Look at all bookings, and let these modules see them as they are now instead of locking them."""
    with transaction(reads_only=True) as db:
        seen = {row.number: row for row in db.scalars(select(Booking))}
    for module in modules:
        module.locked = lambda db, number, _by: as_seen(seen[number], db)


def rounds(told: Sequence[Sequence[str]]) -> list[Any]:
    """Return what the hands came to, round by round."""
    return list(zip(*told, strict=True))


def acts_of(act: Callable[..., object], numbers: Sequence[str], **facts: Any) -> list[Act]:
    """Return the same act upon each of the numbers."""
    return [partial(act, number=number, **facts) for number in numbers]


def moves(number: str) -> list[str]:
    """Return what befell a booking, in order."""
    with transaction(reads_only=True) as db:
        found = select(BookingStep.action).join(Booking, Booking.id == BookingStep.booking_id)
        return list(db.scalars(found.where(Booking.number == number).order_by(BookingStep.seq)))


def check_house() -> None:
    """Hold the whole house against its invariants."""
    with transaction(reads_only=True) as db:
        truths.hold_for_the_house(db, now=MONDAY_NINE)


def is_house_broken() -> bool:
    try:
        check_house()
    except (AssertionError, IllegalMove):
        return True
    return False
