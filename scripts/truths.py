"""What must be true of the whole house after every step, whoever did what.

The numbers in the names are those of the list of invariants that the house promises to keep: each
function reads the rows afresh and raises where one of them is broken.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import select

from booking import goods, policy
from booking.goods_models import GoodsItem, GoodsStep, LateGoods
from booking.models import Booking, BookingStep, Draft, Promise
from booking.standby_models import Standby
from booking.standby_queries import OPEN
from booking.states import (
    BOOKING_MACHINE,
    KEPT,
    PROMISED,
    BookingState,
    StandbyState,
    WaitingState,
)
from booking.waiting import STANDBY_GRACE, STANDBY_LIFE
from booking.waiting_models import Waiting
from dispatch import live
from dispatch.models import Branch, RouteRow, Visit, VisitStep
from dispatch.planner import judge
from dispatch.states import OUT, OWED, VISIT_MACHINE, VisitState
from kernel.clock import local_date
from kernel.db import Base, Session
from kernel.outbox import OutboxRow
from scripts import promises

_Row = TypeVar("_Row")
_LOCAL = timedelta(hours=8)

# Which event tells of which move; what is not named here tells nobody.
TOLD_OF_BOOKINGS = {
    "create": "BookingHeld",
    "ask_deposit": "DepositAsked",
    "commit": "BookingBooked",
    "revive": "BookingBooked",
    "expire": "BookingExpired",
    "confirm": "BookingConfirmed",
    "reschedule": "BookingMoved",
    "return": "ReturnNeeded",
    "restore": "ReturnNeeded",
    "cancel": "BookingCancelled",
    "fail": "BookingFailed",
    "complete": "BookingCompleted",
    "close": "BookingClosed",
    "dispute": "BookingDisputed",
    "resolve": "DisputeResolved",
}
TOLD_OF_VISITS = {
    "assign": "VisitAssigned",
    "accept": "VisitAccepted",
    "decline": "VisitDeclined",
    "depart": "VisitDeparted",
    "arrive": "VisitArrived",
    "start": "VisitStarted",
    "pause": "VisitPaused",
    "resume": "VisitResumed",
    "finish": "VisitFinished",
    "sign": "VisitDone",
    "cancel": "VisitCancelled",
    "miss": "VisitCancelled",
    "nobody": "VisitFailed",
    "refuse": "VisitFailed",
    "shut_out": "VisitFailed",
    "break_off": "VisitFailed",
    "veto": "VisitFailed",
    "ready": "VisitReadied",
    "unready": "VisitReadied",
}


def hold_for_the_house(db: Session, *, now: datetime) -> None:
    """Whatever has happened, in any order and by however many hands: all of this is true."""
    the_judge_accepts_every_day(db, now=now)
    every_visit_stands_in_one_route(db, {})
    steps_are_contiguous(db)
    every_move_is_told_once(db)
    every_booking_keeps_its_windows(db)
    who_is_let_go_is_out(db)
    who_stands_by_has_the_place_or_waits(db)
    the_ledger_keeps_its_promises(db, now=now)


def the_ledger_keeps_its_promises(db: Session, *, now: datetime) -> None:
    """12 to 23: nothing of the ledger, the strikes and the blacklist is broken."""
    found = list(promises.broken(db, now=now))
    assert not found, found


def all_of(db: Session, model: type[_Row]) -> Sequence[_Row]:
    return db.scalars(select(model)).all()


def days_of(db: Session, now: datetime) -> list[tuple[int, date]]:
    """Return the branch-days from today on, on which anything ever stood: the past has no plan any more."""
    found = select(Visit.branch_id, Visit.day).distinct().where(Visit.day >= local_date(now))
    return sorted((branch_id, day) for branch_id, day in db.execute(found))


def what_stands(db: Session) -> dict[str, int]:
    """Return for every table a number that changes with any of its rows."""
    return {
        table.name: hash(tuple(sorted(repr(tuple(row)) for row in db.execute(select(table)))))
        for table in Base.metadata.sorted_tables
    }


def a_refusal_changes_nothing(before: Mapping[str, int], after: Mapping[str, int]) -> None:
    """8: not a row of any table, the key's own among them."""
    assert before == after, {name for name in after if before[name] != after[name]}


