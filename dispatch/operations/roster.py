"""Branches, technicians and shifts; binding a technician's WeChat.

What changes a working day is proven under that day's lock: a change that would break a promise is
refused and says which.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import select, update

from dispatch import live, queries
from dispatch.daybook import DayPlan
from dispatch.models import Branch, Shift, Technician, Visit
from dispatch.operations import plan as plans
from dispatch.operations.withdrawals import NotOnShift
from dispatch.planner.problem import BREAKS_MAX, DAY_S
from dispatch.states import LEFT
from kernel.clock import local_date, second_of_day
from kernel.db import Session
from kernel.errors import Conflict, Invalid, Missing
from kernel.geo import Point
from kernel.numbers import new_number
from kernel.words import msg

LABELS_MAX = 5  # visits that a refusal names


class NoSuchBindCode(Missing):
    """The code was used, replaced or never given."""

    code = "bind_code"
    says = msg("绑定码无效，请让调度重新生成。")


class WorkNumberTaken(Conflict):
    """Two technicians cannot have one work number."""

    code = "work_number_taken"
    says = msg("这个工号已经有人用了，请换一个。")


class BadShift(Invalid):
    """A working day that has no length, or a rest that does not lie within it."""

    code = "bad_shift"
    says = msg("下班要晚于上班；休息要在班次里开始和结束，按时间先后填。")


class DayIsOver(Conflict):
    """The past is written down and stays as it was."""

    code = "day_is_over"
    says = msg("过去的班次不能改。")


class IsAway(Conflict):
    """He is on leave that day."""

    code = "is_away"
    says = msg("这一天他请了假，请先销假。")


class BreaksPromises(Conflict):
    """The change would break promises; `visits` are their numbers."""

    code = "breaks_promises"
    says = msg("这样改会打破 %(count)s 个承诺：%(labels)s。请先改派这些单。")


class StillHasVisits(Conflict):
    """Somebody has to take his visits first."""

    code = "still_has_visits"
    says = msg("他还有 %(count)s 单没有做完：%(labels)s。请先改派，或登记请假让系统改派。")


def add_branch(
    db: Session,
    *,
    code: str,
    name: str,
    point: Point,
    territory: Sequence[Point],
    windows: Sequence[tuple[int, int]],
) -> Branch:
    """Open a branch; `windows` are (opens_s, shuts_s) of each day, for the arrival."""
    branch = Branch(
        code=code,
        name=name,
        lat=point.lat,
        lon=point.lon,
        territory=[[p.lat, p.lon] for p in territory],
        windows=[list(window) for window in windows],
    )
    db.add(branch)
    db.flush()
    return branch


def add_technician(
    db: Session,
    *,
    branch_id: int,
    work_number: str,
    name: str,
    phone: str,
    home: Point,
    skills: Mapping[str, int],
) -> Technician:
    """Take on a technician; `skills` maps a skill's code to his level."""
    technician = Technician(
        branch_id=branch_id,
        work_number=work_number,
        name=name,
        phone=phone,
        lat=home.lat,
        lon=home.lon,
        skills=dict(skills),
    )
    db.add(technician)
    db.flush()
    return technician


def add_shift(
    db: Session,
    *,
    technician: Technician,
    day: date,
    opens_s: int,
    shuts_s: int,
    breaks: Sequence[tuple[int, int, int]] = (),
) -> None:
    """Give a technician a working day; `breaks` are (opens_s, shuts_s, length_s).

    What was proven for that day before is proven anew.
    """
    add_shifts(
        db, technician=technician, days=[day], opens_s=opens_s, shuts_s=shuts_s, breaks=breaks
    )


def add_shifts(
    db: Session,
    *,
    technician: Technician,
    days: Sequence[date],
    opens_s: int,
    shuts_s: int,
    breaks: Sequence[tuple[int, int, int]] = (),
) -> None:
    """Give a technician the same hours on several days, in a few statements for all of them."""
    db.add_all(
        Shift(
            technician_id=technician.id,
            branch_id=technician.branch_id,
            day=day,
            opens_s=opens_s,
            shuts_s=shuts_s,
            breaks=[list(rest) for rest in breaks],
        )
        for day in days
    )
    plans.roster_changed(db, branch_id=technician.branch_id, days=days)


