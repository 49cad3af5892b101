"""Reads of care plans."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, false, func, select, true

from booking import asset_queries, code_queries, queries
from booking.asset_models import Asset
from booking.care import AHEAD_DAYS, CareKind, CareMissing, Doer
from booking.care_models import CareNote, CarePlan
from booking.models import Booking
from dispatch import queries as dispatch
from kernel.actor import Actor, Role
from kernel.db import Session
from members import queries as members


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A plan with what a work list says of it; `what` is the service or the appliance, "" for none."""

    plan: CarePlan
    member: Any
    service_code: str
    what: str
    booking: Booking | None
    technician: str
    last: CareNote | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many plans are overdue, due today, and due within AHEAD_DAYS."""

    overdue: int
    today: int
    ahead: int


def visible_to(by: Actor) -> ColumnElement[bool]:
    """Return the condition for the plans in the actor's scope: a store's people see those that are
    theirs to do for their own followers, a technician those that are his."""
    if by.role is Role.MEMBER:
        return CarePlan.member_id == by.id
    if by.role is Role.STORE:
        theirs = members.brought_by(code_queries.scenes_of(by.store_ids))
        return CarePlan.member_id.in_(theirs) & (CarePlan.doer == Doer.STORE)
    if by.role is Role.TECHNICIAN:
        return (CarePlan.technician_id == by.id) & (CarePlan.doer == Doer.TECHNICIAN)
    if by.branch_ids:
        return CarePlan.branch_id.in_(by.branch_ids)
    return true() if by.sees_branch(0) else false()


def plan(db: Session, *, number: str, by: Actor) -> CarePlan:
    """Return a plan that the actor may see. Raises CareMissing."""
    found = select(CarePlan).where(CarePlan.number == number, visible_to(by))
    row = db.scalars(found).one_or_none()
    if row is None:
        raise CareMissing
    return row


def due(
    db: Session,
    *,
    by: Actor,
    branch_id: int | None = None,
    first: date | None = None,
    last: date,
    limit: int,
    offset: int = 0,
) -> Sequence[CarePlan]:
    """Return the plans due from `first`, or from ever, through `last`, of one branch or of all in the
    actor's scope, longest due first."""
    found = select(CarePlan).where(_at(by, branch_id), CarePlan.due_on <= last)
    if first is not None:
        found = found.where(CarePlan.due_on >= first)
    return db.scalars(
        found.order_by(CarePlan.due_on, CarePlan.id).limit(limit).offset(offset)
    ).all()


def counts(db: Session, *, by: Actor, branch_id: int | None = None, today: date) -> Counts:
    """Count what is due."""
    row = db.execute(
        select(
            func.sum(case((CarePlan.due_on < today, 1), else_=0)),
            func.sum(case((CarePlan.due_on == today, 1), else_=0)),
            func.sum(case((CarePlan.due_on > today, 1), else_=0)),
        ).where(_at(by, branch_id), CarePlan.due_on <= today + timedelta(days=AHEAD_DAYS))
    ).one()
    return Counts(*(number or 0 for number in row))


def open_of(db: Session, member_id: int) -> Sequence[CarePlan]:
    """Return the member's plans that have not ended, the next first."""
    found = select(CarePlan).where(CarePlan.member_id == member_id, CarePlan.due_on.is_not(None))
    return db.scalars(found.order_by(CarePlan.due_on, CarePlan.id)).all()


def maintenances_of(db: Session, member_id: int) -> Sequence[CarePlan]:
    """Return the member's plans of maintenance, those that have ended too, oldest first."""
    found = select(CarePlan).where(
        CarePlan.member_id == member_id, CarePlan.kind == CareKind.MAINTENANCE
    )
    return db.scalars(found.order_by(CarePlan.id)).all()


def notes(db: Session, plan_id: int) -> Sequence[CareNote]:
    """Return all that came of a plan, the newest first."""
    found = select(CareNote).where(CareNote.plan_id == plan_id)
    return db.scalars(found.order_by(CareNote.seq.desc())).all()


def lines(db: Session, plans: Sequence[CarePlan]) -> list[Line]:
    """Return the plans as a work list shows them, in their order; a few queries for all."""
    people = members.members_by_id(db, [row.member_id for row in plans])
    services = queries.services_by_id(db)
    bookings = {
        row.id: row
        for row in db.scalars(select(Booking).where(Booking.id.in_(_ids(plans, "booking_id"))))
    }
    appliances = _appliances(db, _ids(plans, "asset_id"))
    technicians = dispatch.technicians_by_id(db, _ids(plans, "technician_id"))
    last = _last(db, [row.id for row in plans])
    found = []
    for row in plans:
        service = services[row.service_id] if row.service_id is not None else None
        booked = bookings.get(row.booking_id or 0)
        technician = technicians.get(row.technician_id or 0)
        named = appliances.get(row.asset_id or 0, "")
        found.append(
            Line(
                plan=row,
                member=people[row.member_id],
                service_code=service.code if service and service.on_sale else "",
                what=" · ".join(filter(None, (service.name if service else "", named))),
                booking=booked,
                technician=technician.name if technician else "",
                last=last.get(row.id),
            )
        )
    return found


def _at(by: Actor, branch_id: int | None) -> ColumnElement[bool]:
    return (
        visible_to(by) if branch_id is None else visible_to(by) & (CarePlan.branch_id == branch_id)
    )


def _ids(plans: Sequence[CarePlan], column: str) -> set[int]:
    return {value for row in plans if (value := getattr(row, column)) is not None}


def _appliances(db: Session, asset_ids: Collection[int]) -> Mapping[int, str]:
    """Return the names of appliances whose model is known."""
    found = db.execute(select(Asset.id, Asset.model_id).where(Asset.id.in_(asset_ids)))
    model_of = {row[0]: row[1] for row in found if row[1] is not None}
    models = asset_queries.models_by_id(db, list(model_of.values()))
    return {asset_id: models[model_id].name for asset_id, model_id in model_of.items()}


def _last(db: Session, plan_ids: Sequence[int]) -> Mapping[int, CareNote]:
    newest = (
        select(func.max(CareNote.id))
        .where(CareNote.plan_id.in_(plan_ids))
        .group_by(CareNote.plan_id)
    )
    found = db.scalars(select(CareNote).where(CareNote.id.in_(newest)))
    return {row.plan_id: row for row in found}
