"""Drafts: what a member fills in before he picks a window."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from booking import pricing, queries
from booking.models import Draft
from dispatch import queries as dispatch
from kernel.actor import Actor
from kernel.db import Session
from kernel.geo import Point
from kernel.numbers import new_number
from kernel.phone import Phone
from members.operations import following


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A checked address: `compound` is the 小区, `door` what comes after it."""

    text: str
    compound: str
    door: str
    point: Point


def save_draft(
    db: Session,
    *,
    service_code: str,
    choices: Mapping[str, int],
    address: Address,
    contact: str,
    phone: Phone,
    by: Actor,
    now: datetime,
) -> Draft:
    """Keep what the member filled in, priced and with the branch that serves the address.

    Raises ServiceMissing, BadOption, OutOfArea.
    """
    service = queries.service_by_code(db, service_code)
    branch = dispatch.branch_serving(db, address.point)
    quote = pricing.quote(
        price=service.price, work_s=service.work_s, card=service.options, choices=choices
    )
    draft = Draft(
        number=new_number("D"),
        member_id=by.id,
        service_id=service.id,
        choices=dict(choices),
        branch_id=branch.id,
        address=address.text,
        compound=address.compound,
        door=address.door,
        lat=address.point.lat,
        lon=address.point.lon,
        contact=contact,
        phone=phone.digits,
        work_s=quote.work_s,
        price=quote.price,
        made_at=now,
    )
    db.add(draft)
    following.name_member(db, member_id=by.id, name=contact, phone=phone.digits)
    db.flush()
    return draft


def repeat_draft(db: Session, *, booking_number: str, by: Actor, now: datetime) -> Draft:
    """Fill in a new draft as an earlier booking was, priced by today's price card.

    Raises BookingMissing, BadOption when the price card no longer has an option, OutOfArea.
    """
    booking = queries.booking(db, number=booking_number, by=by)
    before = queries.draft_by_id(db, booking.draft_id)
    return save_draft(
        db,
        service_code=queries.services_by_id(db)[before.service_id].code,
        choices=before.choices,
        address=Address(
            text=before.address, compound=before.compound, door=before.door, point=before.point
        ),
        contact=before.contact,
        phone=Phone(before.phone),
        by=by,
        now=now,
    )
