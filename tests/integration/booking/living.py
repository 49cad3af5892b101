"""What befalls a promise, in one line each: every operation in a transaction of its own."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import select

from booking import jobs, queries
from booking.models import Promise
from booking.operations import bookings, drafts
from booking.operations.drafts import Address
from dispatch.models import Visit
from dispatch.operations import trouble
from dispatch.operations import visits as visit_operations
from dispatch.planner.problem import Window
from dispatch.states import Proof
from kernel.actor import Actor
from kernel.clock import FixedClock
from kernel.db import transaction
from kernel.outbox import OutboxRow
from kernel.phone import Phone
from members import ledger_queries
from members.ledger import EARNINGS, technician_owner
from members.operations import strikes
from members.risk import StrikeKind
from tests.house import (
    HOUR_S,
    MONDAY_NINE,
    NORTH,
    a_branch,
    a_member,
    a_technician,
    tomorrow,
)
from tests.integration.booking.promised import a_service, booking_of, visit_of

T = TypeVar("T")
# The window of `a_promise` opens on Tuesday at ten and shuts at twelve.
OPENS, SHUTS = MONDAY_NINE + timedelta(hours=25), MONDAY_NINE + timedelta(hours=27)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
AFTERNOON, LATE_AFTERNOON = Window(13 * HOUR_S, 15 * HOUR_S), Window(15 * HOUR_S, 17 * HOUR_S)


def done(operation: Callable[..., T], **facts: Any) -> T:
    """Do it in a transaction of its own."""
    with transaction() as db:
        return operation(db, **facts)


def points(by: Actor) -> int:
    with transaction(reads_only=True) as db:
        return ledger_queries.points_balance(db, by.id)


def compensation(by: Actor) -> int:
    """Return the fen that were posted to the member without his asking."""
    with transaction(reads_only=True) as db:
        return ledger_queries.compensation_balance(db, by.id)


def earnings(technician: Actor) -> int:
    """Return the fen of 空跑费 that the technician has."""
    with transaction(reads_only=True) as db:
        return ledger_queries.balance(db, owner=technician_owner(technician.id), unit=EARNINGS)


def told(name: str) -> list[dict[str, Any]]:
    """Return the facts of the events of that name, in order."""
    with transaction(reads_only=True) as db:
        found = select(OutboxRow).where(OutboxRow.name == name).order_by(OutboxRow.id)
        return [row.facts for row in db.scalars(found)]


def promises_of(number: str) -> Sequence[Promise]:
    with transaction(reads_only=True) as db:
        return queries.promises(db, booking_of(number).id)


def endings(number: str) -> list[str]:
    """Return how each window of the booking ended, the oldest first; empty for one that stands."""
    return [promise.ending for promise in promises_of(number)]


def looked_after(at: datetime) -> None:
    """Let the clock's own hand do what is due then, until nothing is."""
    while jobs.look_after_bookings(FixedClock(at)):
        pass


def struck(member: Actor, *days_ago: int) -> None:
    """Post late cancels of so many days ago."""
    for days in days_ago:
        then = MONDAY_NINE - timedelta(days=days)
        strike = done(
            strikes.open_strike,
            member_id=member.id,
            kind=StrikeKind.LATE_CANCEL,
            booking_number=f"BEARLIER{days}",
            evidence={"cancelled_at": then.isoformat()},
            now=then,
        )
        done(strikes.post_strike, number=strike.number, now=then + timedelta(days=1))


def at_the_door(number: str, technician: Actor, *, now: datetime = OPENS) -> Visit:
    """Let him set out an hour before `now` and arrive at the very door."""
    visit = visit_of(number)
    done(visit_operations.depart, number=visit.number, by=technician, now=now - HOUR)
    return done(visit_operations.arrive, number=visit.number, by=technician, now=now, place=NORTH)


def called_in_vain(visit: Visit, technician: Actor, *, now: datetime) -> None:
    """Let him call twice and write once."""
    for kind in (Proof.CALL, Proof.CALL, Proof.MESSAGE):
        done(trouble.add_proof, number=visit.number, kind=kind, by=technician, now=now)


def a_coupled_city(*, technicians: int = 1) -> Actor:
    """Open a branch that sells a delivery with its installation; return a member of it."""
    with transaction() as db:
        branch_id = a_branch(db)
        for _ in range(technicians):
            a_technician(db, branch_id=branch_id)
        a_service(db, code="air_delivery", category="delivery")
        a_service(db, delivery_code="air_delivery")
        return a_member(db)


def a_coupled_draft(by: Actor) -> str:
    draft = done(
        drafts.save_draft,
        service_code="air_install",
        choices={},
        address=Address(text="浮山后三小区", compound="浮山后三小区", door="1", point=NORTH),
        contact="林女士",
        phone=Phone("13800002046"),
        with_delivery=True,
        by=by,
        now=MONDAY_NINE,
    )
    return draft.number


def a_coupled_promise(by: Actor, *, window: Window = AFTERNOON) -> str:
    """Book an installation of tomorrow with its delivery; return the booking's number."""
    held = done(
        bookings.hold,
        draft_number=a_coupled_draft(by),
        day=tomorrow(),
        window=window,
        by=by,
        now=MONDAY_NINE,
    )
    return done(bookings.commit, number=held.number, by=by, now=MONDAY_NINE).number
