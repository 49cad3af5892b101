"""The live plan's one way of being changed: lock the day, put routes, raise the versions."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from dispatch import live, queries, travel
from dispatch.daybook import DayPlan
from dispatch.events import PlanChanged, VisitDelayed
from dispatch.models import BranchDay, RouteRow, Visit
from dispatch.operations.steps import facts_of
from dispatch.planner.problem import Timetable
from dispatch.policy import is_news
from dispatch.states import OWED
from kernel import locks, outbox
from kernel.clock import local_date
from kernel.db import Session


@dataclass(frozen=True, slots=True)
class LockedDay:
    """A branch-day whose lock this transaction holds, and its plan as of now."""

    row: BranchDay
    plan: DayPlan


def lock_day(db: Session, *, branch_id: int, day: date, now: datetime) -> LockedDay:
    """Lock the branch-day, made when it is new, and read its plan."""
    row = lock_row(db, branch_id=branch_id, day=day)
    plan = live.day_plan(db, branch_id=branch_id, day=day, now=now, version=row.version)
    return LockedDay(row, plan)


def lock_row(db: Session, *, branch_id: int, day: date) -> BranchDay:
    """Lock the branch-day, made when it is new, for who has no need of its plan.

    What this transaction has locked before is not asked for again: nobody else can have changed it.
    """
    held: dict[tuple[int, date], BranchDay] = db.info.setdefault("held_days", {})
    row = held.get((branch_id, day)) or _locked(db, branch_id, day)
    if row is None:
        insert = sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
        fresh = insert(BranchDay).values(
            branch_id=branch_id, day=day, version=0, travel=travel.current().fingerprint
        )
        db.execute(fresh.on_conflict_do_nothing(index_elements=["branch_id", "day"]))
        row = _locked(db, branch_id, day)
        assert row is not None
    held[branch_id, day] = row
    return row


def _locked(db: Session, branch_id: int, day: date) -> BranchDay | None:
    return locks.lock(
        db,
        BranchDay,
        (BranchDay.branch_id == branch_id) & (BranchDay.day == day),
        rank=locks.Rank.BRANCH_DAY,
        key=(day, branch_id),
    )


def roster_changed(db: Session, *, branch_id: int, days: Collection[date]) -> None:
    """Raise the days' versions without their locks, after their technicians or shifts have changed."""
    if not days:
        return
    insert = sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
    # In one order for everybody: two rosters that cross would wait for each other.
    fresh = insert(BranchDay).values(
        [
            {
                "branch_id": branch_id,
                "day": day,
                "version": 1,
                "travel": travel.current().fingerprint,
            }
            for day in sorted(days)
        ]
    )
    raised = fresh.on_conflict_do_update(
        index_elements=["branch_id", "day"], set_={"version": BranchDay.version + 1}
    )
    db.execute(raised.execution_options(synchronize_session=False))
    # The rows of days that are locked have another version now.
    db.info.pop("held_days", None)
    for day in days:
        live.mark_changed(db, branch_id=branch_id, day=day)


def branch_changed(db: Session, *, branch_id: int, now: datetime) -> None:
    """Do the same for all days from today on that anybody works, after something changed by which the
    branch is planned."""
    found = select(BranchDay.day).where(
        BranchDay.branch_id == branch_id, BranchDay.day >= local_date(now)
    )
    roster_changed(db, branch_id=branch_id, days=db.scalars(found).all())


def put_order(
    db: Session,
    locked: LockedDay,
    *,
    technician_id: int,
    timetable: Timetable | None,
    row: RouteRow | None = None,
) -> RouteRow:
    """Write one route: its frozen past and then `timetable`; its version moves.

    `row` is the route's, where it was read for the very plan that is locked.
    """
    plan = locked.plan
    if row is None:
        row = route_row(db, branch_id=plan.branch_id, technician_id=technician_id, day=plan.day)
    row.stops = plan.stops_of(technician_id, timetable)
    row.breaks = plan.breaks_of(technician_id, timetable)
    return row


