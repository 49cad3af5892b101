"""What was told: events, delivered long ago; messages, sent; points, posted as things were done."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, update

from booking.events import (
    BookingBooked,
    BookingCompleted,
    BookingExpired,
    BookingHeld,
    WorkFinished,
)
from booking.operations.steps import facts_of as booking_facts
from dispatch.events import (
    PlanChanged,
    VisitAccepted,
    VisitArrived,
    VisitAssigned,
    VisitDeparted,
    VisitDone,
    VisitFinished,
    VisitStarted,
)
from dispatch.operations.steps import facts_of as visit_facts
from kernel import leases
from kernel.db import Session
from kernel.events import Event
from kernel.outbox import OutboxRow
from members.events import MemberFollowed
from members.ledger import Draft, completion_draft
from members.operations import postings
from members.rule_text import RULES
from scripts.demo_city.households import Household
from scripts.demo_city.letters import Letters
from scripts.demo_city.records import Written
from scripts.demo_city.story import Sheet

DELIVERED = "done"


@dataclass(frozen=True, slots=True)
class Told:
    """An event, and the booking it is about, if any."""

    event: Event
    about: Written | None = None


def of(
    sheets: Iterable[Sheet], written: Iterable[Written], households: Iterable[Household]
) -> list[Told]:
    """Return everything that was told, oldest first."""
    told = [Told(_followed(home)) for home in households]
    told += [Told(event, one) for one in written for event in _of_one(one)]
    told += [
        Told(PlanChanged(at=at, branch_id=sheet.branch_id, day=sheet.day))
        for sheet in sheets
        for at in sheet.published_at
    ]
    return sorted(told, key=lambda one: one.event.at)


def plan_changes(told: Iterable[Told]) -> Mapping[tuple[int, date], int]:
    """Return how often the plan of each branch and day was changed."""
    events = [one.event for one in told]
    return Counter((e.branch_id, e.day) for e in events if isinstance(e, PlanChanged))


def write(db: Session, told: Sequence[Told], letters: Letters) -> int:
    """Write the events as delivered, post the points they earn, and write the messages as sent.

    Return how many postings were made.
    """
    waiting: list[dict[str, Any]] = []
    posted = 0
    postings.lock_accounts(
        db, [_earned(one) for one in told if isinstance(one.event, BookingCompleted)]
    )
    for one in told:
        event = one.event
        if isinstance(event, BookingCompleted):
            _flush(db, waiting)
            posted += _post(db, one)
        waiting.append(_row(event))
        if one.about is not None:
            letters.hear(event, one.about)
    _flush(db, waiting)
    letters.write(db)
    # The postings told of themselves: that is old news as well.
    db.execute(
        update(OutboxRow)
        .where(OutboxRow.state == leases.PENDING)
        .values(state=DELIVERED, fence=1, attempts=1)
    )
    return posted


def _followed(home: Household) -> MemberFollowed:
    return MemberFollowed(at=home.joined_at, member_id=home.member_id, scene=home.scene)


def _of_one(one: Written) -> Iterator[Event]:
    yield from _of_booking(one)
    yield from _of_visit(one)


def _of_booking(one: Written) -> Iterator[Event]:
    """Tell of hold, promise and release; each changes the plan."""
    story, facts = one.story, booking_facts(one.booking)
    yield _changed(one, story.held_at)
    yield BookingHeld(at=story.held_at, **facts)
    if story.released_at is not None:
        yield _changed(one, story.released_at)
        yield BookingExpired(at=story.released_at, **facts)
    if story.committed_at is not None:
        yield _changed(one, story.committed_at)
        yield BookingBooked(at=story.committed_at, **facts)


def _of_visit(one: Written) -> Iterator[Event]:
    """Tell of the assignment and the technician's acts."""
    story, visit, deed = one.story, one.visit, one.story.deed
    if story.assigned_at is None:
        return
    facts = visit_facts(visit)
    yield VisitAssigned(at=story.assigned_at, **facts)
    if story.accepted_at is not None:
        yield VisitAccepted(at=story.accepted_at, **facts)
    if visit.departed_at is not None and deed is not None:
        yield _changed(one, visit.departed_at)
        yield VisitDeparted(at=visit.departed_at, eta_s=deed.eta_s, **facts)
    if visit.arrived_at is not None:
        yield _changed(one, visit.arrived_at)
        yield VisitArrived(at=visit.arrived_at, **facts)
    if visit.started_at is not None:
        yield _changed(one, visit.started_at)
        yield VisitStarted(at=visit.started_at, **facts)
    if visit.finished_at is not None:
        yield _changed(one, visit.finished_at)
        yield VisitFinished(at=visit.finished_at, **facts)
        yield WorkFinished(at=visit.finished_at, visit_id=visit.id, **booking_facts(one.booking))
    if visit.signed_at is not None:
        yield VisitDone(at=visit.signed_at, **facts)
        yield BookingCompleted(at=visit.signed_at, **booking_facts(one.booking))


def _changed(one: Written, at: datetime) -> PlanChanged:
    return PlanChanged(at=at, branch_id=one.sheet.branch_id, day=one.sheet.day)


def _post(db: Session, told: Told) -> int:
    """Post what the completed booking earns; return how many postings that makes."""
    postings.post(db, _earned(told), now=told.event.at)
    return 1


def _earned(told: Told) -> Draft:
    assert told.about is not None
    booking = told.about.booking
    return completion_draft(
        member_id=booking.member_id, booking_number=booking.number, price=booking.price, rules=RULES
    )


def _row(event: Event) -> dict[str, Any]:
    return {
        "name": type(event).__name__,
        "facts": event.facts(),
        "topics": " ".join(event.topics()),
        "at": event.at,
        "state": DELIVERED,
        "due_s": event.at.timestamp(),
        "lease_until_s": 0.0,
        "fence": 1,
        "attempts": 1,
    }


def _flush(db: Session, waiting: list[dict[str, Any]]) -> None:
    if waiting:
        db.execute(insert(OutboxRow), waiting)
        waiting.clear()
