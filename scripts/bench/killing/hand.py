"""A process that attends tomorrow's visits, act by act, and says each act once it is committed.

Started by the bench and killed by it at any moment: `python -m scripts.bench.killing.hand`. The next
one goes on from what the rows say.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select

from app import create_app
from booking import payment_queries, queries
from booking.operations import payments, visits
from booking.payment_models import Payment
from booking.states import PaymentState
from dispatch import queries as dispatch
from dispatch.models import Technician, Visit
from dispatch.operations import visits as visit_operations
from dispatch.states import VisitState
from kernel.actor import Actor, Role
from kernel.clock import instant_at
from kernel.db import Session, transaction
from kernel.errors import Conflict, Unavailable
from scripts.bench.killing.house import the_day

PAUSE_S = 0.1
# Said after each look at everything.
ROUND = "round"


def _finish(db: Session, visit: Visit, by: Actor, now: datetime) -> None:
    visits.finish_visit(db, number=visit.number, by=by, now=now, takes_payments=True)


# What is done next to a visit in that state, and so many seconds after it was expected.
Act = Callable[[Session, Visit, Actor, datetime], object]
ACTS: dict[VisitState, tuple[str, int, Act]] = {
    VisitState.ASSIGNED: (
        "accept",
        0,
        lambda db, visit, by, now: visit_operations.accept(db, number=visit.number, by=by, now=now),
    ),
    VisitState.ACCEPTED: (
        "depart",
        0,
        lambda db, visit, by, now: visits.set_out(db, number=visit.number, by=by, now=now),
    ),
    VisitState.EN_ROUTE: (
        "arrive",
        0,
        lambda db, visit, by, now: visit_operations.arrive(db, number=visit.number, by=by, now=now),
    ),
    VisitState.ARRIVED: (
        "start",
        1,
        lambda db, visit, by, now: visit_operations.start(
            db, number=visit.number, code=visit.service_code, by=by, now=now
        ),
    ),
    VisitState.IN_SERVICE: ("finish", 3000, _finish),
}


def main() -> None:
    with create_app().app_context():
        while True:
            for technician_id, visit, expected_s in _next_visits():
                told = _attend(technician_id, visit, expected_s)
                if told:
                    print(told, flush=True)
            for told in _pay():
                print(told, flush=True)
            print(ROUND, flush=True)
            time.sleep(PAUSE_S)


def _next_visits() -> list[tuple[int, Visit, int]]:
    """Return each technician's first visit that is not finished, and when he is expected there."""
    found = []
    with transaction(reads_only=True) as db:
        for technician_id in db.scalars(select(Technician.id).order_by(Technician.id)):
            row = dispatch.route_of(db, technician_id=technician_id, day=the_day())
            for stop in row.stops if row else []:
                visit = dispatch.visit(db, stop[0])
                if visit.state in ACTS:
                    found.append((technician_id, visit, max(stop[1], visit.opens_s)))
                    break
    return found


def _attend(technician_id: int, visit: Visit, expected_s: int) -> str:
    name, after_s, act = ACTS[visit.state]
    now = instant_at(the_day(), expected_s) + timedelta(seconds=after_s)
    by = Actor(technician_id, Role.TECHNICIAN)
    try:
        if visit.state is VisitState.IN_SERVICE:
            with transaction() as db:
                visit_operations.add_photo(db, number=visit.number, sha256="0" * 64, by=by, now=now)
        with transaction() as db:
            act(db, visit, by, now)
    except (Conflict, Unavailable):
        return ""
    return f"{name} {visit.number}"


def _pay() -> list[str]:
    """Pay what is asked at the doors, and let WeChat tell of each payment twice."""
    with transaction(reads_only=True) as db:
        owed = db.scalars(
            select(Payment).where(
                Payment.state == PaymentState.OPEN, Payment.purpose == payment_queries.DOOR
            )
        ).all()
        done = {row.id: queries.by_id(db, row.booking_id).visit_id for row in owed}
        ends = {row.id: dispatch.visit(db, done[row.id]).finished_at for row in owed}
    told = []
    for row in owed:
        at = ends[row.id]
        assert at is not None
        for _ in range(2):
            with transaction() as db:
                payments.settle(
                    db,
                    number=row.number,
                    amount=row.amount,
                    transaction_id=f"4200{row.number}",
                    paid_at=at,
                    now=at,
                )
        told.append(f"pay {row.number}")
    return told


if __name__ == "__main__":
    main()