def changed(db: Session, row: BranchDay, *, now: datetime) -> None:
    """Raise the locked day's version and tell the house; the last act of every change of a route."""
    row.version += 1
    live.mark_changed(db, branch_id=row.branch_id, day=row.day)
    outbox.record(db, PlanChanged(at=now, branch_id=row.branch_id, day=row.day))


def retime(db: Session, *, technician_id: int, branch_id: int, day: date, now: datetime) -> DayPlan:
    """Carry a technician's actual times down his route, after a visit of his has moved.

    Returns the plan as it is now.
    """
    locked_row = lock_row(db, branch_id=branch_id, day=day)
    changed(db, locked_row, now=now)
    fresh = live.day_plan(db, branch_id=branch_id, day=day, now=now)
    put_order(
        db,
        LockedDay(locked_row, fresh),
        technician_id=technician_id,
        timetable=fresh.timetables.get(technician_id),
    )
    note_delays(db, fresh, now=now)
    db.flush()
    return fresh


def take_out(db: Session, visit: Visit, *, now: datetime) -> DayPlan:
    """Take a visit out of the route it stands in and return the plan without it.

    The rest of the route keeps its order; leaving a stop out never makes a route later.
    """
    lock_row(db, branch_id=visit.branch_id, day=visit.day)
    row = db.get(RouteRow, visit.route_id) if visit.route_id is not None else None
    visit.route_id = None
    if row is not None:
        row.stops = [stop for stop in row.stops if stop[0] != visit.id]
        db.flush()
        return retime(
            db,
            technician_id=row.technician_id,
            branch_id=visit.branch_id,
            day=visit.day,
            now=now,
        )
    db.flush()
    return live.day_plan(db, branch_id=visit.branch_id, day=visit.day, now=now)


def note_delays(db: Session, plan: DayPlan, *, now: datetime) -> int:
    """Tell the house of the promises that the plan can no longer keep; return how many were told.

    A plan that goes to and fro tells nothing twice, see `policy.is_news`.
    """
    told, delays = 0, plan.delays()
    for visit in queries.visits_in_routes(db, branch_id=plan.branch_id, day=plan.day).values():
        if visit.state not in OWED:
            continue
        if visit.id in delays:
            told += note_delay(db, visit, eta_s=delays[visit.id], now=now)
        else:
            visit.late_since = None
    return told


def note_delay(db: Session, visit: Visit, *, eta_s: int, now: datetime) -> bool:
    """Write down that the visit will be late, and tell the house if that is news; return whether."""
    visit.late_since = visit.late_since or now
    if not is_news(eta_s, told_s=visit.told_late_s):
        return False
    visit.told_late_s = eta_s
    outbox.record(db, VisitDelayed(at=now, eta_s=eta_s, **facts_of(visit)))
    return True


def take_back_delay(db: Session, *, visit_id: int, eta_s: int, now: datetime) -> None:
    """Forget that a delay was told which had gone before anybody heard of it."""
    known = visit_row(db, visit_id)
    lock_row(db, branch_id=known.branch_id, day=known.day)
    visit = visit_row(db, visit_id)
    if visit.late_since is None and visit.told_late_s == eta_s:
        visit.told_late_s = None


def route_row(db: Session, *, branch_id: int, technician_id: int, day: date) -> RouteRow:
    """Return the technician's route row of that day, made when it is new."""
    found = select(RouteRow).where(RouteRow.technician_id == technician_id, RouteRow.day == day)
    row = db.scalars(found).one_or_none()
    if row is None:
        row = RouteRow(
            branch_id=branch_id, technician_id=technician_id, day=day, stops=[], breaks=[]
        )
        db.add(row)
        db.flush()
    return row


def row_by_id(db: Session, route_id: int) -> RouteRow:
    """Return a route's row, fresh."""
    found = select(RouteRow).where(RouteRow.id == route_id)
    return db.scalars(found.execution_options(populate_existing=True)).one()


def visit_row(db: Session, visit_id: int) -> Visit:
    """Return the visit's row, fresh."""
    found = select(Visit).where(Visit.id == visit_id).execution_options(populate_existing=True)
    return db.scalars(found).one()