def broken_promises(db: Session, *, now: datetime) -> set[int]:
    """Return the visits that the live plan cannot serve in their windows: late, or in no route."""
    rows = all_of(db, Visit)
    broken = {v.id for v in rows if v.route_id is None and v.state in OWED | {VisitState.HELD}}
    for branch_id, day in days_of(db, now):
        broken |= live.day_plan(db, branch_id=branch_id, day=day, now=now).late
    return broken


def the_judge_accepts_every_day(db: Session, *, now: datetime) -> None:
    """1: but for the promises named as broken, each plan keeps every hard rule, as read afresh."""
    live.forget()
    for branch_id, day in days_of(db, now):
        plan = live.day_plan(db, branch_id=branch_id, day=day, now=now)
        verdict = judge.judge(plan.problem, plan.plan)
        assert not verdict.broken, (day, verdict.broken)
        assert not verdict.unserved, (day, verdict.unserved)


def what_is_late_is_named(db: Session, *, now: datetime) -> None:
    """1: after the clock's round every promise that today's plan breaks has its name."""
    today = local_date(now)
    late = {
        visit_id
        for branch in all_of(db, Branch)
        for visit_id in live.day_plan(db, branch_id=branch.id, day=today, now=now).late
    }
    for visit in all_of(db, Visit):
        if visit.id in late and visit.state in OWED:
            assert visit.late_since is not None, visit.number


def nothing_is_long_overdue(db: Session, *, now: datetime) -> None:
    """After the clock's round no promise waits for somebody who never set out."""
    for kept in all_of(db, Promise):
        if kept.ended_at is None and kept.promised_at is not None:
            visit = db.get_one(Visit, kept.visit_id)
            overdue = now >= kept.ends_at + policy.MISSED_AFTER
            assert not (overdue and visit.state in OWED), visit.number
    for booking in all_of(db, Booking):
        assert not (booking.state in KEPT and booking.held_until <= now), booking.number


def offers_are_derived(
    db: Session, shape: live.VisitShape, *, branch_id: int, day: date, now: datetime
) -> None:
    """2: what is on offer from the cache is on offer without it."""
    cached = live.find(db, branch_id=branch_id, shape=shape, now=now, day=day)
    live.forget()
    assert cached == live.find(db, branch_id=branch_id, shape=shape, now=now, day=day)


def every_visit_stands_in_one_route(
    db: Session, before: Mapping[int, tuple[int, list[int]]]
) -> dict[int, tuple[int, list[int]]]:
    """3: and the version of a route moves when one comes or goes; return the routes as they are."""
    routes = {
        row.id: (row.version, [stop[0] for stop in row.stops]) for row in all_of(db, RouteRow)
    }
    standing = Counter(visit_id for _, stops in routes.values() for visit_id in stops)
    assert all(count == 1 for count in standing.values()), standing
    for visit in all_of(db, Visit):
        if visit.route_id is None:
            assert visit.id not in standing, visit.number
        else:
            assert visit.id in routes[visit.route_id][1], visit.number
            assert visit.state not in OUT, visit.number
    for row_id, (version, stops) in before.items():
        now_version, now_stops = routes[row_id]
        assert now_stops == stops or now_version > version
    return routes


def steps_are_contiguous(db: Session) -> None:
    """6: each by an edge of its machine, and the last one says the state."""
    for model, owner, machine in (
        (Booking, BookingStep.booking_id, BOOKING_MACHINE),
        (Visit, VisitStep.visit_id, VISIT_MACHINE),
    ):
        found = select(owner.class_).order_by(owner, owner.class_.seq)
        walked: dict[int, Any] = {}
        counts: Counter[int] = Counter()
        for step in db.scalars(found):
            owner_id = getattr(step, owner.key)
            counts[owner_id] += 1
            assert step.seq == counts[owner_id]
            if step.action != "create":
                wanted = machine.after(walked[owner_id], _action(machine, step.action))
                assert step.state is wanted
            walked[owner_id] = step.state
        rows: Sequence[Any] = all_of(db, model)
        assert {row.id: row.state for row in rows} == walked


