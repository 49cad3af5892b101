"""What crosses a branch's routes, written down: partners, shared tools, crews, loads and fair hours.

Offers, hands and plans keep it from now on; what stands in the live plan is left as it is.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from dispatch import queries, ties
from dispatch.daybook import DayPlan
from dispatch.keeping import BadKeeping
from dispatch.models import Crew, Load, Partner, Tool, Visit
from dispatch.operations import plan as plans
from dispatch.operations import rules
from dispatch.planner.judge import Verdict
from dispatch.planner.problem import Window
from dispatch.states import MOVABLE
from kernel.db import Session
from kernel.errors import Invalid
from kernel.words import msg

COUNT_MAX = 999
CREW_MAX = 4


class BadCrew(Invalid):
    """Visits that cannot begin together."""

    code = "bad_crew"
    says = msg(
        "同时上门要填同一天、本网点、还没出发的 2 到 4 单，约定时段要有重叠，每单只能排一次。"
    )


class NobodyChosen(Invalid):
    """A partner without technicians."""

    code = "nobody_chosen"
    says = msg("请至少选一位本网点的师傅。")


class NothingChosen(Invalid):
    """A tool that no service needs."""

    code = "nothing_chosen"
    says = msg("请至少选一项用到它的服务。")


class TieKind(StrEnum):
    """What is written down by a name or a number of its own."""

    PARTNER = "partner"
    TOOL = "tool"
    CREW = "crew"


def set_partner(
    db: Session,
    *,
    branch_id: int,
    name: str,
    technician_ids: Collection[int],
    visits_max: int,
    now: datetime,
) -> Partner:
    """Write down a partner's technicians and how many visits a day they may be given in all.

    Raises NobodyChosen.
    """
    own = {person.id for person in queries.technicians(db, branch_id=branch_id)}
    chosen = sorted(own.intersection(technician_ids))
    if not chosen:
        raise NobodyChosen(field="people")
    found = select(Partner).where(Partner.branch_id == branch_id, Partner.name == name)
    partner = db.scalars(found).one_or_none() or Partner(branch_id=branch_id, name=name)
    partner.technician_ids, partner.visits_max = chosen, visits_max
    db.add(partner)
    db.flush()
    plans.branch_changed(db, branch_id=branch_id, now=now)
    return partner


def set_tool(
    db: Session,
    *,
    branch_id: int,
    name: str,
    services: Collection[str],
    count: int,
    now: datetime,
) -> Tool:
    """Write down how many of a tool there are, and the services that need one. Raises NothingChosen."""
    if not services:
        raise NothingChosen(field="services")
    found = select(Tool).where(Tool.branch_id == branch_id, Tool.name == name)
    tool = db.scalars(found).one_or_none() or Tool(branch_id=branch_id, name=name)
    tool.services, tool.count = sorted(services), count
    db.add(tool)
    db.flush()
    plans.branch_changed(db, branch_id=branch_id, now=now)
    return tool


def set_load(
    db: Session, *, branch_id: int, service: str, down: int, up: int, now: datetime
) -> None:
    """Write down what a service's visit brings and takes along; nothing of both is no row."""
    found = select(Load).where(Load.branch_id == branch_id, Load.service == service)
    load = db.scalars(found).one_or_none() or Load(branch_id=branch_id, service=service)
    load.down, load.up = down, up
    if down or up:
        db.add(load)
    elif load.id is not None:
        db.delete(load)
    db.flush()
    plans.branch_changed(db, branch_id=branch_id, now=now)


def set_fair(db: Session, *, branch_id: int, is_fair: bool) -> None:
    """Say whether plans spread the hours of the month evenly."""
    queries.branch(db, branch_id).is_fair = is_fair


def set_keeping(
    db: Session,
    *,
    branch_id: int,
    tag_id: int | None,
    windows: Sequence[Window],
    hours: int,
) -> None:
    """Keep windows of each day for the members with that tag until so many hours before they open;
    without a tag, keep none. Visits that are placed stay. Raises BadKeeping."""
    row = queries.branch(db, branch_id)
    pairs = [[window.open_s, window.shut_s] for window in windows]
    if tag_id is not None and (not pairs or any(pair not in row.windows for pair in pairs)):
        raise BadKeeping(field="kept")
    row.kept_tag_id, row.kept_windows, row.kept_hours = tag_id, pairs, hours


def set_crew(db: Session, *, branch_id: int, numbers: Sequence[str]) -> Crew:
    """Write down that those visits are to begin together, each with a technician of its own.

    Raises BadCrew.
    """
    visits = list(
        db.scalars(select(Visit).where(Visit.branch_id == branch_id, Visit.number.in_(numbers)))
    )
    ids = sorted(visit.id for visit in visits)
    if (
        not 2 <= len(ids) == len(numbers) <= CREW_MAX
        or len({visit.day for visit in visits}) > 1
        or any(visit.state not in MOVABLE for visit in visits)
        or max(visit.opens_s for visit in visits) > min(visit.shuts_s for visit in visits)
        or ties.crews(db, branch_id=branch_id, visit_ids=ids)
    ):
        raise BadCrew(field="visits")
    crew = Crew(branch_id=branch_id, day=visits[0].day, visit_ids=ids)
    db.add(crew)
    db.flush()
    plans.roster_changed(db, branch_id=branch_id, days=[crew.day])
    return crew


def drop(db: Session, *, branch_id: int, kind: TieKind, row_id: int, now: datetime) -> None:
    """Take a row out; saying it twice is once. A crew that was to meet is free to come sooner."""
    row: Partner | Tool | Crew | None
    match kind:
        case TieKind.PARTNER:
            row = db.get(Partner, row_id)
        case TieKind.TOOL:
            row = db.get(Tool, row_id)
        case TieKind.CREW:
            row = db.get(Crew, row_id)
    if row is None or row.branch_id != branch_id:
        return
    if isinstance(row, Crew) and row.meets_s is not None:
        with rules.kept(db, branch_id=branch_id, now=now):
            _have_meet(db, row, None)
    db.delete(row)
    db.flush()
    if isinstance(row, Crew):
        plans.roster_changed(db, branch_id=branch_id, days=[row.day])
    else:
        plans.branch_changed(db, branch_id=branch_id, now=now)


def meet(db: Session, day: DayPlan, verdict: Verdict) -> None:
    """Have the crews of a plan that is made begin when it says: nobody sooner than the last of them."""
    starts = {v.stop_id: v.start_s for t in verdict.timetables.values() for v in t.visits}
    tied = {crew.stop_ids for crew in day.problem.ties.together}
    for crew in ties.crews(db, branch_id=day.branch_id, visit_ids=starts):
        if tuple(crew.visit_ids) in tied:
            _have_meet(db, crew, starts[crew.visit_ids[0]])


def meetings(db: Session, *, branch_id: int, visit_ids: Collection[int]) -> dict[str, int | None]:
    """Return when the crews of those visits are to meet, by the crew's id."""
    found = ties.crews(db, branch_id=branch_id, visit_ids=visit_ids)
    return {str(crew.id): crew.meets_s for crew in found}


def lay_back(db: Session, were: Mapping[str, int | None]) -> None:
    """Have crews meet when they did."""
    for crew_id, meets_s in were.items():
        crew = db.get(Crew, int(crew_id))
        if crew is not None:
            _have_meet(db, crew, meets_s)


def _have_meet(db: Session, crew: Crew, meets_s: int | None) -> None:
    for visit in queries.visits_by_id(db, crew.visit_ids).values():
        if meets_s is not None or visit.not_before_s == crew.meets_s:
            visit.not_before_s = meets_s
    crew.meets_s = meets_s
