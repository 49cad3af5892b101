"""Reads of dispatch: branches, technicians, visits."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, func, or_, select

from dispatch.models import (
    BarredPair,
    Branch,
    BranchDay,
    Estate,
    Evidence,
    Proposal,
    RouteRow,
    Shift,
    Technician,
    Visit,
    VisitPhoto,
    VisitStep,
)
from dispatch.policy import is_news
from dispatch.states import LEFT, OUT, OWED, TOLD, UNDER_WAY, VisitState
from kernel import leases
from kernel.actor import Actor
from kernel.db import Session, transaction
from kernel.errors import Invalid, Missing
from kernel.geo import Point, great_circle_m, in_ring
from kernel.words import msg


class OutOfArea(Invalid):
    """No branch serves the place."""

    code = "out_of_area"
    says = msg("这个地址暂时不在服务范围，离最近的网点 %(km)s 公里。")


class VisitMissing(Missing):
    """No such visit, or it is another technician's."""

    says = msg("这张上门任务不在您名下，可能已改派或取消。")


_UNFINISHED = OWED | UNDER_WAY | {VisitState.WORK_DONE}


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitTimes:
    """What the plan says of one visit, seconds of the day; it stands in `technician_id`'s route."""

    technician_id: int
    day: date
    arrive_s: int
    start_s: int
    depart_s: int
    stops_before: int


def branch_serving(db: Session, point: Point) -> Branch:
    """Return the branch in whose territory the place lies. Raises OutOfArea."""
    branches = db.scalars(select(Branch).order_by(Branch.id)).all()
    for branch in branches:
        if in_ring(point, [Point(lat, lon) for lat, lon in branch.territory]):
            return branch
    nearest_m = min((great_circle_m(point, b.point) for b in branches), default=0.0)
    raise OutOfArea(field="address", km=round(nearest_m / 1000))


def branches(db: Session) -> Sequence[Branch]:
    """Return every branch, by id."""
    return db.scalars(select(Branch).order_by(Branch.id)).all()


def branch(db: Session, branch_id: int) -> Branch:
    """Return the branch with that id. Raises Missing."""
    found = db.get(Branch, branch_id)
    if found is None:
        raise Missing
    return found


def technician(db: Session, technician_id: int) -> Technician:
    """Return the technician with that id, which must exist."""
    return db.scalars(select(Technician).where(Technician.id == technician_id)).one()


def technicians(db: Session, *, branch_id: int) -> Sequence[Technician]:
    """Return the branch's technicians by work number."""
    found = select(Technician).where(Technician.branch_id == branch_id)
    return db.scalars(found.order_by(Technician.work_number)).all()


def names(db: Session) -> set[str]:
    """Return what the technicians are called, also those who left."""
    return set(db.scalars(select(Technician.name)))


def technicians_by_id(db: Session, technician_ids: Collection[int]) -> dict[int, Technician]:
    """Return those technicians by id."""
    found = db.scalars(select(Technician).where(Technician.id.in_(technician_ids)))
    return {row.id: row for row in found}


def technician_by_openid(db: Session, openid: str) -> Technician | None:
    """Return the technician bound to that openid."""
    return db.scalars(select(Technician).where(Technician.openid == openid)).one_or_none()


def estates(db: Session, *, branch_id: int) -> Sequence[Estate]:
    """Return the 小区 in the branch's books, by name."""
    found = select(Estate).where(Estate.branch_id == branch_id)
    return db.scalars(found.order_by(Estate.name)).all()


def estate_names(db: Session, *, branch_id: int) -> list[str]:
    """Return the names of the 小区 in the branch's books."""
    return [estate.name for estate in estates(db, branch_id=branch_id)]


def shifts(db: Session, *, branch_id: int, day: date) -> dict[int, Shift]:
    """Return the shifts that are worked that day in the branch, by technician id."""
    found = db.scalars(
        select(Shift).where(Shift.branch_id == branch_id, Shift.day == day, Shift.absent == "")
    )
    return {shift.technician_id: shift for shift in found}


def absences(db: Session, *, branch_id: int, day: date) -> dict[int, str]:
    """Return why those technicians of the branch are away who should work that day, by their id."""
    found = select(Shift.technician_id, Shift.absent).where(
        Shift.branch_id == branch_id, Shift.day == day, Shift.absent != ""
    )
    return {row.technician_id: row.absent for row in db.execute(found)}


def barred_from(db: Session, visit_ids: Collection[int]) -> dict[int, frozenset[int]]:
    """Return who declined each of those visits, by visit id; visits that nobody declined are left out."""
    pairs = db.execute(
        select(BarredPair.visit_id, BarredPair.technician_id).where(
            BarredPair.visit_id.in_(visit_ids)
        )
    )
    found: dict[int, frozenset[int]] = {}
    for visit_id, technician_id in pairs:
        found[visit_id] = found.get(visit_id, frozenset()) | {technician_id}
    return found


def declined_by(db: Session, technician_id: int, *, limit: int = 50) -> Sequence[BarredPair]:
    """Return what the technician declined, newest first."""
    found = select(BarredPair).where(BarredPair.technician_id == technician_id)
    return db.scalars(found.order_by(BarredPair.id.desc()).limit(limit)).all()


