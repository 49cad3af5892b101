"""A branch with a full day: 320 promised visits of 40 technicians, and people who want one more."""

import math
import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from booking import offering, queries
from booking.operations import bookings, cancelling, catalogue, drafts, placing
from booking.operations.drafts import Address
from booking.policy import Cause
from dispatch import queries as dispatch
from dispatch.live import Offer
from dispatch.operations import roster, ties
from kernel.actor import SYSTEM, Actor, Role
from kernel.clock import SystemClock, local_date
from kernel.db import Session, transaction
from kernel.geo import Point
from kernel.money import Money
from kernel.phone import Phone
from members.operations import following

TECHNICIANS, VISITS = 40, 320
HOUR_S = 3_600
WINDOWS = tuple((hour * HOUR_S, (hour + 2) * HOUR_S) for hour in (8, 10, 13, 15))
LUNCH = (11 * HOUR_S, 13 * HOUR_S, 2_700)
CENTRE = Point(36.12, 120.40)
TERRITORY = (Point(35.9, 120.0), Point(35.9, 120.8), Point(36.5, 120.8), Point(36.5, 120.0))
KM_A_DEGREE, REACH_KM = 111.2, 6.0
WORK_S = 2_400
SKILLS = ("air", "water", "gas", "oven")


@dataclass(frozen=True, slots=True)
class Person:
    """A member and the draft he has filled in."""

    by: Actor
    draft: str


def found(*, newcomers: int) -> list[Person]:
    """Fill an empty database, and return so many people who have not booked yet."""
    rng = random.Random(1)
    now = SystemClock().now()
    with transaction() as db:
        branch = roster.add_branch(
            db, code="QD1", name="青岛网点", point=CENTRE, territory=TERRITORY, windows=WINDOWS
        )
        for number in range(TECHNICIANS):
            technician = roster.add_technician(
                db,
                branch_id=branch.id,
                work_number=f"QD{number}",
                name=f"王师{number}",
                phone=f"1390000{number:04d}",
                home=_somewhere(rng),
                skills={skill: 1 for nth, skill in enumerate(SKILLS) if (number + nth) % 4},
            )
            roster.add_shift(
                db,
                technician=technician,
                day=the_day(),
                opens_s=8 * HOUR_S,
                shuts_s=18 * HOUR_S,
                breaks=[LUNCH],
            )
        for skill in SKILLS:
            _sell(db, skill)
        _tie(db, branch.id, now)
        members = [
            following.follow(db, openid=f"oBench{number:022d}", scene="", now=now).id
            for number in range(VISITS + newcomers)
        ]
    people = [_person(member_id, nth, rng) for nth, member_id in enumerate(members)]
    for person in people[:VISITS]:
        commit(person, hold(person, best(offers_of(person))))
    return people[VISITS:]


def _tie(db: Session, branch_id: int, now: datetime) -> None:
    """Let a quarter of the technicians be a partner's, and a service share a tool, with enough of both."""
    partner = [person.id for person in dispatch.technicians(db, branch_id=branch_id)][::4]
    ties.set_partner(
        db,
        branch_id=branch_id,
        name="合作方",
        technician_ids=partner,
        visits_max=len(partner) * VISITS,
        now=now,
    )
    code = queries.catalogue(db)[0].code
    ties.set_tool(db, branch_id=branch_id, name="长梯", services=[code], count=TECHNICIANS, now=now)


def the_day() -> date:
    return local_date(SystemClock().now()) + timedelta(days=1)


def offers_of(person: Person) -> list[Offer]:
    """Return the windows of the day that are open to him, as his page shows them."""
    with transaction(reads_only=True) as db:
        draft = queries.draft(db, number=person.draft, by=person.by)
        return placing.offers(db, draft=draft, now=SystemClock().now(), day=the_day())


def best(offers: list[Offer]) -> Offer:
    return min(offers, key=lambda offer: offer.witness.extra_s)


def hold(person: Person, offer: Offer) -> str:
    """Hold the window, as his page does; return the booking's number."""
    now = SystemClock().now()
    offering.foresee(draft_number=person.draft, day=offer.day, by=person.by, now=now)
    with transaction(looks_first=True) as db:
        return bookings.hold(
            db,
            draft_number=person.draft,
            day=offer.day,
            window=offer.window,
            by=person.by,
            now=now,
        ).number


def commit(person: Person, number: str) -> None:
    now = SystemClock().now()
    offering.foresee_commit(number=number, by=person.by, now=now)
    with transaction(looks_first=True) as db:
        bookings.commit(db, number=number, by=person.by, now=now)


def cancel(number: str) -> None:
    """Free his place again, at no cost to him."""
    now = SystemClock().now()
    with transaction() as db:
        cancelling.cancel(db, number=number, by=SYSTEM, now=now, cause=Cause.UNANSWERED)


def _sell(db: Session, skill: str) -> None:
    catalogue.add_service(
        db,
        code=f"{skill}_install",
        category="installation",
        name="空调安装",
        short_name="空调装",
        about="挂机、柜机",
        icon="air-conditioning",
        work_s=WORK_S,
        skill=skill,
        price=Money(180_00),
        options=[],
    )


def _person(member_id: int, nth: int, rng: random.Random) -> Person:
    by = Actor(member_id, Role.MEMBER)
    with transaction() as db:
        draft = drafts.save_draft(
            db,
            service_code=f"{SKILLS[nth % len(SKILLS)]}_install",
            choices={},
            address=Address(
                text=f"浮山后三小区 {nth}-2-402",
                compound="浮山后三小区",
                door=str(nth),
                point=_somewhere(rng),
            ),
            contact="林女士",
            phone=Phone(f"138{nth:08d}"),
            by=by,
            now=SystemClock().now(),
        )
    return Person(by, draft.number)


def _somewhere(rng: random.Random) -> Point:
    """Return a place within some five kilometres of the centre."""
    north, east = rng.uniform(-REACH_KM, REACH_KM), rng.uniform(-REACH_KM, REACH_KM)
    lat = CENTRE.lat + north / KM_A_DEGREE
    return Point(lat, CENTRE.lon + east / KM_A_DEGREE / math.cos(math.radians(lat)))
