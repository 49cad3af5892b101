"""Care plans: made by hand or when a booking is closed, followed by what came of them, ended."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select

from booking import asset_queries, care_queries, queries
from booking.asset_models import Asset
from booking.assets import INSTALLATION, MAINTENANCE, months_after
from booking.care import (
    AGAIN_DAYS,
    CareEnded,
    CareKind,
    CareMoved,
    Doer,
    NoGift,
    NoService,
    NoTechnician,
    Outcome,
    next_on,
)
from booking.care_models import CareNote, CarePlan
from booking.events import CareNewsOrdered
from booking.models import Booking, Service
from booking.operations.steps import locked
from dispatch import queries as dispatch
from kernel import outbox
from kernel.actor import SYSTEM, Actor
from kernel.clock import local_date
from kernel.db import Session
from kernel.numbers import new_number
from members import queries as members
from members.operations import collections, following, telling


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a plan is about: the service to be booked (none for a call), how often, what the member is
    told and given, whose work it is and when next."""

    service_id: int | None
    every_months: int
    tips: str
    gift: str
    doer: Doer
    technician_id: int | None
    due_on: date


def make(
    db: Session,
    *,
    member_id: int,
    branch_id: int,
    kind: CareKind,
    terms: Terms,
    by: Actor,
    now: datetime,
) -> CarePlan:
    """Plan to care for a member; his last booking says where. Raises NoService, NoTechnician."""
    following.lock_member(db, member_id)
    _check(db, branch_id, kind, terms)
    last = queries.bookings_of(db, member_id, limit=1)
    number = new_number("H")
    return _add(
        db,
        CarePlan(
            number=number,
            origin=number,
            kind=kind,
            member_id=member_id,
            branch_id=branch_id,
            booking_id=last[0].id if last else None,
            made_at=now,
            **_facts(terms),
        ),
        by=by,
        now=now,
    )


def change(db: Session, *, number: str, terms: Terms, by: Actor) -> CarePlan:
    """Change what a plan is about, and when it is due. Raises CareMissing, CareEnded, NoService,
    NoTechnician."""
    row = _locked(db, number, by)
    _check(db, row.branch_id, row.kind, terms)
    for name, value in _facts(terms).items():
        setattr(row, name, value)
    db.flush()
    return row


def note(
    db: Session,
    *,
    number: str,
    outcome: Outcome,
    text: str = "",
    again_days: int = AGAIN_DAYS,
    seen: int | None = None,
    gives_gift: bool = False,
    by: Actor,
    now: datetime,
) -> CarePlan:
    """Write down what came of it, from which follows when the plan is due next, or that it has ended;
    with `gives_gift` also that its gift was handed over. `seen` is the last note that the hand saw.

    Raises CareMissing, CareEnded, CareMoved, NoGift.
    """
    row = _locked(db, number, by)
    if seen is not None and seen != care_queries.notes(db, row.id)[0].seq:
        raise CareMoved
    if gives_gift and (not row.gift or outcome is Outcome.NOT_REACHED):
        raise NoGift(field="gives_gift")
    due_on = next_on(
        outcome,
        kind=row.kind,
        today=local_date(now),
        every_months=row.every_months,
        again_days=again_days,
    )
    seq = _note(db, row, outcome, due_on=due_on, text=text, by=by, now=now)
    if gives_gift:
        cause = f"care:{row.number}:{seq}"
        collections.give(db, member_id=row.member_id, what=row.gift, cause=cause, by=by, now=now)
    return row


def send(db: Session, *, number: str, by: Actor, now: datetime) -> CarePlan:
    """Write to the member what the plan tells him, by day and under the caps of all our news.

    Raises CareMissing, CareEnded, and what `telling.tell_one` raises.
    """
    member_id = care_queries.plan(db, number=number, by=by).member_id
    member = following.lock_member(db, member_id)
    row = note(db, number=number, outcome=Outcome.SENT, by=by, now=now)
    telling.tell_one(db, member, now=now)
    outbox.record(db, CareNewsOrdered(at=now, plan_number=number, member_id=row.member_id))
    return row


def booked(db: Session, *, number: str, now: datetime) -> int:
    """Note a booking in the plans that it serves; return how many. Said again it is as once."""
    booking = locked(db, number, SYSTEM)
    noted = 0
    for row in _served_by(db, booking):
        due_on = next_on(
            Outcome.BOOKED,
            kind=row.kind,
            today=local_date(now),
            every_months=row.every_months,
            booked_for=local_date(booking.starts_at),
        )
        noted += _note_once(db, row, Outcome.BOOKED, booking, due_on=due_on, now=now)
    return noted


def renew(db: Session, *, number: str, now: datetime) -> int:
    """Let a closed booking's plans begin: those that its service or its appliances ask for are made, and
    those that it served are due an interval after its work. Return how many.

    Said again it is as once. A plan that its member has ended stays so, and no other takes its place;
    who was forgotten meanwhile gets none.
    """
    booking = locked(db, number, SYSTEM)
    completed_at = queries.completed_at(db, booking.id)
    if completed_at is None or members.member(db, booking.member_id).erased_at is not None:
        return 0
    done_on, begun = local_date(completed_at), 0
    known = care_queries.maintenances_of(db, booking.member_id)
    for asset, service, months in _wanted(db, booking):
        row = next((one for one in known if _is_for(db, one, booking, asset, service)), None)
        if row is None:
            terms = Terms(
                service_id=service.id,
                every_months=months,
                tips=queries.service_by_id(db, booking.service_id).care_tips or "",
                gift="",
                doer=Doer.DISPATCHER,
                technician_id=None,
                due_on=months_after(done_on, months),
            )
            _plan_after(db, booking, asset, terms, now=now)
            begun += 1
        elif row.due_on is not None:
            row.asset_id, row.booking_id = asset.id if asset else row.asset_id, booking.id
            due_on = months_after(done_on, row.every_months)
            begun += _note_once(db, row, Outcome.SERVED, booking, due_on=due_on, now=now)
    return begun