def _action(machine: Any, name: str) -> Any:
    return next(a for edges in machine.table.values() for a in edges if a.value == name)


def every_move_is_told_once(db: Session) -> None:
    """24: as many events of each name as moves that tell of it; none is told of what did not happen."""
    told = Counter(db.scalars(select(OutboxRow.name)))
    moved: Counter[str] = Counter()
    for action in db.scalars(select(BookingStep.action)):
        moved[TOLD_OF_BOOKINGS[action]] += 1
    for action in db.scalars(select(VisitStep.action)):
        if action in TOLD_OF_VISITS:
            moved[TOLD_OF_VISITS[action]] += 1
    for name in {*TOLD_OF_BOOKINGS.values(), *TOLD_OF_VISITS.values()}:
        assert told[name] == moved[name], name


def every_booking_keeps_its_windows(db: Session) -> None:
    """4, 9, 11: all places or none, never two windows and never neither, in UTC and on the grid."""
    drafts = {draft.id: draft for draft in all_of(db, Draft)}
    promised_drafts: Counter[int] = Counter()
    for booking in all_of(db, Booking):
        rows = db.scalars(select(Promise).where(Promise.booking_id == booking.id)).all()
        standing = sorted(
            (p for p in rows if p.ended_at is None), key=lambda p: (p.starts_at, p.id)
        )
        kept = {p.service_id for p in rows if p.ending == policy.Ending.KEPT}
        _its_services(booking, drafts[booking.draft_id], standing, kept)
        for promise in standing:
            _its_visit(db, booking, promise)
        if standing:
            first = standing[0]
            assert (booking.visit_id, booking.starts_at, booking.ends_at) == (
                first.visit_id,
                first.starts_at,
                first.ends_at,
            )
        if booking.state not in KEPT | {BookingState.EXPIRED}:
            promised_drafts[booking.draft_id] += 1
    assert all(count == 1 for count in promised_drafts.values()), promised_drafts


def _its_services(
    booking: Booking, draft: Draft, standing: Sequence[Promise], kept: set[int]
) -> None:
    wanted = {booking.service_id} | ({draft.delivery_id} if draft.delivery_id else set())
    stands = sorted(promise.service_id for promise in standing)
    if booking.needs_window:
        assert booking.state in PROMISED, booking.number
        # A delivery may be under way while its installation waits for a window.
        assert booking.service_id not in stands, booking.number
    elif booking.state not in KEPT | PROMISED:
        assert stands == [], (booking.number, booking.state)
    elif booking.state in KEPT:
        assert stands == sorted(wanted), booking.number
    else:
        assert stands == sorted(wanted - kept), booking.number


def _its_visit(db: Session, booking: Booking, promise: Promise) -> None:
    visit = db.get_one(Visit, promise.visit_id)
    assert (visit.state is VisitState.HELD) == (booking.state in KEPT), visit.number
    assert (promise.promised_at is None) == (booking.state in KEPT), visit.number
    assert promise.starts_at.tzinfo is UTC
    opens = promise.starts_at + _LOCAL
    assert visit.day == local_date(promise.starts_at)
    assert visit.opens_s == opens.hour * 3600 + opens.minute * 60
    assert [visit.opens_s, visit.shuts_s] in db.get_one(Branch, visit.branch_id).windows


def who_is_let_go_is_out(db: Session) -> None:
    """5: what a hold kept that ended is free, once."""
    for promise in all_of(db, Promise):
        if promise.ending in (policy.Ending.EXPIRED, policy.Ending.MOVED, policy.Ending.CANCELLED):
            visit = db.get_one(Visit, promise.visit_id)
            assert (visit.state, visit.route_id) == (VisitState.CANCELLED, None), visit.number


