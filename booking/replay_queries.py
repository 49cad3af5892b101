"""Reads for replays: what happened to whom within a span, and the replays there are."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select

from booking.feedback_models import Rating
from booking.models import Booking, Promise
from booking.policy import Ending
from booking.replay_models import Replay
from booking.replaying import Left, Life
from booking.states import NOT_BOOKED, SERVED
from dispatch import queries as dispatch
from kernel import leases
from kernel.db import Session, transaction
from kernel.errors import Missing
from kernel.words import msg
from members import grade_queries, ledger_queries, strike_queries
from members import queries as members
from members.ledger import POINTS, member_owner
from members.rules import StrikeKind
from members.strike_models import Strike

MEMBERS_MAX = 20_000


class ReplayMissing(Missing):
    """No such replay."""

    says = msg("没有找到这次回放。")


def replay(db: Session, *, number: str) -> Replay:
    """Return that replay. Raises ReplayMissing."""
    row = db.scalars(select(Replay).where(Replay.number == number)).one_or_none()
    if row is None:
        raise ReplayMissing
    return row


def last_of(db: Session, *, version: str) -> Replay | None:
    """Return the newest replay of that version."""
    found = select(Replay).where(Replay.version == version).order_by(Replay.id.desc())
    return db.scalars(found.limit(1)).first()


def was_replayed(db: Session, *, version: str, against: str) -> bool:
    """Tell whether a replay of that version against the other one has come to its end."""
    found = select(Replay.id).where(
        Replay.version == version, Replay.against == against, Replay.state == "done"
    )
    return db.scalar(found.limit(1)) is not None


def replays_due() -> bool:
    """Tell whether a replay waits for a hand."""
    with transaction(reads_only=True) as db:
        return db.scalar(select(Replay.id).where(leases.due(Replay)).limit(1)) is not None


def members_within(
    db: Session, *, since: datetime, until: datetime, after: int = 0, limit: int = MEMBERS_MAX
) -> Sequence[int]:
    """Return the members who booked, were visited or got a strike within the span, by id."""
    came = (Booking.made_at >= since) & (Booking.made_at < until)
    was_due = (Booking.starts_at >= since) & (Booking.starts_at < until)
    booked = select(Booking.member_id).where(came | was_due)
    struck = select(Strike.member_id).where(
        Strike.happened_at >= since, Strike.happened_at < until, Strike.member_id.is_not(None)
    )
    found = booked.union(struck).subquery()
    ids = select(found.c.member_id).where(found.c.member_id > after)
    return [i for i in db.scalars(ids.order_by(found.c.member_id).limit(limit)) if i is not None]


def lives(
    db: Session, member_ids: Collection[int], *, since: datetime, until: datetime
) -> dict[int, Life]:
    """Return what happened to those members within the span."""
    bookings = db.scalars(
        select(Booking).where(Booking.member_id.in_(member_ids), Booking.state.not_in(NOT_BOOKED))
    ).all()
    of: dict[int, list[Booking]] = defaultdict(list)
    for booking in bookings:
        of[booking.member_id].append(booking)
    by_id = {booking.id: booking for booking in bookings}
    kept = _promises(db, by_id, since=since, until=until)
    rated = _rated(db, by_id, since=since, until=until)
    return {
        member_id: _life(
            db, member_id, of[member_id], kept=kept, rated=rated, since=since, until=until
        )
        for member_id in member_ids
    }


def _life(
    db: Session,
    member_id: int,
    bookings: Sequence[Booking],
    *,
    kept: Mapping[int, Sequence[tuple[Promise, datetime | None]]],
    rated: Collection[int],
    since: datetime,
    until: datetime,
) -> Life:
    own = [(booking, *each) for booking in bookings for each in kept.get(booking.id, ())]
    return Life(
        history=members.history(db, member_id),
        made=[(b.number, b.made_at) for b in bookings if since <= b.made_at < until],
        left=_left(db, member_id, own),
        completed=[
            (booking.number, booking.price)
            for booking, promise, _ in own
            if promise.ending == Ending.KEPT and booking.state in SERVED
        ],
        earned=grade_queries.earnings(db, member_id, until=until),
        rated=[booking.number for booking in bookings if booking.id in rated],
        late=[
            (booking.number, promise.ends_at, came_at)
            for booking, promise, came_at in own
            if came_at is not None and came_at > promise.ends_at
        ],
        strikes=[
            (row.booking_number, row.kind)
            for row in strike_queries.strikes_of(db, member_id=member_id)
            # A late cancel is counted with what the member gave up.
            if since <= row.happened_at < until and row.kind is not StrikeKind.LATE_CANCEL
        ],
    )


def _left(
    db: Session, member_id: int, own: Sequence[tuple[Booking, Promise, datetime | None]]
) -> list[Left]:
    """Return the promises he gave up by himself; a late cancel is known by its strike."""
    given_up = [
        (booking, promise)
        for booking, promise, _ in own
        if promise.ending in (Ending.MOVED, Ending.CANCELLED) and promise.ended_at is not None
    ]
    if not given_up:
        return []
    lines = ledger_queries.lines(db, owner=member_owner(member_id), unit=POINTS, limit=200)
    charged = {line.evidence for line in lines if line.amount < 0}
    struck = {row.booking_number for row in strike_queries.strikes_of(db, member_id=member_id)}
    return [
        Left(
            booking=booking.number,
            is_move=promise.ending == Ending.MOVED,
            at=promise.ended_at or promise.starts_at,
            starts_at=promise.starts_at,
            cost=f"booking:{booking.number}" in charged or booking.number in struck,
        )
        for booking, promise in given_up
    ]


def _promises(
    db: Session, bookings: Collection[int], *, since: datetime, until: datetime
) -> dict[int, list[tuple[Promise, datetime | None]]]:
    """Return the promises that ended within the span, by booking, with when somebody arrived."""
    found = select(Promise).where(
        Promise.booking_id.in_(bookings),
        Promise.promised_at.is_not(None),
        Promise.ended_at >= since,
        Promise.ended_at < until,
    )
    rows = db.scalars(found.order_by(Promise.id)).all()
    visits = dispatch.visits_by_id(db, [row.visit_id for row in rows])
    kept: dict[int, list[tuple[Promise, datetime | None]]] = defaultdict(list)
    for row in rows:
        kept[row.booking_id].append((row, visits[row.visit_id].arrived_at))
    return kept


def _rated(db: Session, bookings: Collection[int], *, since: datetime, until: datetime) -> set[int]:
    found = select(Rating.booking_id).where(
        Rating.booking_id.in_(bookings), Rating.at >= since, Rating.at < until
    )
    return set(db.scalars(found))