def _plan_after(
    db: Session, booking: Booking, asset: Asset | None, terms: Terms, *, now: datetime
) -> None:
    row = CarePlan(
        number=new_number("H"),
        origin=f"{booking.number}:{asset.id if asset else 0}",
        kind=CareKind.MAINTENANCE,
        member_id=booking.member_id,
        branch_id=booking.branch_id,
        asset_id=asset.id if asset else None,
        booking_id=booking.id,
        made_at=now,
        **_facts(terms),
    )
    _add(db, row, booking=booking.number, by=SYSTEM, now=now)


def _wanted(db: Session, booking: Booking) -> Iterator[tuple[Asset | None, Service, int]]:
    """Yield what is to be cared for after the booking: the appliance, the service that does it, and
    every how many months. What its model says goes before what the service says."""
    service = queries.service_by_id(db, booking.service_id)
    does = queries.service_by_code(db, service.care_code) if service.care_code else service
    found = asset_queries.assets_of_booking(db, booking.id)
    models = asset_queries.models_by_id(db, [row.model_id for row in found if row.model_id])
    if service.category not in (INSTALLATION, MAINTENANCE):
        return
    months = service.care_months or 0
    for asset in found:
        model = models.get(asset.model_id or 0)
        its = model.maintenance_months if model and model.maintenance_months else months
        if its:
            yield asset, does, its
    if not found and months:
        yield None, does, months


def _is_for(
    db: Session, row: CarePlan, booking: Booking, asset: Asset | None, service: Service
) -> bool:
    """Tell whether the plan is for that appliance, or, where either names none, for that service at the
    door of the booking."""
    if row.asset_id is not None and asset is not None:
        return row.asset_id == asset.id
    return row.service_id == service.id and _same_door(db, row, booking)


def _served_by(db: Session, booking: Booking) -> list[CarePlan]:
    return [
        row
        for row in care_queries.maintenances_of(db, booking.member_id)
        if row.due_on is not None
        and row.service_id == booking.service_id
        and _same_door(db, row, booking)
    ]


def _same_door(db: Session, row: CarePlan, booking: Booking) -> bool:
    """Tell whether the plan is of that door; one without a booking is of any, and one whose booking's door
    was dropped, its time being over, of any in the 小区, which stays."""
    if row.booking_id is None:
        return True
    known = queries.by_id(db, row.booking_id)
    is_door = not known.phone or known.door == booking.door
    return known.compound == booking.compound and is_door


def _locked(db: Session, number: str, by: Actor) -> CarePlan:
    """Return a plan that goes on, fresh, with its member locked. Raises CareMissing, CareEnded."""
    following.lock_member(db, care_queries.plan(db, number=number, by=by).member_id)
    # Since it was read it may have become somebody else's work.
    row = care_queries.plan(db, number=number, by=by)
    db.refresh(row)
    if row.due_on is None:
        raise CareEnded
    return row


def _check(db: Session, branch_id: int, kind: CareKind, terms: Terms) -> None:
    if kind is CareKind.MAINTENANCE and terms.service_id is None:
        raise NoService(field="service")
    if terms.doer is not Doer.TECHNICIAN:
        return
    known = dispatch.technicians_by_id(db, [terms.technician_id] if terms.technician_id else [])
    if not any(row.branch_id == branch_id for row in known.values()):
        raise NoTechnician(field="technician")


def _facts(terms: Terms) -> dict[str, object]:
    return {
        "service_id": terms.service_id,
        "every_months": terms.every_months,
        "tips": terms.tips,
        "gift": terms.gift,
        "doer": terms.doer,
        "technician_id": terms.technician_id if terms.doer is Doer.TECHNICIAN else None,
        "due_on": terms.due_on,
    }


def _add(db: Session, row: CarePlan, *, booking: str = "", by: Actor, now: datetime) -> CarePlan:
    db.add(row)
    db.flush()
    _note(db, row, Outcome.MADE, due_on=row.due_on, booking=booking, by=by, now=now)
    return row


def _note_once(
    db: Session,
    row: CarePlan,
    outcome: Outcome,
    booking: Booking,
    *,
    due_on: date | None,
    now: datetime,
) -> bool:
    """Note it, if that booking has not come to this plan in that way before."""
    known = select(CareNote.id).where(
        CareNote.plan_id == row.id,
        CareNote.booking == booking.number,
        CareNote.outcome.in_((outcome, Outcome.MADE)),
    )
    if db.scalar(known.limit(1)) is not None:
        return False
    _note(db, row, outcome, due_on=due_on, booking=booking.number, by=SYSTEM, now=now)
    return True


def _note(
    db: Session,
    row: CarePlan,
    outcome: Outcome,
    *,
    due_on: date | None,
    text: str = "",
    booking: str = "",
    by: Actor,
    now: datetime,
) -> int:
    """Add a note and return its number among the plan's."""
    row.due_on = due_on
    before = select(func.count()).where(CareNote.plan_id == row.id).scalar_subquery()
    made = CareNote(
        plan_id=row.id,
        seq=before + 1,
        outcome=outcome,
        text=text,
        booking=booking,
        due_on=due_on,
        actor_role=by.role.value,
        actor_id=by.id,
        at=now,
    )
    db.add(made)
    db.flush()
    return made.seq
