"""A day's rows as the facts that planning needs, read anew only where their versions moved.

Nothing here is believed: every reading asks the database for the versions of all rows first, in one
statement, and keeps of what was read before only that whose versions are still the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache, cached_property
from typing import Any

from sqlalchemy import Row, Select, String, bindparam, event, func, literal, null, select, union_all

from dispatch import areas, queries
from dispatch.models import (
    BarredPair,
    Crew,
    Estate,
    Load,
    Partner,
    RouteRow,
    Shift,
    Technician,
    Tool,
    Visit,
)
from dispatch.planner.problem import Break, Window
from dispatch.share import EstateFacts, Ground, TechnicianFacts, VisitFacts
from dispatch.tied import NO_TIES, Needs, PartnerFacts, TieFacts, ToolFacts
from kernel.clock import second_of_day
from kernel.db import Session
from kernel.geo import Point

# The rows of which a plan is made.
_OF_A_PLAN = (BarredPair, Crew, Estate, Load, Partner, RouteRow, Shift, Technician, Tool, Visit)


@dataclass(frozen=True, slots=True)
class Books:
    """The branch's 小区: what planning needs of each, and the district of each."""

    facts: Mapping[str, EstateFacts]
    districts: Mapping[str, str]


@dataclass(frozen=True)
class DayRows:
    """Everybody who works that day in the branch, by work number, and what stands in his route.

    `stamps` are the rows of all that, with their versions, as they were when this was read; the 小区 and
    the ties have none, and are read each time.
    """

    stamps: Mapping[int, tuple[Any, ...]]
    books: Books
    technicians: tuple[TechnicianFacts, ...]
    visits: Mapping[int, VisitFacts]
    ties: TieFacts = NO_TIES

    @cached_property
    def ground(self) -> Ground:
        """What the visits demand of those who work that day."""
        return Ground(
            estates=self.books.facts,
            has_areas=any(t.areas is not None for t in self.technicians),
            pace=max([1.0, *(t.pace for t in self.technicians)]),
            loads=self.ties.loads,
        )


NOTHING_READ = DayRows({}, Books({}, {}), (), {})


def read(db: Session, *, branch_id: int, day: date, known: DayRows = NOTHING_READ) -> DayRows:
    """Return the day's rows as this transaction sees them; `known` is what was read of it before."""
    books = _books(db, branch_id)
    if books != known.books:
        # Whom it lets into which area hangs on all of them.
        known = NOTHING_READ
    rows = _stamped(db, branch_id=branch_id, day=day)
    stamps = {row.id: tuple(row) for row in rows}
    ties = _ties(db, branch_id, day)
    moved = [row for row in rows if known.stamps.get(row.id) != stamps[row.id]]
    if not moved and list(stamps) == list(known.stamps) and books == known.books:
        return known if ties == known.ties else replace(known, ties=ties)
    stops = _stops(db, [row.route_id for row in moved if row.route_id is not None])
    fresh = {
        row.id: _technician_facts(row, *stops.get(row.route_id, ([], [])), day=day, books=books)
        for row in moved
    }
    before = {facts.id: facts for facts in known.technicians}
    technicians = tuple(fresh.get(i) or before[i] for i in stamps)
    read_anew = _visits(db, [i for facts in fresh.values() for i in facts.order])
    return DayRows(
        stamps,
        books,
        technicians,
        {
            i: read_anew[i] if i in read_anew else known.visits[i]
            for facts in technicians
            for i in facts.order
        },
        ties,
    )


def has_written(db: Session) -> bool:
    """Tell whether this transaction has written such rows: their versions may yet be taken back, and
    given again to other contents."""
    return "has_written_rows" in db.info


@event.listens_for(Session, "before_flush")
def _note_written(db: Session, *_: object) -> None:
    if any(isinstance(row, _OF_A_PLAN) for rows in (db.new, db.dirty, db.deleted) for row in rows):
        db.info["has_written_rows"] = True


def _books(db: Session, branch_id: int) -> Books:
    found = db.execute(_estates(), {"branch": branch_id}).all()
    return Books(
        {
            row.name: EstateFacts(tuple((a, b) for a, b in row.closed), row.access_s)
            for row in found
        },
        {row.name: row.district for row in found},
    )


def _ties(db: Session, branch_id: int, day: date) -> TieFacts:
    """Return what crosses the routes of the branch that day, and its loads, in one statement."""
    found: dict[str, list[Row[*tuple[Any, ...]]]] = {}
    for row in db.execute(_crossing(), {"branch": branch_id, "on": day}):
        found.setdefault(row.kind, []).append(row)
    return TieFacts(
        partners=tuple(
            PartnerFacts(r.name, frozenset(r.ids), r.most) for r in found.get("partner", ())
        ),
        tools=tuple(ToolFacts(r.name, frozenset(r.ids), r.most) for r in found.get("tool", ())),
        crews=tuple(tuple(r.ids) for r in found.get("crew", ())),
        loads={r.name: (r.most, r.up) for r in found.get("load", ())},
    )


@cache
def _crossing() -> Select[*tuple[Any, ...]]:
    """Return the query, built once like the next."""
    every = union_all(
        select(
            literal("partner").label("kind"),
            Partner.id,
            Partner.name,
            Partner.technician_ids.label("ids"),
            Partner.visits_max.label("most"),
            literal(0).label("up"),
        ).where(Partner.branch_id == bindparam("branch")),
        select(literal("tool"), Tool.id, Tool.name, Tool.services, Tool.count, literal(0)).where(
            Tool.branch_id == bindparam("branch")
        ),
        select(
            literal("crew"), Crew.id, literal("", String), Crew.visit_ids, Crew.meets_s, literal(0)
        ).where(Crew.branch_id == bindparam("branch"), Crew.day == bindparam("on")),
        select(literal("load"), Load.id, Load.service, null(), Load.down, Load.up).where(
            Load.branch_id == bindparam("branch")
        ),
    ).subquery()
    return select(every).order_by(every.c.kind, every.c.name, every.c.id)


