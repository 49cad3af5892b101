"""/api/v1/drafts, offers, holds, bookings: the way of a booking, on behalf of a member."""

import functools

from flask.typing import ResponseReturnValue

from booking import addresses, offering, queries
from booking.operations import bookings, drafts, placing
from dispatch.live import Offer
from dispatch.openings import Opening
from faces.api import slots
from faces.api.routes import get, post
from faces.api.schemas import (
    BookingOut,
    DraftIn,
    DraftOut,
    HoldIn,
    OfferOut,
    RefusalOut,
    SlotFullOut,
)
from faces.chrome import call
from gateways.maps import gazetteer
from kernel.db import Session, transaction
from kernel.errors import Forbidden
from kernel.phone import Phone
from members import queries as members

TAG = "bookings"
WRITE, READ = "bookings:write", "bookings:read"


@post("/drafts", tag=TAG, scope=WRITE, takes=DraftIn, gives={201: DraftOut()}, refuses=(404,))
def save_draft() -> ResponseReturnValue:
    """Keep what a member wants, priced, with its address found and its branch known."""
    given = call.body(DraftIn())
    phone = Phone.parse(given["phone"])
    found = addresses.check(given["address"], given["door"], gazetteer.qingdao())
    with call.once() as db:
        member = members.member_by_number(db, number=given["member"], by=call.actor())
        draft = drafts.save_draft(
            db,
            service_code=given["service"],
            choices=given["options"],
            address=found.address,
            contact=given["contact"],
            phone=phone,
            with_delivery=given["with_delivery"],
            member_id=member.id,
            by=call.actor(),
            now=call.now(),
        )
        if not call.actor().sees_branch(draft.branch_id):
            raise Forbidden
        return call.answers(DraftOut().dump(draft), 201)


@get("/drafts/<number>/offers", tag=TAG, scope=READ, gives=OfferOut(many=True), refuses=(404,))
def offers(number: str) -> ResponseReturnValue:
    """List the windows of the next fourteen days into which the visit is proven to fit."""
    found = offering.offers(draft_number=number, by=call.actor(), now=call.now())
    with transaction(reads_only=True) as db:
        return call.answers(slots.told(db, found))


@post(
    "/holds",
    tag=TAG,
    scope=WRITE,
    takes=HoldIn,
    gives={201: BookingOut()},
    refuses={404: RefusalOut, 409: SlotFullOut},
)
def hold() -> ResponseReturnValue:
    """Hold a window for ten minutes. A window that is gone is answered with the three nearest."""
    given = call.body(HoldIn())
    day, window = slots.window(given["starts_at"], given["ends_at"])
    draft, by, now = given["draft"], call.actor(), call.now()

    def take(opening: Opening | None) -> ResponseReturnValue:
        with call.once() as db:
            held = bookings.hold(
                db,
                draft_number=draft,
                day=day,
                window=window,
                by=by,
                now=now,
                opening=opening,
            )
            return call.answers(BookingOut().dump(held), 201)

    left = functools.partial(_offers, number=draft)
    with slots.with_alternatives(left, day=day, window=window):
        return offering.with_room(take, draft_number=draft, day=day, window=window, by=by, now=now)


@get("/bookings/<number>", tag=TAG, scope=READ, gives=BookingOut(), refuses=(404,))
def booking(number: str) -> ResponseReturnValue:
    """Tell where a booking stands."""
    with transaction(reads_only=True) as db:
        found = queries.booking(db, number=number, by=call.actor())
        return call.answers(BookingOut().dump(found))


@post(
    "/bookings/<number>/commit",
    tag=TAG,
    scope=WRITE,
    gives={200: BookingOut()},
    refuses=(404, 409, 410),
)
def commit(number: str) -> ResponseReturnValue:
    """Make the promise, proven once more. A hold that ran out is gone (410).

    Where the member's risk asks for a deposit the booking awaits it instead.
    """
    offering.foresee_commit(number=number, by=call.actor(), now=call.now())
    with call.once() as db:
        made = bookings.commit(
            db,
            number=number,
            by=call.actor(),
            now=call.now(),
            takes_payments=call.settings().takes_payments,
        )
        return call.answers(BookingOut().dump(made))


@post(
    "/bookings/<number>/release",
    tag=TAG,
    scope=WRITE,
    gives={200: BookingOut()},
    refuses=(404, 409),
)
def release(number: str) -> ResponseReturnValue:
    """Give a hold up before it runs out."""
    with call.once() as db:
        freed = bookings.release(db, number=number, by=call.actor(), now=call.now())
        return call.answers(BookingOut().dump(freed))


def _offers(db: Session, *, number: str) -> list[Offer]:
    draft = queries.draft(db, number=number, by=call.actor())
    return placing.offers(db, draft=draft, now=call.now())
