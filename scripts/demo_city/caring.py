"""Whom the branches care for: plans that fall due about the day on which the demo begins."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle

from sqlalchemy import func, select

from booking import queries
from booking.care import CareKind, Doer
from booking.models import Booking
from booking.operations import care
from booking.operations.care import Terms
from booking.states import SERVED
from dispatch import queries as dispatch
from kernel.actor import Actor
from kernel.db import Session
from scripts.demo_city.stage import NOW, TODAY

DUE_IN_DAYS = (-6, -1, 0, 0, 3, 9, 12)
FIRST, THEN = "air_clean", "filter_change"


def plan(db: Session, *, by: Actor) -> None:
    """Let each branch care for a few of those whom it served."""
    people = sorted(pair for branch in dispatch.branches(db) for pair in _served(db, branch.id))
    by_branch = dict.fromkeys(dict(people).values(), 0)
    for (member_id, branch_id), kind in zip(people, cycle(_kinds(db)), strict=False):
        days = DUE_IN_DAYS[by_branch[branch_id]]
        by_branch[branch_id] += 1
        service_id, tips, gift = kind
        terms = Terms(
            service_id=service_id,
            every_months=6 if service_id else 3,
            tips=tips,
            gift=gift,
            doer=Doer.DISPATCHER,
            technician_id=None,
            due_on=TODAY + timedelta(days=days),
        )
        care.make(
            db,
            member_id=member_id,
            branch_id=branch_id,
            kind=CareKind.MAINTENANCE if service_id else CareKind.CONTACT,
            terms=terms,
            by=by,
            now=NOW - timedelta(days=90),
        )


def _served(db: Session, branch_id: int) -> Iterator[tuple[int, int]]:
    """Yield a few members of whom that branch alone knows, with it."""
    only = select(Booking.member_id).where(Booking.state.in_(SERVED)).group_by(Booking.member_id)
    found = only.having(
        func.min(Booking.branch_id) == branch_id, func.max(Booking.branch_id) == branch_id
    )
    for member_id in db.scalars(found.order_by(Booking.member_id).limit(len(DUE_IN_DAYS))):
        yield member_id, branch_id


def _kinds(db: Session) -> list[tuple[int | None, str, str]]:
    air, water = (queries.service_by_code(db, code) for code in (FIRST, THEN))
    return [
        (air.id, air.care_tips, ""),
        (water.id, water.care_tips, "滤芯一支"),
        (None, "入冬前把外机周围清一清", ""),
    ]