def hire(
    db: Session,
    *,
    branch_id: int,
    work_number: str,
    name: str,
    phone: str,
    home: Point,
    skills: Mapping[str, int],
) -> Technician:
    """Take on a technician under a work number that is free. Raises WorkNumberTaken."""
    if db.scalar(select(Technician.id).where(Technician.work_number == work_number)) is not None:
        raise WorkNumberTaken(field="work_number")
    return add_technician(
        db,
        branch_id=branch_id,
        work_number=work_number,
        name=name,
        phone=phone,
        home=home,
        skills=skills,
    )


def set_shift(
    db: Session,
    *,
    technician_id: int,
    day: date,
    opens_s: int,
    shuts_s: int,
    breaks: Sequence[tuple[int, int, int]] = (),
    now: datetime,
) -> Shift:
    """Give a technician that working day, or change the one he has; saying it twice is once.

    `breaks` are (opens_s, shuts_s, length_s). Raises BadShift, DayIsOver, IsAway, BreaksPromises.
    """
    _check_hours(opens_s, shuts_s, breaks)
    technician = queries.technician(db, technician_id)
    _check_day(day, now)
    locked = plans.lock_day(db, branch_id=technician.branch_id, day=day, now=now)
    shift = _shift(db, technician_id, day)
    if shift is not None and shift.absent:
        raise IsAway
    before = locked.plan

    if shift is None:
        shift = Shift(technician_id=technician_id, branch_id=technician.branch_id, day=day)
        db.add(shift)
    shift.opens_s, shift.shuts_s = opens_s, shuts_s
    shift.breaks = [list(rest) for rest in breaks]
    db.flush()
    live.mark_changed(db, branch_id=technician.branch_id, day=day)
    after = live.day_plan(db, branch_id=technician.branch_id, day=day, now=now)
    ends_s = shuts_s + technician.overtime_s
    _check_kept(db, before, after, technician_id=technician_id, shuts_s=ends_s)

    plans.retime(db, technician_id=technician_id, branch_id=technician.branch_id, day=day, now=now)
    return shift


def remove_shift(db: Session, *, technician_id: int, day: date, now: datetime) -> None:
    """Take a working day away on which he has nothing to do.

    Raises NotOnShift, DayIsOver, StillHasVisits.
    """
    technician = queries.technician(db, technician_id)
    _check_day(day, now)
    locked = plans.lock_day(db, branch_id=technician.branch_id, day=day, now=now)
    shift = _shift(db, technician_id, day)
    if shift is None:
        raise NotOnShift
    held = _held(db, technician_id, day)
    if held:
        raise _still_has(held)
    db.delete(shift)
    db.flush()
    plans.changed(db, locked.row, now=now)


def set_skills(
    db: Session,
    *,
    technician_id: int,
    skills: Mapping[str, int],
    certificates: Mapping[str, date] | None = None,
    now: datetime,
) -> Technician:
    """Write down what a technician can do, skill to level; a level of 0 is left out. `certificates`
    are the last days on which those that some skills need hold; None leaves them as they are.

    Refused while a visit before him needs what he would lose. Raises BreaksPromises.
    """
    technician = queries.technician(db, technician_id)
    wanted = {skill: level for skill, level in skills.items() if level > 0}
    until = technician.certificates or {}
    if certificates is not None:
        until = {skill: last.isoformat() for skill, last in certificates.items() if skill in wanted}
    for shift in _coming(db, technician_id, now):
        day = shift.day
        locked = plans.lock_day(db, branch_id=shift.branch_id, day=day, now=now)
        lost = [
            visit
            for visit in _held(db, technician_id, day)
            if visit.state not in LEFT
            and (wanted.get(visit.skill, 0) < visit.level or until.get(visit.skill, "9") < str(day))
        ]
        if lost:
            raise breaks_promises(lost)
        plans.changed(db, locked.row, now=now)
    technician.skills, technician.certificates = wanted, until
    db.flush()
    return technician


def disable(db: Session, *, technician_id: int, now: datetime) -> Technician:
    """Let a technician go: his coming shifts are taken away, and he cannot sign in any more.

    Saying it twice is once. Raises StillHasVisits, also for work that he began on an earlier day.
    """
    technician = queries.technician(db, technician_id)
    if (begun := queries.work_under_way(db, technician_id=technician_id)) is not None:
        raise _still_has([begun])
    for shift in _coming(db, technician_id, now):
        locked = plans.lock_day(db, branch_id=shift.branch_id, day=shift.day, now=now)
        held = _held(db, technician_id, shift.day)
        if left := [visit for visit in held if visit.state not in LEFT]:
            raise _still_has(left)
        if held:
            now_s = max(shift.opens_s + 1, second_of_day(now, shift.day))
            shift.shuts_s = min(shift.shuts_s, now_s)
        else:
            db.delete(shift)
        db.flush()
        plans.changed(db, locked.row, now=now)
    technician.disabled_at, technician.bind_code = technician.disabled_at or now, ""
    return technician


