"""The rules by which a branch's days are planned: of its 小区, and of where, how fast and until when
each technician works.

A rule is changed for all coming days at once, under their locks; what would break a promise that stands
in a plan is refused and names it.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date, datetime

from sqlalchemy import select

from dispatch import areas, live, queries
from dispatch.models import BranchDay, Estate, Technician
from dispatch.operations import plan as plans
from dispatch.operations.plan import LockedDay
from dispatch.operations.roster import breaks_promises
from dispatch.planner.problem import DAY_S
from kernel.clock import local_date
from kernel.db import Session
from kernel.errors import Conflict, Invalid
from kernel.words import msg

ACCESS_MAX_S = 3_600
OVERTIME_MAX_S = 4 * 3_600
PACE_LEAST, PACE_MOST = 50, 300
SPANS_MAX = 4


class UnknownArea(Invalid):
    """Neither a district nor a 小区 in the branch's books."""

    code = "unknown_area"
    says = msg("没有「%(name)s」：只能填区名，或网点已登记的小区。")


class UnknownEstate(Invalid):
    """The map does not know it."""

    code = "unknown_estate"
    says = msg("地图上没有这个小区，请从提示里选全名。")


class BadHours(Invalid):
    """Spans that are no spans, or touch each other."""

    code = "bad_hours"
    says = msg("时段要先后排好、不重叠，结束晚于开始。")


class EstateInUse(Conflict):
    """A technician's areas name it."""

    code = "estate_in_use"
    says = msg("%(name)s的派单规则里写着这个小区，请先改。")


def set_estate(
    db: Session,
    *,
    branch_id: int,
    name: str,
    closed: Collection[tuple[int, int]],
    access_s: int,
    now: datetime,
) -> Estate:
    """Write down a 小区, or change it: `closed` are the spans (from_s, to_s) in which nobody may work
    there, `access_s` is what the way from its gate to a door takes.

    Raises UnknownEstate, BadHours, BreaksPromises.
    """
    district = areas.estates().get(name)
    if district is None:
        raise UnknownEstate(field="name")
    spans = [list(span) for span in closed]
    if not _are_spans(spans):
        raise BadHours(field="closed")
    found = select(Estate).where(Estate.branch_id == branch_id, Estate.name == name)
    with kept(db, branch_id=branch_id, now=now):
        estate = db.scalars(found).one_or_none()
        if estate is None:
            estate = Estate(branch_id=branch_id, name=name, district=district)
            db.add(estate)
        estate.closed, estate.access_s = spans, min(max(access_s, 0), ACCESS_MAX_S)
    return estate


def drop_estate(db: Session, *, branch_id: int, name: str, now: datetime) -> None:
    """Take a 小区 out of the books; saying it twice is once. Raises EstateInUse, BreaksPromises."""
    for technician in queries.technicians(db, branch_id=branch_id):
        if name in (*(technician.areas or ()), *(technician.no_go or ())):
            raise EstateInUse(name=technician.name)
    found = select(Estate).where(Estate.branch_id == branch_id, Estate.name == name)
    estate = db.scalars(found).one_or_none()
    if estate is not None:
        with kept(db, branch_id=branch_id, now=now):
            db.delete(estate)


def set_rules(
    db: Session,
    *,
    technician_id: int,
    only: Collection[str],
    never: Collection[str],
    overtime_s: int,
    is_standby: bool,
    pace_percent: int,
    now: datetime,
    van_room: int | None = None,
) -> Technician:
    """Write down to which districts and 小区 a technician goes `only` (none for all) and to which
    `never`, how long after his shift he may be asked for, whether he comes when needed only, how
    long he takes for what takes others an hour, in hundredths of it, and what his van holds.

    Raises UnknownArea, BreaksPromises.
    """
    technician = queries.technician(db, technician_id)
    known = {*areas.districts(), *queries.estate_names(db, branch_id=technician.branch_id)}
    for field, names in (("serves", only), ("never", never)):
        strays = [name for name in names if name not in known]
        if strays:
            raise UnknownArea(field=field, name=strays[0])
    with kept(db, branch_id=technician.branch_id, now=now):
        technician.areas, technician.no_go = list(only), list(never)
        technician.overtime_s, technician.is_standby = overtime_s, is_standby
        technician.pace_percent, technician.van_room = pace_percent, van_room
    return technician


@contextmanager
def kept(db: Session, *, branch_id: int, now: datetime) -> Iterator[None]:
    """Lock the branch's coming days, let a rule change, and prove that no promise suffers.

    Raises BreaksPromises.
    """
    days = _coming(db, branch_id, now)
    locked = [plans.lock_day(db, branch_id=branch_id, day=day, now=now) for day in days]
    yield
    db.flush()
    broken: set[int] = set()
    for before in locked:
        live.mark_changed(db, branch_id=branch_id, day=before.row.day)
        after = live.day_plan(db, branch_id=branch_id, day=before.row.day, now=now)
        broken |= after.broken - before.plan.broken
        plans.changed(db, before.row, now=now)
        for technician_id, timetable in after.timetables.items():
            if timetable.visits and timetable != before.plan.timetables.get(technician_id):
                plans.put_order(
                    db,
                    LockedDay(before.row, after),
                    technician_id=technician_id,
                    timetable=timetable,
                )
    if broken:
        raise breaks_promises(queries.visits_by_id(db, sorted(broken)).values())
    db.flush()


def _coming(db: Session, branch_id: int, now: datetime) -> list[date]:
    """Return the days from today on that somebody has looked at or planned, in their order."""
    found = select(BranchDay.day).where(
        BranchDay.branch_id == branch_id, BranchDay.day >= local_date(now)
    )
    return list(db.scalars(found.order_by(BranchDay.day)))


def _are_spans(spans: list[list[int]]) -> bool:
    last_s = -1
    for from_s, to_s in spans:
        if not last_s < from_s < to_s <= DAY_S:
            return False
        last_s = to_s
    return len(spans) <= SPANS_MAX
