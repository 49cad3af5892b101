"""Drafts: what a member fills in before he picks a window."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from booking import pricing, queries
from booking.models import Draft, Service
from booking.operations import tryouts
from dispatch import queries as dispatch
from kernel.actor import Actor, Role
from kernel.db import Session
from kernel.errors import Conflict
from kernel.geo import Point
from kernel.numbers import new_number
from kernel.phone import Phone
from kernel.words import msg
from members import contact_queries
from members.operations import following


class AddressDropped(Conflict):
    """It was so long ago that we no longer know where it was."""

    code = "address_dropped"
    says = msg("这次预约的地址已到期删除，请重新填写地址预约。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A checked address: `compound` is the 小区, `door` what comes after it."""

    text: str
    compound: str
    door: str
    point: Point
    # The gazetteer knew it to the letter.
    is_sure: bool = True


class OffSale(Conflict):
    """The service is not sold at present."""

    code = "off_sale"
    says = msg("这个项目暂时不接新预约，请看看别的服务。")


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
    with_delivery: bool = False,
    member_id: int | None = None,
) -> Draft:
    """Keep what the member filled in, priced and with the branch that serves the address.

    `with_delivery` lets the service's delivery come first, in the same booking (送装一体).
    `member_id` is whom staff fill it in for; a member fills in his own. Raises ServiceMissing,
    BadOption, OffSale, OutOfArea, NoVisitWanted, SampleElsewhere.
    """
    service = queries.service_by_code(db, service_code)
    if not service.on_sale:
        raise OffSale
    delivery = _delivery_of(db, service) if with_delivery else None
    branch = dispatch.branch_serving(db, address.point)
    quote = pricing.quote(
        price=service.price, work_s=service.work_s, card=service.options, choices=choices
    )
    owner_id = by.id if by.role is Role.MEMBER or member_id is None else member_id
    draft = Draft(
        number=new_number("D"),
        member_id=owner_id,
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
        price=quote.price + delivery.price if delivery else quote.price,
        delivery_id=delivery.id if delivery else None,
        delivery_work_s=delivery.work_s if delivery else 0,
        address_is_sure=address.is_sure,
        made_at=now,
    )
    db.add(draft)
    # Who is at home for him does not become him.
    household = contact_queries.contacts_of(db, owner_id)
    if phone.digits not in {row.phone for row in household}:
        following.name_member(db, member_id=owner_id, name=contact, phone=phone.digits)
    db.flush()
    tryouts.check_wanted(db, draft, service)
    return draft


def repeat_draft(db: Session, *, booking_number: str, by: Actor, now: datetime) -> Draft:
    """Fill in a new draft as an earlier booking was, priced by today's price card.

    Raises BookingMissing, AddressDropped, BadOption when the price card no longer has an option,
    OutOfArea.
    """
    booking = queries.booking(db, number=booking_number, by=by)
    before = queries.draft_by_id(db, booking.draft_id)
    if not before.phone:
        raise AddressDropped
    return save_draft(
        db,
        service_code=queries.services_by_id(db)[before.service_id].code,
        choices=before.choices,
        address=Address(
            text=before.address,
            compound=before.compound,
            door=before.door,
            point=before.point,
            is_sure=before.address_is_sure,
        ),
        contact=before.contact,
        phone=Phone(before.phone),
        with_delivery=before.delivery_id is not None,
        by=by,
        now=now,
    )


def _delivery_of(db: Session, service: Service) -> Service:
    """Return the delivery that comes before the service. Raises ServiceMissing."""
    if service.delivery_code is None:
        raise queries.ServiceMissing(field="with_delivery")
    return queries.service_by_code(db, service.delivery_code)
