"""When the clock must look at a booking again; what it does then is `clockwork`'s affair."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from booking import policy
from booking.models import Booking
from booking.operations import promises
from booking.states import PROMISED, BookingState
from dispatch import queries as dispatch
from dispatch.states import STARTED, VisitState
from kernel.db import Session
from members import queries as members
from members import rule_queries
from members.risk import Standing
from members.rules import Rules


@dataclass(frozen=True, slots=True)
class Kept:
    """The end of a window that stands, and how far its visit is."""

    ends_at: datetime
    state: VisitState
    finished_at: datetime | None


def plan_next(
    db: Session,
    booking: Booking,
    *,
    now: datetime,
    standing: Standing | None = None,
    kept: Sequence[Kept] = (),
) -> None:
    """Write down the next instant after `now` at which something may be due; none when nothing can.

    `standing` is the member's and `kept` the windows that stand, where they were just read.
    """
    if booking.state in PROMISED and not kept:
        rows = promises.standing(db, booking)
        visits = [dispatch.visit(db, promise.visit_id) for promise in rows]
        kept = [Kept(p.ends_at, v.state, v.finished_at) for p, v in zip(rows, visits, strict=True)]
    if standing is None and _is_asked(booking):
        standing = members.standing_of(db, booking.member_id, branch_id=booking.branch_id, now=now)
    rules = rule_queries.governing(db, booking)
    booking.look_at = next_look(booking, kept=kept, standing=standing, rules=rules, now=now)


def next_look(
    booking: Booking,
    *,
    kept: Sequence[Kept],
    standing: Standing | None,
    rules: Rules,
    now: datetime,
) -> datetime | None:
    """Return the next instant after `now` at which something may be due; None when nothing can.

    `kept` are the windows that stand; `standing` is the member's, and needed while he may be asked
    whether he will be at home.
    """
    due: list[datetime] = []
    if booking.state in PROMISED:
        due = [at for each in kept for at in _of_promise(each, rules)]
    if _is_asked(booking):
        assert standing is not None
        due += asks(booking, standing)
        if standing.releases_unanswered:
            due.append(booking.starts_at - policy.RELEASE_NOTICE)
    if booking.state is BookingState.COMPLETED:
        due.append(booking.state_since + policy.CLOSE_AFTER)
    return min((at for at in due if at > now), default=None)


def put_off(db: Session, *, number: str, until: datetime) -> None:
    """Leave a booking alone until then, and no longer than it was to be left alone anyway."""
    booking = db.scalars(select(Booking).where(Booking.number == number).with_for_update()).one()
    if booking.look_at is not None and booking.look_at < until:
        booking.look_at = until


def _is_asked(booking: Booking) -> bool:
    return booking.state is BookingState.BOOKED and not booking.needs_window


def _of_promise(kept: Kept, rules: Rules) -> list[datetime]:
    due: list[datetime] = []
    if kept.state is VisitState.WORK_DONE and kept.finished_at is not None:
        due.append(kept.finished_at + policy.SIGN_LIFE)
    if kept.state not in STARTED or kept.state is VisitState.EN_ROUTE:
        due += [kept.ends_at + late for late, _ in rules.late_steps]
        due.append(kept.ends_at + policy.MISSED_AFTER)
    return due


def asks(booking: Booking, standing: Standing) -> list[datetime]:
    """Return when the member is asked whether he will be at home, the earliest first."""
    return policy.ask_times(
        starts_at=booking.starts_at, made_at=_promised_at(booking), ask_before=standing.ask_before
    )


def _promised_at(booking: Booking) -> datetime:
    return booking.consented_at or booking.made_at