def evidence(db: Session, visit_id: int) -> Sequence[Evidence]:
    """Return what was proven at the door of a visit, oldest first."""
    found = select(Evidence).where(Evidence.visit_id == visit_id).order_by(Evidence.id)
    return db.scalars(found).all()


def day_version(db: Session, *, branch_id: int, day: date) -> int:
    """Return the version of that branch's plan of that day; 0 when nobody has touched it yet."""
    found = select(BranchDay.version).where(BranchDay.branch_id == branch_id, BranchDay.day == day)
    return db.scalar(found) or 0


def day_versions(db: Session, *, branch_id: int, days: Collection[date]) -> dict[date, int]:
    """Return the versions of the branch's plans of those days; days that nobody has touched are left
    out."""
    found = select(BranchDay.day, BranchDay.version).where(
        BranchDay.branch_id == branch_id, BranchDay.day.in_(days)
    )
    return {row.day: row.version for row in db.execute(found)}


def routes(db: Session, *, branch_id: int, day: date) -> dict[int, RouteRow]:
    """Return the day's route rows of the branch by technician id."""
    found = select(RouteRow).where(RouteRow.branch_id == branch_id, RouteRow.day == day)
    return {row.technician_id: row for row in db.scalars(found)}


def routes_by_technician(
    db: Session, technician_ids: Collection[int], *, day: str
) -> dict[int, RouteRow]:
    """Return the route rows of those technicians on a day given as 2026-11-24."""
    found = select(RouteRow).where(
        RouteRow.technician_id.in_(technician_ids), RouteRow.day == date.fromisoformat(day)
    )
    return {row.technician_id: row for row in db.scalars(found)}


def visits_in_routes(db: Session, *, branch_id: int, day: date) -> dict[int, Visit]:
    """Return the visits that stand in a route of that branch and day, by id."""
    found = select(Visit).where(
        Visit.branch_id == branch_id, Visit.day == day, Visit.route_id.is_not(None)
    )
    return {row.id: row for row in db.scalars(found)}


def days_in_routes(db: Session, *, branch_id: int, days: Collection[date]) -> Sequence[date]:
    """Return those of the days on which anything stands in a route of the branch, in order."""
    found = select(Visit.day).where(
        Visit.branch_id == branch_id, Visit.day.in_(days), Visit.route_id.is_not(None)
    )
    return db.scalars(found.distinct().order_by(Visit.day)).all()


def visit_by_number(db: Session, number: str) -> Visit:
    """Return the visit. Raises VisitMissing."""
    found = db.scalars(select(Visit).where(Visit.number == number)).one_or_none()
    if found is None:
        raise VisitMissing
    return found


def own_visit(db: Session, *, number: str, technician_id: int) -> Visit:
    """Return the visit of that technician. Raises VisitMissing, for another's as for none."""
    found = visit_by_number(db, number)
    if found.technician_id != technician_id:
        raise VisitMissing
    return found


def visits_of(db: Session, *, technician_id: int, first: date, last: date) -> Sequence[Visit]:
    """Return what the technician was told of from day `first` through `last`, by day and window;
    with what was called off afterwards."""
    found = select(Visit).where(
        Visit.technician_id == technician_id,
        Visit.day >= first,
        Visit.day <= last,
        Visit.state.in_(TOLD | OUT),
    )
    return db.scalars(found.order_by(Visit.day, Visit.opens_s, Visit.id)).all()


def open_visit_ids(db: Session, *, technician_id: int, day: date) -> list[int]:
    """Return what the technician was told of and has not finished, in the order of his route."""
    row = route_of(db, technician_id=technician_id, day=day)
    ids = [stop[0] for stop in row.stops] if row else []
    rows = visits_by_id(db, ids)
    told_and_open = TOLD - LEFT
    return [
        i for i in ids if rows[i].technician_id == technician_id and rows[i].state in told_and_open
    ]


def work_under_way(db: Session, *, technician_id: int) -> Visit | None:
    """Return the visit whose work he began and has not ended, of whatever day."""
    found = select(Visit).where(
        Visit.technician_id == technician_id,
        Visit.started_at.is_not(None),
        Visit.finished_at.is_(None),
    )
    return db.scalars(found.order_by(Visit.started_at).limit(1)).one_or_none()


def visit(db: Session, visit_id: int) -> Visit:
    """Return the visit with that id, which must exist."""
    return db.get_one(Visit, visit_id)


def fresh_visit(db: Session, visit_id: int) -> Visit:
    """Return the visit as the database has it now, past what this session has read before."""
    found = select(Visit).where(Visit.id == visit_id).execution_options(populate_existing=True)
    return db.scalars(found).one()


def visits_by_id(db: Session, visit_ids: Sequence[int]) -> dict[int, Visit]:
    """Return those visits by id."""
    return {row.id: row for row in db.scalars(select(Visit).where(Visit.id.in_(visit_ids)))}


