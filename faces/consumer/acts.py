"""What a member does about his booking: each one press, each said before what it costs."""

from flask import request
from flask.typing import ResponseReturnValue
from marshmallow import fields, validate

from booking import goods_queries, queries
from booking.goods import LateAnswer
from booking.operations import additions, cancelling, feedback, late_goods, presence, visits
from booking.policy import Cause, Tariff
from booking.urging import UrgedJustNow
from faces.chrome import call
from faces.chrome.schema import Form
from faces.chrome.sign_in import signed_in
from faces.consumer import bookings, life, words
from faces.consumer.confirm import NothingForm
from faces.consumer.routes import blueprint
from kernel.actor import Role
from kernel.errors import Conflict
from kernel.words import msg


class TariffChanged(Conflict):
    """What it costs is no longer what he was told when he pressed."""

    code = "tariff_changed"
    says = msg("代价刚刚变了，请回去看清再决定。什么都还没有改。")


class ToldForm(Form):
    """What the member was told that his act costs; see `words.told`."""

    told = fields.String(required=True)


class LateForm(Form):
    """What he says to late goods."""

    answer = fields.Enum(LateAnswer, by_value=True, required=True)


class DecisionForm(Form):
    """His yes or no."""

    answer = fields.String(required=True, validate=validate.OneOf(["yes", "no"]))


def check_told(tariff: Tariff | None, said: str) -> None:
    """Refuse an act that costs more than was said beforehand. Raises TariffChanged."""
    if tariff is not None and not tariff.is_free and words.told(tariff) != said:
        raise TariffChanged


@blueprint.post("/bookings/<number>/presence")
@signed_in(Role.MEMBER)
def confirm_presence(number: str) -> ResponseReturnValue:
    """我会在家."""
    call.form(NothingForm())
    with call.once() as db:
        presence.confirm(db, number=number, by=call.actor(), now=call.now())
        return call.leads_to("consumer.booking", number=number)


@blueprint.post("/bookings/<number>/address")
@signed_in(Role.MEMBER)
def vouch(number: str) -> ResponseReturnValue:
    """地址没错."""
    call.form(NothingForm())
    with call.once() as db:
        presence.vouch_for_address(db, number=number, by=call.actor(), now=call.now())
        return call.leads_to("consumer.booking", number=number)


@blueprint.post("/bookings/<number>/cancel")
@signed_in(Role.MEMBER)
def cancel(number: str) -> ResponseReturnValue:
    """Cancel, at the cost that was said and no other."""
    given = call.form(ToldForm())
    with call.once() as db:
        by, now = call.actor(), call.now()
        check_told(life.costs(db, number=number, by=by, now=now).cancel, given["told"])
        booking = queries.booking(db, number=number, by=by)
        late = goods_queries.late_goods(db, booking.id)
        cause = Cause.GOODS_LATE if late else Cause.MEMBER
        cancelling.cancel(db, number=number, by=by, now=now, cause=cause)
        return call.leads_to("consumer.booking", number=number)


@blueprint.post("/bookings/<number>/goods")
@signed_in(Role.MEMBER)
def answer_late(number: str) -> ResponseReturnValue:
    """Wait for late goods, come without them, or find another window."""
    answer = call.form(LateForm())["answer"]
    with call.once() as db:
        late_goods.answer_late_goods(
            db, booking_number=number, answer=answer, by=call.actor(), now=call.now()
        )
        is_moving = answer is LateAnswer.RESCHEDULE
        page = "consumer.move_page" if is_moving else "consumer.booking"
        return call.leads_to(page, number=number)


@blueprint.post("/bookings/<number>/additions/<addition>")
@signed_in(Role.MEMBER)
def decide_addition(number: str, addition: str) -> ResponseReturnValue:
    """Agree to what the technician asks for, or not."""
    given = call.form(DecisionForm())
    with call.once() as db:
        by, now = call.actor(), call.now()
        queries.booking(db, number=number, by=by)
        additions.decide(db, number=addition, approved=given["answer"] == "yes", by=by, now=now)
        return call.leads_to("consumer.booking", number=number)


@blueprint.post("/bookings/<number>/sign")
@signed_in(Role.MEMBER)
def sign(number: str) -> ResponseReturnValue:
    """Sign for the finished work."""
    call.form(NothingForm())
    with call.once() as db:
        visits.sign_off(db, number=number, by=call.actor(), now=call.now())
        return call.leads_to("consumer.booking", number=number)


@blueprint.post("/bookings/<number>/urge")
@signed_in(Role.MEMBER)
def urge(number: str) -> ResponseReturnValue:
    """催一催: the true answer, in its place on the page."""
    call.form(NothingForm())
    is_part = bool(request.headers.get("HX-Request"))
    try:
        with call.once(again=(lambda: bookings.fragment(number)) if is_part else None) as db:
            feedback.urge(db, number=number, by=call.actor(), now=call.now())
            if not is_part:
                return call.leads_to("consumer.booking", number=number)
    except UrgedJustNow:
        # What he was told stands on the page, with the time at which he may ask again.
        if not is_part:
            raise
    return bookings.fragment(number)
