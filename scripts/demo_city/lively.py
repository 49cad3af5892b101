"""A working day is no parade: what has gone wrong by nine, done by the real operations.

Members stand on every rung of the ladder, appeals wait, somebody is ill, somebody declined, a job
overruns, goods are late. Each act is a transaction of its own, at the time it happened.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update

from booking.goods import GoodsKind, NewItem
from booking.models import Booking, Draft
from booking.operations import cancelling, closing, goods, presence, readying, visits, waiting
from booking.states import PROMISED, BookingState
from dispatch import queries as dispatch
from dispatch.models import Visit
from dispatch.operations import trouble, withdrawals
from dispatch.operations import visits as acts
from dispatch.states import OWED, Proof, Trouble, VisitState
from kernel.actor import Actor, Role
from kernel.db import Session, transaction
from kernel.errors import Refusal
from members import strike_queries
from members.models import Member
from scripts.demo_city import checking, pasts
from scripts.demo_city.stage import NOW, TODAY, day_at

MINUTE = timedelta(minutes=1)
APPEALS = (
    ("told_before", "昨天晚上我已经打过电话说今天要加班，改不了别的时间。"),
    ("unreachable", "早上手机没电了，没看到提醒，不是故意不接的。"),
    ("other", "孩子突然发烧去了医院，有挂号单照片可以证明。"),
)


@dataclass(frozen=True, slots=True)
class Desk:
    """Who acts for the house."""

    dispatcher: Actor


def enliven(dispatcher: Actor) -> None:
    """Let the morning go wrong in all the ways that the console shows."""
    _confirm_phones()
    pasts.climb_the_ladder()
    _appeal()
    for done in (
        _wait_in_line,
        _fall_ill,
        _overrun,
        _decline,
        _fail_at_doors,
        _pause,
        _finish_without_signature,
        _miss,
        _confirm,
        _bring_late_goods,
    ):
        done(Desk(dispatcher))


# --- Members ----------------------------------------------------------------------------------


def _confirm_phones() -> None:
    """Who had us in his home was reached by his phone."""
    served = select(Booking.member_id).where(Booking.state == BookingState.COMPLETED)
    with transaction() as db:
        db.execute(
            update(Member)
            .where(Member.id.in_(served))
            .values(phone_confirmed_at=NOW - timedelta(days=1))
        )


def _appeal() -> None:
    """Three members cancelled too late this morning and contest what follows."""
    due = NOW + timedelta(hours=1)
    with transaction(reads_only=True) as db:
        late = _numbers(db, state=OWED, since=due, until=due + timedelta(hours=2))
    for number, (reason, text) in zip(late, APPEALS, strict=False):
        with transaction() as db:
            booking = db.scalars(select(Booking).where(Booking.number == number)).one()
            member = Actor(booking.member_id, Role.MEMBER)
            at = min(NOW, booking.starts_at - timedelta(minutes=90))
            cancelling.cancel(db, number=number, by=member, now=at)
        with transaction() as db:
            found = strike_queries.strikes_of_booking(db, booking_number=number)
            if not found:
                continue
            closing.appeal(
                db,
                strike_number=found[0].number,
                booking_number=number,
                reason=reason,
                text=text,
                photos=(),
                by=member,
                now=NOW,
            )


def _wait_in_line(desk: Desk) -> None:
    """Members wait for a place tomorrow."""
    del desk
    with transaction(reads_only=True) as db:
        drafts = db.execute(
            select(Draft.number, Draft.member_id)
            .where(Draft.id.not_in(select(Booking.draft_id).where(Booking.state.in_(PROMISED))))
            .order_by(Draft.id.desc())
            .limit(40)
        ).all()
    waiting_now = 0
    for number, member_id in drafts:
        if waiting_now == 4:
            break
        with transaction() as db:
            try:
                waiting.join(
                    db,
                    draft_number=number,
                    day=day_at(1),
                    by=Actor(member_id, Role.MEMBER),
                    now=NOW - 20 * MINUTE,
                )
            except Refusal:
                continue
        waiting_now += 1


# --- The day ----------------------------------------------------------------------------------


def _fall_ill(desk: Desk) -> None:
    """A technician is ill; not all of his visits find somebody else."""
    with transaction(reads_only=True) as db:
        busy = _busiest(db)
    for technician_id in busy:
        try:
            with transaction() as db:
                left = withdrawals.send_home(
                    db,
                    technician_id=technician_id,
                    day=TODAY,
                    reason="发烧请假",
                    by=desk.dispatcher,
                    now=NOW,
                )
                if len(left) != 1:
                    raise _Unfitting
        except _Unfitting:
            continue
        return


class _Unfitting(Exception):
    """This technician's absence would not make the story; it is undone."""


