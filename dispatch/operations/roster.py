"""Branches, technicians and shifts; binding a technician's WeChat."""

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import select, update

from dispatch.models import Branch, Shift, Technician
from dispatch.operations import plan as plans
from kernel.db import Session
from kernel.errors import Missing
from kernel.geo import Point
from kernel.numbers import new_number
from kernel.words import msg


class NoSuchBindCode(Missing):
    """The code was used, replaced or never given."""

    code = "bind_code"
    says = msg("绑定码无效，请让调度重新生成。")


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
) -> Shift:
    """Give a technician a working day; `breaks` are (opens_s, shuts_s, length_s).

    What was proven for that day before is proven anew.
    """
    shift = Shift(
        technician_id=technician.id,
        branch_id=technician.branch_id,
        day=day,
        opens_s=opens_s,
        shuts_s=shuts_s,
        breaks=[list(rest) for rest in breaks],
    )
    db.add(shift)
    plans.roster_changed(db, branch_id=technician.branch_id, day=day)
    return shift


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