@cache
def _estates() -> Select[*tuple[Any, ...]]:
    """Return the query, built once like the next."""
    return select(Estate.name, Estate.district, Estate.closed, Estate.access_s).where(
        Estate.branch_id == bindparam("branch")
    )


def _stamped(db: Session, *, branch_id: int, day: date) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return each technician's own row, his shift, and the versions of his route and its visits."""
    return db.execute(_stamps(), {"branch": branch_id, "on": day}).all()


@cache
def _stamps() -> Select[*tuple[Any, ...]]:
    """Return the query, built once: it is asked at every change of a day.

    A visit that comes or goes moves the route's version, any other change of it its own; versions
    only grow, so that their sum over one route stays the same only when each of them does.
    """
    return (
        select(
            Technician.id,
            Technician.lat,
            Technician.lon,
            Technician.skills,
            Technician.certificates,
            Technician.areas,
            Technician.no_go,
            Technician.pace_percent,
            Technician.overtime_s,
            Technician.is_standby,
            Technician.van_room,
            Shift.opens_s,
            Shift.shuts_s,
            Shift.breaks,
            RouteRow.id.label("route_id"),
            RouteRow.version,
            func.count(Visit.id),
            func.sum(Visit.version),
        )
        .join(Shift, Shift.technician_id == Technician.id)
        .outerjoin(
            RouteRow,
            (RouteRow.technician_id == Technician.id)
            & (RouteRow.day == Shift.day)
            & (RouteRow.branch_id == Shift.branch_id),
        )
        .outerjoin(Visit, Visit.route_id == RouteRow.id)
        .where(
            Technician.branch_id == bindparam("branch"),
            Shift.branch_id == bindparam("branch"),
            Shift.day == bindparam("on"),
            Shift.absent == "",
        )
        .group_by(Technician.id, Shift.id, RouteRow.id)
        .order_by(Technician.work_number)
    )


def _stops(
    db: Session, route_ids: Sequence[int]
) -> dict[int | None, tuple[list[list[int]], list[list[int]]]]:
    """Return the stops and breaks of those routes."""
    if not route_ids:
        return {}
    found = select(RouteRow.id, RouteRow.stops, RouteRow.breaks).where(RouteRow.id.in_(route_ids))
    return {row.id: (row.stops, row.breaks) for row in db.execute(found)}


def _technician_facts(
    row: Row[*tuple[Any, ...]],
    stops: Sequence[Sequence[int]],
    breaks: Sequence[Sequence[int]],
    *,
    day: date,
    books: Books,
) -> TechnicianFacts:
    expired = {
        skill
        for skill, until in (row.certificates or {}).items()
        if skill in row.skills and date.fromisoformat(until) < day
    }
    return TechnicianFacts(
        id=row.id,
        home=Point(row.lat, row.lon),
        skills={skill: level for skill, level in row.skills.items() if skill not in expired},
        expired=frozenset(expired),
        areas=areas.served(row.areas or (), row.no_go or (), books.districts),
        pace=row.pace_percent / 100,
        overtime_s=row.overtime_s,
        is_standby=row.is_standby,
        van_room=row.van_room,
        shift_open_s=row.opens_s,
        shift_shut_s=row.shuts_s,
        breaks=tuple(Break(*rest) for rest in row.breaks),
        order=tuple(stop[0] for stop in stops),
        planned_breaks=tuple((start, end) for start, end in breaks),
        route_version=row.version or 0,
        route_id=row.route_id,
    )


def _visits(db: Session, visit_ids: Sequence[int]) -> dict[int, VisitFacts]:
    if not visit_ids:
        return {}
    found = select(
        Visit.id,
        Visit.day,
        Visit.lat,
        Visit.lon,
        Visit.work_s,
        Visit.opens_s,
        Visit.shuts_s,
        Visit.not_before_s,
        Visit.skill,
        Visit.level,
        Visit.estate,
        Visit.pinned_id,
        Visit.state,
        Visit.wish_id,
        Visit.technician_id,
        Visit.departed_at,
        Visit.arrived_at,
        Visit.started_at,
        Visit.finished_at,
        Visit.service,
        Visit.after_id,
    ).where(Visit.id.in_(visit_ids))
    barred = queries.barred_from(db, visit_ids)
    return {row.id: _visit_facts(row, barred.get(row.id, frozenset())) for row in db.execute(found)}


def _visit_facts(row: Row[*tuple[Any, ...]], barred: frozenset[int]) -> VisitFacts:
    def second(instant: datetime | None) -> int | None:
        return None if instant is None else second_of_day(instant, row.day)

    # It may begin as promised, or once its goods are there.
    opens_s = max(row.opens_s, min(row.not_before_s or 0, row.shuts_s))
    return VisitFacts(
        id=row.id,
        point=Point(row.lat, row.lon),
        work_s=row.work_s,
        window=Window(opens_s, row.shuts_s),
        skill=row.skill,
        level=row.level,
        estate=row.estate,
        state=row.state,
        barred=barred,
        wish=row.wish_id,
        pinned=row.pinned_id,
        told_id=row.technician_id,
        departed_s=second(row.departed_at),
        arrived_s=second(row.arrived_at),
        started_s=second(row.started_at),
        finished_s=second(row.finished_at),
        needs=Needs(row.service, row.after_id),
    )