def _overrun(desk: Desk) -> None:
    """A job takes much longer than planned: a promise after it will be broken."""
    del desk
    with transaction(reads_only=True) as db:
        running = _visits(db, VisitState.IN_SERVICE)
    for visit in running:
        with transaction() as db:
            acts.lengthen(db, visit_id=visit.id, work_s=2 * 3600, now=NOW)
            told = [v for v in _visits(db, *OWED) if v.late_since is not None]
        if told:
            return


def _decline(desk: Desk) -> None:
    """A technician says no to a visit of tomorrow, for good."""
    del desk
    with transaction(reads_only=True) as db:
        given = [
            *_visits(db, VisitState.ASSIGNED, day=day_at(1)),
            *_visits(db, VisitState.ASSIGNED),
        ]
    for visit in given[:1]:
        by = Actor(visit.technician_id or 0, Role.TECHNICIAN)
        with transaction() as db:
            acts.decline(
                db,
                number=visit.number,
                reason="高空作业证过期，做不了",
                by=by,
                now=NOW - 10 * MINUTE,
            )


def _fail_at_doors(desk: Desk) -> None:
    """Nobody opens, refused, no access, a missing part: one of each."""
    del desk
    with transaction(reads_only=True) as db:
        at_work = _visits(db, VisitState.IN_SERVICE)
        on_the_way = [v for v in _visits(db, VisitState.EN_ROUTE) if v.branch_id != 1]
        at_doors = _visits(db, VisitState.ARRIVED)
    for visit in at_doors[:1]:
        _knock(visit)
    for visit, end in zip(on_the_way, (_refused, _shut_out), strict=False):
        with transaction() as db:
            acts.arrive(
                db, number=visit.number, by=_his(visit), now=NOW - 2 * MINUTE, place=visit.point
            )
        end(visit)
    # One at work on the first board stays there, for whoever looks at it.
    for visit in [v for v in at_work if v.work_s < 2 * 3600][1:2]:
        with transaction() as db:
            visits.break_off(
                db,
                number=visit.number,
                cause=Trouble.MISSING_PART,
                by=_his(visit),
                now=NOW - MINUTE,
            )


def _knock(visit: Visit) -> None:
    """Nobody opens: his technician has called once, and the evidence clock runs."""
    with transaction() as db:
        trouble.add_proof(db, number=visit.number, kind=Proof.CALL, by=_his(visit), now=NOW)


def _refused(visit: Visit) -> None:
    with transaction() as db:
        visits.refused(db, number=visit.number, by=_his(visit), now=NOW - MINUTE)


def _shut_out(visit: Visit) -> None:
    with transaction() as db:
        visits.shut_out(
            db, number=visit.number, cause=Trouble.NO_ACCESS, by=_his(visit), now=NOW - MINUTE
        )


def _pause(desk: Desk) -> None:
    """Somebody waits for the water to be turned off."""
    del desk
    with transaction(reads_only=True) as db:
        at_work = _visits(db, VisitState.IN_SERVICE)
    for visit in at_work[-1:]:
        with transaction() as db:
            acts.pause(
                db, number=visit.number, reason="等物业关水", by=_his(visit), now=NOW - 5 * MINUTE
            )


