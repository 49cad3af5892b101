"""The technicians: who they are, what they can do, and when they work."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from dispatch.daybook import TechnicianFacts
from dispatch.models import Branch, Shift, Technician
from dispatch.operations import roster
from dispatch.planner.problem import Break
from gateways.maps.gazetteer import Entry
from kernel.db import Session
from kernel.geo import Point, great_circle_m
from scripts.demo_city.stage import HOUR_S, MINUTE_S, PAST_DAYS, SHIFT_DAYS, day_at, dice

FIRST_WORK_NUMBER = 201
WORK_NUMBER_STEP = 3
# Technicians live near their depot: a decay length.
NEAR_M = 6_000
# As far as we know no carrier gives this segment out, so that nobody's own number is shown.
PHONE_SEGMENT = "161"
HALF_HOUR_S = HOUR_S // 2
REST_S = 45 * MINUTE_S

NAMES: Mapping[str, tuple[str, ...]] = {
    "QD1": (
        *("王德海", "李建军", "张秀峰", "刘志强", "陈海波", "杨立新", "赵永刚", "孙国庆"),
        *("周文涛", "吴晓东", "徐明亮", "高振宇", "林向阳", "马承志", "郭旭光", "姜宝山"),
    ),
    "QD2": (
        *("宋启航", "于海涛", "迟永生", "曲长河", "战洪波", "辛志远", "尹鹏程", "纪少华"),
        *("逄锦程", "崔云峰", "韩立国", "冯学武", "邓世杰"),
    ),
    "QD3": (
        *("曹雪松", "彭家乐", "曾宪民", "萧景天", "田守义", "董世昌", "潘金龙", "袁振邦"),
        *("蔡国华", "余庆丰", "卢晓光"),
    ),
}

# What one learns together; the level of each skill is thrown, from the first number to the second.
TRADES: tuple[Mapping[str, tuple[int, int]], ...] = (
    {"air": (2, 3), "cleaning": (1, 2), "appliance": (1, 2)},
    {"heater": (2, 3), "appliance": (2, 3), "water": (1, 2)},
    {"appliance": (2, 2), "delivery": (1, 2), "cleaning": (1, 2)},
    {"air": (2, 3), "heater": (2, 2), "cleaning": (1, 3), "water": (1, 1)},
    {"air": (2, 2), "appliance": (2, 2), "delivery": (1, 1)},
    {"cleaning": (2, 3), "water": (1, 2), "heater": (2, 2)},
    {"air": (3, 3), "cleaning": (2, 3)},
    {"delivery": (1, 2), "appliance": (1, 2), "heater": (2, 3), "air": (2, 2)},
)


@dataclass(frozen=True, slots=True)
class Hours:
    """A shift with its floating rest, seconds of the day."""

    opens_s: int
    shuts_s: int
    rest: tuple[int, int, int]


EARLY = Hours(15 * HALF_HOUR_S, 17 * HOUR_S, (11 * HOUR_S, 25 * HALF_HOUR_S, REST_S))
LATE = Hours(11 * HOUR_S, 41 * HALF_HOUR_S, (15 * HOUR_S, 17 * HOUR_S, REST_S))
# One technician in three works late, another one each week.
LATE_EVERY = 3
# Most people call on a Monday: one technician in so many has it off, the others another day.
MONDAY_OFF_EVERY = 13


@dataclass(frozen=True, slots=True)
class Colleague:
    """A technician with his working days."""

    technician: Technician
    shifts: Mapping[date, Shift]

    def facts(self, day: date) -> TechnicianFacts:
        """Return that day, which he must work, as planning sees it before any visit."""
        technician, shift = self.technician, self.shifts[day]
        return TechnicianFacts(
            id=technician.id,
            home=technician.point,
            skills=technician.skills,
            shift_open_s=shift.opens_s,
            shift_shut_s=shift.shuts_s,
            breaks=tuple(Break(*rest) for rest in shift.breaks),
            order=(),
            planned_breaks=(),
            route_version=0,
        )


def take_on(
    db: Session, *, branches: Mapping[str, Branch], homes: Mapping[str, Sequence[Entry]]
) -> dict[str, list[Colleague]]:
    """Take on every technician and give him his shifts; return them by branch code.

    `homes` are the compounds of each branch's territory.
    """
    throw = dice("people")
    taken: dict[str, list[Colleague]] = {}
    place = 0
    for code, names in NAMES.items():
        taken[code] = []
        found = _homes(throw, homes[code], near=branches[code].point, count=len(names))
        for name, home in zip(names, found, strict=True):
            technician = roster.add_technician(
                db,
                branch_id=branches[code].id,
                work_number=f"QD{FIRST_WORK_NUMBER + WORK_NUMBER_STEP * place:04d}",
                name=name,
                phone=f"{PHONE_SEGMENT}{throw.randrange(10**8):08d}",
                home=home.point,
                skills=_skills(throw, place),
            )
            taken[code].append(Colleague(technician, _shifts(db, technician, place)))
            place += 1
    db.flush()
    return taken


def hours_on(place: int, offset: int) -> Hours | None:
    """Return when the technician at `place` works `offset` days after today; None on his day off."""
    day = day_at(offset)
    if day.weekday() == _day_off(place):
        return None
    week = day.isocalendar().week
    return LATE if (place + week) % LATE_EVERY == 0 else EARLY


def _day_off(place: int) -> int:
    """Return his day of the week off, 0 for Monday: neighbours, and those of one shift, differ."""
    if place % MONDAY_OFF_EVERY == MONDAY_OFF_EVERY // 2:
        return 0
    return 1 + (place // LATE_EVERY + 2 * (place % LATE_EVERY)) % 6


def _homes(
    throw: Random, compounds: Sequence[Entry], *, near: Point, count: int
) -> Sequence[Entry]:
    """Return `count` compounds, rather near the depot than at the edge of the territory."""
    drawn = [
        throw.random() ** math.exp(great_circle_m(home.point, near) / NEAR_M) for home in compounds
    ]
    best = sorted(range(len(compounds)), key=lambda place: -drawn[place])
    return [compounds[place] for place in best[:count]]


def _skills(throw: Random, place: int) -> dict[str, int]:
    trade = TRADES[place % len(TRADES)]
    return {skill: throw.randint(low, high) for skill, (low, high) in trade.items()}


def _shifts(db: Session, technician: Technician, place: int) -> dict[date, Shift]:
    """Write his working days; in bulk, since no plan rests on them yet."""
    shifts = {}
    for offset in range(-PAST_DAYS, SHIFT_DAYS):
        hours = hours_on(place, offset)
        if hours is not None:
            shifts[day_at(offset)] = Shift(
                technician_id=technician.id,
                branch_id=technician.branch_id,
                day=day_at(offset),
                opens_s=hours.opens_s,
                shuts_s=hours.shuts_s,
                breaks=[list(hours.rest)],
            )
    db.bulk_save_objects(list(shifts.values()))
    return shifts
