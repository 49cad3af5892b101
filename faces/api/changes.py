"""/api/v1/bookings/…: what befalls a promise, on the member's word or ours."""

import functools

from flask.typing import ResponseReturnValue

from booking import goods_queries, offering, policy, queries
from booking.operations import cancelling, feedback, moving, presence
from booking.policy import OURS, Cause
from dispatch.live import Offer
from dispatch.openings import Opening
from faces.api import slots
from faces.api.bookings import READ, TAG, WRITE
from faces.api.change_schemas import AgreedIn, CostsOut, MoveIn, RatingIn, RatingOut
from faces.api.routes import get, post
from faces.api.schemas import BookingOut, OfferOut, RefusalOut, SlotFullOut
from faces.chrome import audited, call
from kernel.actor import Actor, Role
from kernel.db import Session, transaction
from members import queries as members


@get("/bookings/<number>/costs", tag=TAG, scope=READ, gives=CostsOut(), refuses=(404, 409))
def costs(number: str) -> ResponseReturnValue:
    """Say what moving and cancelling would cost the member now, to be said to him before."""
    with transaction(reads_only=True) as db:
        found = queries.booking(db, number=number, by=call.actor())
        moving.check_may_move(db, found)
        moved = moving.quote(db, found, now=call.now())
        cancelled = cancelling.quote(db, found, now=call.now())
        told = {"is_ours": moved.is_ours, "move": moved.tariff, "cancel": cancelled.tariff}
        return call.answers(CostsOut().dump(told))


@post(
    "/bookings/<number>/cancel",
    tag=TAG,
    scope=WRITE,
    takes=AgreedIn,
    gives={200: BookingOut()},
    refuses=(404, 409),
)
def cancel(number: str) -> ResponseReturnValue:
    """Cancel on the member's word, at the cost that he agreed to and no other."""
    given = call.body(AgreedIn())
    with call.once() as db:
        by, now = call.actor(), call.now()
        found = queries.booking(db, number=number, by=by)
        late = goods_queries.late_goods(db, found.id)
        policy.check_agreed(cancelling.quote(db, found, now=now).tariff, **given)
        cause = Cause.GOODS_LATE if late else Cause.AGENT
        done = cancelling.cancel(db, number=number, by=by, now=now, cause=cause)
        return call.answers(BookingOut().dump(done))


@get(
    "/bookings/<number>/offers",
    tag=TAG,
    scope=READ,
    gives=OfferOut(many=True),
    refuses=(404, 409),
)
def move_offers(number: str) -> ResponseReturnValue:
    """List the windows to which the booking may move, each proven while its own still stands."""
    with transaction(reads_only=True) as db:
        found = queries.booking(db, number=number, by=call.actor())
        moving.check_may_move(db, found)
    offers = offering.move_offers(number=number, by=call.actor(), now=call.now())
    with transaction(reads_only=True) as db:
        return call.answers(slots.told(db, offers))


@post(
    "/bookings/<number>/move",
    tag=TAG,
    scope=WRITE,
    takes=MoveIn,
    gives={200: BookingOut()},
    refuses={404: RefusalOut, 409: SlotFullOut},
)
def move(number: str) -> ResponseReturnValue:
    """Move it: never both windows, never neither. A gone one is answered with the three nearest."""
    given = call.body(MoveIn())
    day, window = slots.window(given["starts_at"], given["ends_at"])
    cause = Cause(given["cause"])
    by, now = call.actor(), call.now()

    def take(opening: Opening | None) -> ResponseReturnValue:
        with call.once() as db:
            found = queries.booking(db, number=number, by=by)
            if cause not in OURS:
                tariff = moving.quote(db, found, now=now).tariff
                policy.check_agreed(tariff, points=given["points"], is_strike=given["is_strike"])
            moved = moving.reschedule(
                db,
                number=number,
                day=day,
                window=window,
                by=by,
                now=now,
                cause=cause,
                opening=opening,
            )
            return call.answers(BookingOut().dump(moved))

    left = functools.partial(_offers, number=number)
    with slots.with_alternatives(left, day=day, window=window):
        return offering.move_with_room(take, number=number, day=day, window=window, by=by, now=now)


@post(
    "/bookings/<number>/confirm",
    tag=TAG,
    scope=WRITE,
    gives={200: BookingOut()},
    refuses=(404, 409),
)
def confirm(number: str) -> ResponseReturnValue:
    """Write down that the member said he will be at home."""
    with call.once() as db:
        done = presence.confirm(db, number=number, by=_its_member(db, number), now=call.now())
        return call.answers(BookingOut().dump(done))


@post(
    "/bookings/<number>/rating",
    tag=TAG,
    scope=WRITE,
    takes=RatingIn,
    gives={200: RatingOut()},
    refuses=(404, 409),
)
def rate(number: str) -> ResponseReturnValue:
    """Keep what the member thinks. However many stars, his points are the same and posted once."""
    given = call.body(RatingIn())
    with call.once() as db:
        by = _its_member(db, number)
        kept = feedback.rate(db, booking_number=number, by=by, now=call.now(), **given)
        return call.answers(RatingOut().dump(kept))


def _its_member(db: Session, number: str) -> Actor:
    """Return the member whose word the program brings, of a booking in its scope: the booking's story
    is his, and the audit log names the program and him. Raises BookingMissing."""
    member_id = queries.booking(db, number=number, by=call.actor()).member_id
    audited.on_behalf_of(members.member(db, member_id).number)
    return Actor(member_id, Role.MEMBER)


def _offers(db: Session, *, number: str) -> list[Offer]:
    found = queries.booking(db, number=number, by=call.actor())
    return moving.offers(db, booking=found, now=call.now())
