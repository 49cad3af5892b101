"""Reads of leakage signals: who stopped after one technician's visits, and what was written to us."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import func, select

from booking.feedback import Topic
from booking.feedback_models import Complaint, Rating
from booking.leak_models import LeakNote
from booking.leaks import (
    LOOK_BACK,
    TEXTS_MAX,
    WORDS_BACK,
    History,
    LeakKind,
    Signal,
    has_contact,
    masked,
    names_money,
    stopped,
)
from booking.models import Booking, Promise
from booking.states import NOT_BOOKED
from dispatch import queries as dispatch
from kernel.clock import local_date
from kernel.db import Session


def signals(db: Session, *, branch_id: int, now: datetime) -> list[Signal]:
    """Return the questions about a branch: who stopped, then what was written within WORDS_BACK."""
    people = [row.id for row in dispatch.technicians(db, branch_id=branch_id)]
    histories = _histories(db, branch_id=branch_id, now=now)
    gone = stopped(histories, technicians=people, today=local_date(now))
    return [*gone, *_written(db, branch_id=branch_id, since=now - WORDS_BACK)]


def of_words(
    *,
    kind: str,
    row_id: int,
    number: str,
    member_id: int,
    technician_id: int | None,
    text: str,
    at: datetime,
    is_about_price: bool = False,
) -> Iterator[Signal]:
    """Yield the questions that a text raises."""
    asks = {
        LeakKind.PRICE: is_about_price or names_money(text),
        LeakKind.CONTACT: has_contact(text),
    }
    for leak, is_asked in asks.items():
        if is_asked:
            yield Signal(
                kind=leak,
                key=f"{leak}:{kind}:{row_id}",
                member_id=member_id,
                technician_id=technician_id,
                on=local_date(at),
                words=masked(text),
                source=(kind, number),
            )


def notes(db: Session, keys: Collection[str]) -> Mapping[str, Sequence[LeakNote]]:
    """Return what came of those questions, the oldest first."""
    found: dict[str, list[LeakNote]] = defaultdict(list)
    rows = select(LeakNote).where(LeakNote.key.in_(keys)).order_by(LeakNote.id)
    for row in db.scalars(rows):
        found[row.key].append(row)
    return found


def _histories(db: Session, *, branch_id: int, now: datetime) -> Iterator[History]:
    """Yield when the branch's members were visited, by whomever, and when they last booked."""
    since = now - LOOK_BACK
    theirs = select(Booking.member_id).where(
        Booking.branch_id == branch_id, Booking.starts_at >= since
    )
    done = dispatch.done_visits(since=local_date(since)).subquery()
    visited: dict[int, list[tuple[date, int]]] = defaultdict(list)
    for member_id, technician_id, day in db.execute(
        select(Booking.member_id, done.c.technician_id, done.c.day)
        .join(Promise, Promise.booking_id == Booking.id)
        .join(done, done.c.id == Promise.visit_id)
        .where(Booking.member_id.in_(theirs))
    ):
        visited[member_id].append((day, technician_id))
    booked = db.execute(
        select(Booking.member_id, func.max(Booking.starts_at))
        .where(Booking.member_id.in_(theirs), Booking.state.not_in(NOT_BOOKED))
        .group_by(Booking.member_id)
    )
    for member_id, newest in booked:
        if days := visited.get(member_id):
            yield History(member_id, days, max(local_date(newest), *(day for day, _ in days)))


def _written(db: Session, *, branch_id: int, since: datetime) -> Iterator[Signal]:
    complaints = db.execute(
        select(Complaint, Booking.visit_id)
        .join(Booking, Booking.id == Complaint.booking_id)
        .where(Booking.branch_id == branch_id, Complaint.opened_at >= since)
        .order_by(Complaint.id.desc())
        .limit(TEXTS_MAX)
    ).all()
    visits = dispatch.visits_by_id(db, [visit_id for _, visit_id in complaints])
    for row, visit_id in complaints:
        yield from of_words(
            kind="complaint",
            row_id=row.id,
            number=row.number,
            member_id=row.member_id,
            technician_id=visits[visit_id].technician_id,
            text=row.text,
            at=row.opened_at,
            is_about_price=row.topic == Topic.PRICE,
        )
    ratings = db.execute(
        select(Rating, Booking.number)
        .join(Booking, Booking.id == Rating.booking_id)
        .where(Booking.branch_id == branch_id, Rating.at >= since, Rating.text != "")
        .order_by(Rating.id.desc())
        .limit(TEXTS_MAX)
    )
    for rating, number in ratings:
        yield from of_words(
            kind="rating",
            row_id=rating.id,
            number=number,
            member_id=rating.member_id,
            technician_id=rating.technician_id,
            text=rating.text,
            at=rating.at,
        )