def _finish_without_signature(desk: Desk) -> None:
    """A job is done and waits for the member's signature."""
    del desk
    with transaction(reads_only=True) as db:
        at_work = _visits(db, VisitState.IN_SERVICE)
    for visit in at_work[-2:-1]:
        with transaction() as db:
            acts.add_photo(
                db, number=visit.number, sha256=f"{visit.id:064x}", by=_his(visit), now=NOW
            )
        with transaction() as db:
            checking.tick_all(db, number=visit.number, by=_his(visit), now=NOW - MINUTE)
        with transaction() as db:
            visits.finish_visit(db, number=visit.number, by=_his(visit), now=NOW - MINUTE)


def _miss(desk: Desk) -> None:
    """A van broke down on the way to the first door: nobody came, and we say so."""
    with transaction(reads_only=True) as db:
        early = _numbers(db, state=OWED, since=NOW - timedelta(hours=2), until=NOW)
    for number in early[:1]:
        with transaction() as db:
            visits.missed(db, number=number, by=desk.dispatcher, now=NOW)


def _confirm(desk: Desk) -> None:
    """Members of today and tomorrow said that they will be at home: their visits are ready."""
    del desk
    with transaction(reads_only=True) as db:
        numbers = _numbers(
            db, state=OWED, since=NOW + timedelta(hours=2), until=NOW + timedelta(hours=30)
        )
    for number in numbers[::2]:
        with transaction() as db:
            booking = presence.confirm(db, number=number, by=_member(db, number), now=NOW)
            booking_id = booking.id
        with transaction() as db:
            readying.look_at(db, booking_id=booking_id, now=NOW)


def _bring_late_goods(desk: Desk) -> None:
    """A washing machine of tomorrow has not left the factory yet."""
    with transaction(reads_only=True) as db:
        since = NOW + timedelta(hours=24)
        numbers = _numbers(db, state=OWED, since=since, until=since + timedelta(hours=8))
    for number in numbers[1:2]:
        with transaction() as db:
            goods.add_items(
                db,
                booking_number=number,
                items=[
                    NewItem(
                        kind=GoodsKind.GOODS,
                        name="滚筒洗衣机",
                        order_number="E202611180042",
                        expected_at=since + timedelta(days=2),
                    )
                ],
                by=desk.dispatcher,
                now=NOW,
            )


# --- Who and which ----------------------------------------------------------------------------


def _numbers(
    db: Session, *, state: frozenset[VisitState], since: datetime, until: datetime
) -> list[str]:
    """Return promised bookings whose window opens within [since, until), by window."""
    found = (
        select(Booking.number)
        .join(Visit, Visit.id == Booking.visit_id)
        .where(
            Booking.state.in_(PROMISED),
            Visit.state.in_(state),
            Booking.starts_at >= since,
            Booking.starts_at < until,
        )
    )
    return list(db.scalars(found.order_by(Booking.starts_at, Booking.id)))


def _visits(db: Session, *states: VisitState, day: object = TODAY) -> Sequence[Visit]:
    found = select(Visit).where(Visit.day == day, Visit.state.in_(states))
    return db.scalars(found.order_by(Visit.branch_id, Visit.id)).all()


def _busiest(db: Session) -> Iterator[int]:
    """Yield technicians of today who have not set out, those with the most visits first."""
    rows: list[tuple[int, int]] = []
    for branch in dispatch.branches(db):
        held = dispatch.visits_in_routes(db, branch_id=branch.id, day=TODAY)
        for technician_id, row in dispatch.routes(db, branch_id=branch.id, day=TODAY).items():
            states = [held[stop[0]].state for stop in row.stops]
            if states and all(state in OWED for state in states):
                rows.append((-len(states), technician_id))
    return iter([technician_id for _, technician_id in sorted(rows)])


def _his(visit: Visit) -> Actor:
    return Actor(visit.technician_id or 0, Role.TECHNICIAN)


def _member(db: Session, number: str) -> Actor:
    booking = db.scalars(select(Booking).where(Booking.number == number)).one()
    return Actor(booking.member_id, Role.MEMBER)