def enable(db: Session, *, technician_id: int) -> Technician:
    """Take a technician back; his shifts are given anew."""
    technician = queries.technician(db, technician_id)
    technician.disabled_at = None
    return technician


def new_bind_code(db: Session, *, technician_id: int) -> str:
    """Open a one-use code by which the technician binds his WeChat; an older one is void."""
    technician = db.scalars(select(Technician).where(Technician.id == technician_id)).one()
    technician.bind_code = new_number("")
    return technician.bind_code


def bind(db: Session, *, bind_code: str, openid: str) -> Technician:
    """Bind the WeChat of `openid` to the technician with that code, which is used up.

    Whoever was bound to this WeChat before is unbound. Raises NoSuchBindCode.
    """
    found = select(Technician).where(Technician.bind_code == bind_code, Technician.bind_code != "")
    technician = db.scalars(found.with_for_update()).one_or_none()
    if technician is None:
        raise NoSuchBindCode
    db.execute(update(Technician).where(Technician.openid == openid).values(openid=None))
    technician.openid, technician.bind_code = openid, ""
    db.flush()
    return technician


def _check_hours(opens_s: int, shuts_s: int, breaks: Sequence[tuple[int, int, int]]) -> None:
    if not 0 <= opens_s < shuts_s <= DAY_S:
        raise BadShift(field="shuts")
    if len(breaks) > BREAKS_MAX:
        raise BadShift(field="breaks")
    for place, (from_s, to_s, length_s) in enumerate(breaks):
        is_within = opens_s <= from_s <= to_s and to_s + length_s <= shuts_s and length_s > 0
        if not is_within or (place and from_s < breaks[place - 1][0]):
            raise BadShift(field="breaks")


def _check_day(day: date, now: datetime) -> None:
    if day < local_date(now):
        raise DayIsOver


def _check_kept(
    db: Session, before: DayPlan, after: DayPlan, *, technician_id: int, shuts_s: int
) -> None:
    """Refuse what makes a promise late that was not, or him work past his new end."""
    broken = set(after.late - before.late)
    own = after.timetables.get(technician_id)
    if own is not None and own.visits and own.finish_s > shuts_s:
        broken |= {visit.stop_id for visit in own.visits if visit.depart_s > shuts_s}
        broken.add(own.visits[-1].stop_id)
    if broken:
        raise breaks_promises(queries.visits_by_id(db, sorted(broken)).values())


def breaks_promises(visits: Iterable[Visit]) -> BreaksPromises:
    """Return the refusal that names these visits."""
    rows = sorted(visits, key=lambda visit: (visit.day, visit.opens_s, visit.id))
    return BreaksPromises(
        count=len(rows), labels=_labels(rows), visits=[visit.number for visit in rows]
    )


def _still_has(visits: Sequence[Visit]) -> StillHasVisits:
    return StillHasVisits(
        count=len(visits), labels=_labels(visits), visits=[visit.number for visit in visits]
    )


def _labels(visits: Sequence[Visit]) -> str:
    return "、".join(visit.label for visit in visits[:LABELS_MAX])


def _shift(db: Session, technician_id: int, day: date) -> Shift | None:
    found = select(Shift).where(Shift.technician_id == technician_id, Shift.day == day)
    return db.scalars(found).one_or_none()


def _coming(db: Session, technician_id: int, now: datetime) -> Sequence[Shift]:
    """Return his shifts from today on, by day."""
    found = select(Shift).where(Shift.technician_id == technician_id, Shift.day >= local_date(now))
    return db.scalars(found.order_by(Shift.day)).all()


def _held(db: Session, technician_id: int, day: date) -> list[Visit]:
    """Return what stands in his route of that day, in its order."""
    row = queries.route_of(db, technician_id=technician_id, day=day)
    ids = [stop[0] for stop in row.stops] if row else []
    visits = queries.visits_by_id(db, ids)
    return [visits[i] for i in ids]