def late_goods_are_asked_about_once(db: Session) -> None:
    """24: one question for each item and visit that it is late for, and each item's moves in order."""
    told = Counter(db.scalars(select(OutboxRow.name)))
    assert told["GoodsLate"] == len(all_of(db, LateGoods))
    for item in all_of(db, GoodsItem):
        steps = db.scalars(
            select(GoodsStep).where(GoodsStep.item_id == item.id).order_by(GoodsStep.seq)
        ).all()
        assert [step.seq for step in steps] == list(range(1, len(steps) + 1)), item.number
        assert steps[-1].state is item.state, item.number
        machine, at = goods.machine_of(item.kind), steps[0].state
        for step in steps[1:]:
            if step.action != "expect":
                at = machine.after(at, _action(machine, step.action))
            assert step.state is at, item.number


def lines_are_settled(db: Session) -> None:
    """After the clock's round nobody waits for what he has, and no offer outlives its hold."""
    bookings = {booking.id: booking for booking in all_of(db, Booking)}
    booked = {
        booking.draft_id
        for booking in bookings.values()
        if booking.state not in KEPT | {BookingState.EXPIRED}
    }
    for row in all_of(db, Waiting):
        if row.state is WaitingState.WAITING:
            assert row.draft_id not in booked, row.number
        if row.state is WaitingState.OFFERED:
            assert row.booking_id is not None
            assert bookings[row.booking_id].state in KEPT, row.number
        if row.state is WaitingState.TAKEN:
            assert row.booking_id is not None
            assert bookings[row.booking_id].state not in KEPT, row.number


def who_stands_by_has_the_place_or_waits(db: Session) -> None:
    """4: of a place, and of one who waits, one stand-by is open, and he waits still; what came of one is
    a single promise of its window, made in time and once the other had let the place go."""
    rows = all_of(db, Standby)
    for of in ("booking_id", "waiting_id"):
        standing = Counter(getattr(row, of) for row in rows if row.state in OPEN)
        assert all(count == 1 for count in standing.values()), (of, standing)
    taken = [row for row in rows if row.state is StandbyState.TAKEN]
    for of in ("visit_id", "waiting_id"):
        had = Counter(getattr(row, of) for row in taken)
        assert all(count == 1 for count in had.values()), (of, had)
    for row in rows:
        waits = db.get_one(Waiting, row.waiting_id)
        assert (row.why != "") is (row.state is StandbyState.ENDED), row.id
        if row.state in OPEN:
            assert waits.state is WaitingState.WAITING, waits.number
    for row in taken:
        _had_the_place(db, row, db.get_one(Waiting, row.waiting_id))


def _had_the_place(db: Session, row: Standby, waits: Waiting) -> None:
    assert waits.state is not WaitingState.WAITING, waits.number
    assert waits.booking_id is not None, waits.number
    booking = db.get_one(Booking, waits.booking_id)
    assert booking.draft_id == waits.draft_id, waits.number
    its = select(Promise).where(
        Promise.booking_id == booking.id,
        Promise.starts_at == row.starts_at,
        Promise.ends_at == row.ends_at,
        Promise.promised_at == row.state_since,
    )
    assert len(db.scalars(its).all()) == 1, booking.number
    assert row.state_since < row.until + STANDBY_GRACE, row.id
    other = db.scalars(select(Promise).where(Promise.visit_id == row.visit_id)).one()
    assert other.booking_id == row.booking_id, row.id
    assert other.ending not in ("", policy.Ending.KEPT), (row.id, other.ending)
    assert other.ended_at is not None, row.id
    assert other.ended_at <= row.state_since, row.id


def stand_bys_are_decided(db: Session, *, now: datetime) -> None:
    """After the clock's round nobody stands by past his time, or for a place that is decided."""
    for row in all_of(db, Standby):
        if row.state in OPEN:
            booking = db.get_one(Booking, row.booking_id)
            assert booking.state is BookingState.BOOKED, booking.number
            assert booking.visit_id == row.visit_id, booking.number
            assert now < row.until + STANDBY_GRACE, row.id
        if row.state is StandbyState.OFFERED:
            assert now < row.state_since + STANDBY_LIFE, row.id