def untold_delays(db: Session, delays: Mapping[int, int]) -> bool:
    """Tell whether one of those visits, with when it is reached, is late and its row does not say so,
    or is later than anybody was told."""
    found = select(Visit).where(Visit.id.in_(delays), Visit.state.in_(OWED))
    return any(
        visit.late_since is None or is_news(delays[visit.id], told_s=visit.told_late_s)
        for visit in db.scalars(found)
    )


def open_days(db: Session, *, until: date) -> Sequence[date]:
    """Return the days up to `until` on which a visit of some route is not over, oldest first."""
    found = select(Visit.day).where(
        Visit.day <= until, Visit.route_id.is_not(None), Visit.state.in_(_UNFINISHED)
    )
    return db.scalars(found.distinct().order_by(Visit.day)).all()


def unserved(db: Session, *, branch_id: int, day: date) -> Sequence[Visit]:
    """Return the promised visits of that day that stand in no route, by window."""
    found = select(Visit).where(
        Visit.branch_id == branch_id,
        Visit.day == day,
        Visit.route_id.is_(None),
        Visit.state.in_(OWED),
    )
    return db.scalars(found.order_by(Visit.opens_s, Visit.id)).all()


def steps(db: Session, visit_id: int) -> Sequence[VisitStep]:
    """Return the visit's moves, oldest first."""
    found = select(VisitStep).where(VisitStep.visit_id == visit_id).order_by(VisitStep.seq)
    return db.scalars(found).all()


def photos(db: Session, visit_id: int) -> Sequence[VisitPhoto]:
    """Return the visit's photos, oldest first."""
    found = select(VisitPhoto).where(VisitPhoto.visit_id == visit_id).order_by(VisitPhoto.id)
    return db.scalars(found).all()


def photos_spoken_of(db: Session, sha256s: Collection[str]) -> set[str]:
    """Return which of these photos are photos of the work or prove an arrival."""
    named = Evidence.facts["sha256"].as_string()
    work = select(VisitPhoto.sha256).where(VisitPhoto.sha256.in_(sha256s))
    return {*db.scalars(work), *db.scalars(select(named).where(named.in_(sha256s)))}


def times_of(db: Session, visit: Visit) -> VisitTimes | None:
    """Return what the plan says of the visit; None when it stands in no route."""
    if visit.route_id is None:
        return None
    row = db.get(RouteRow, visit.route_id)
    assert row is not None
    for place, (visit_id, arrive_s, start_s, depart_s) in enumerate(row.stops):
        if visit_id == visit.id:
            return VisitTimes(
                technician_id=row.technician_id,
                day=row.day,
                arrive_s=arrive_s,
                start_s=start_s,
                depart_s=depart_s,
                stops_before=place,
            )
    return None


def route_of(db: Session, *, technician_id: int, day: date) -> RouteRow | None:
    """Return the technician's route row of that day."""
    found = select(RouteRow).where(RouteRow.technician_id == technician_id, RouteRow.day == day)
    return db.scalars(found).one_or_none()


def proposals(
    db: Session, *, branch_id: int, limit: int = 50, offset: int = 0
) -> tuple[Sequence[Proposal], int]:
    """Return a page of the branch's proposals, newest first, and how many there are."""
    where = Proposal.branch_id == branch_id
    total = db.scalar(select(func.count()).select_from(Proposal).where(where)) or 0
    page = select(Proposal).where(where).order_by(Proposal.id.desc()).limit(limit).offset(offset)
    return db.scalars(page).all(), total


def abouts(by: Actor) -> Select[str]:
    """Return the query for the names under which messages speak of visits in the actor's scope."""
    return select("visit:" + Visit.number).where(Visit.branch_id.in_(by.branch_ids))


def visits_of_people(text: str) -> Select[int]:
    """Return the query for the visits of technicians whose name holds, or work number is, `text`."""
    technicians_named = select(Technician.id).where(
        or_(
            Technician.name.contains(text, autoescape=True),
            Technician.work_number == text.upper(),
        )
    )
    return select(Visit.id).where(Visit.technician_id.in_(technicians_named))


def done_visits(*, since: date) -> Select[int, int | None, date]:
    """Return the query for the visits done from that day on: id, technician and day."""
    found = select(Visit.id, Visit.technician_id, Visit.day)
    return found.where(
        Visit.state == VisitState.DONE, Visit.day >= since, Visit.technician_id.is_not(None)
    )


def visits_of_nobody() -> Select[int]:
    """Return the query for the promised visits that stand in no route."""
    return select(Visit.id).where(Visit.route_id.is_(None), Visit.state.in_(OWED))


def routes_of(db: Session, *, technician_id: int, first: date, last: date) -> Sequence[RouteRow]:
    """Return the technician's route rows from day `first` through `last`, by day."""
    found = select(RouteRow).where(
        RouteRow.technician_id == technician_id, RouteRow.day >= first, RouteRow.day <= last
    )
    return db.scalars(found.order_by(RouteRow.day)).all()


def proposals_due() -> bool:
    """Tell whether a proposal waits for a solver."""
    with transaction(reads_only=True) as db:
        return db.scalar(select(Proposal.id).where(leases.due(Proposal)).limit(1)) is not None
