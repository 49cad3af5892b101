"""申请复议: what happened in his own words, against a strike or against the stop of his bookings."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from marshmallow import fields

from booking.operations import closing
from faces.chrome import call
from faces.chrome.errors import sentence_of, status_of
from faces.chrome.filters import gettext
from faces.chrome.schema import Form, Text
from faces.chrome.sign_in import signed_in
from faces.consumer import blocked, forms, life, pictures, strikes
from faces.consumer.routes import blueprint
from kernel.actor import Role
from kernel.db import transaction
from kernel.errors import Conflict, Invalid
from members import policy
from members.operations import appeals
from members.policy import PHOTOS_MAX, REASON_NAMES, TEXT_MAX, TEXT_MIN, AppealReason, AppealSubject

# Longer than an appeal may be: how much too long it is says the rule itself.
_TEXT_LENGTH_MAX = 2000


class AppealForm(Form):
    """The reason, the story, and the pictures that were added before."""

    reason = fields.String(load_default="")
    text = Text(most=_TEXT_LENGTH_MAX, load_default="")
    picture = fields.List(fields.String(), load_default=list)


@blueprint.get("/strikes/<number>/appeal")
@signed_in(Role.MEMBER)
def appeal_page(number: str) -> ResponseReturnValue:
    """Ask what happened."""
    with transaction(reads_only=True) as db:
        strike = strikes.read(db, number=number, by=call.actor(), now=call.now())
    if not strike.may_appeal:
        return redirect(url_for("consumer.strike_page", number=number), 303)
    return _page(url_for("consumer.appeal", number=number), AppealSubject.STRIKE)


@blueprint.post("/strikes/<number>/appeal")
@signed_in(Role.MEMBER)
def appeal(number: str) -> ResponseReturnValue:
    """Contest a strike; until it is decided nothing is taken."""
    action = url_for("consumer.appeal", number=number)
    with transaction(reads_only=True) as db:
        strike = strikes.read(db, number=number, by=call.actor(), now=call.now())
    values, errors = _read(AppealSubject.STRIKE)
    if errors:
        return _page(action, AppealSubject.STRIKE, typed=values, errors=errors), 422
    try:
        with call.once() as db:
            closing.appeal(
                db,
                strike_number=number,
                booking_number=strike.booking,
                reason=values["reason"],
                text=values["text"],
                photos=pictures.named(values["picture"]),
                by=call.actor(),
                now=call.now(),
            )
            return call.leads_to("consumer.strike_page", number=number)
    except (Invalid, Conflict) as refusal:
        said = {refusal.field or "text": sentence_of(refusal)}
        return _page(action, AppealSubject.STRIKE, typed=values, errors=said), status_of(refusal)


@blueprint.get("/blocked/appeal")
@signed_in(Role.MEMBER)
def blocked_appeal_page() -> ResponseReturnValue:
    """Ask why his bookings should not be stopped."""
    with transaction(reads_only=True) as db:
        stop = blocked.read(db)
    if stop is None or not stop.may_appeal:
        return redirect(url_for("consumer.blocked_page"), 303)
    return _page(url_for("consumer.blocked_appeal"), AppealSubject.BLACKLISTING)


@blueprint.post("/blocked/appeal")
@signed_in(Role.MEMBER)
def blocked_appeal() -> ResponseReturnValue:
    """Contest the stop; two of our people have to agree to lift it."""
    action = url_for("consumer.blocked_appeal")
    with transaction(reads_only=True) as db:
        stop = blocked.read(db)
    if stop is None:
        return redirect(url_for("consumer.home"), 303)
    values, errors = _read(AppealSubject.BLACKLISTING)
    if errors:
        return _page(action, AppealSubject.BLACKLISTING, typed=values, errors=errors), 422
    try:
        with call.once() as db:
            appeals.open_blacklisting_appeal(
                db,
                blacklisting_number=stop.number,
                reason=values["reason"],
                text=values["text"],
                photos=pictures.named(values["picture"]),
                by=call.actor(),
                now=call.now(),
            )
            return call.leads_to("consumer.blocked_page")
    except (Invalid, Conflict) as refusal:
        said = {refusal.field or "text": sentence_of(refusal)}
        return _page(action, AppealSubject.BLACKLISTING, typed=values, errors=said), status_of(
            refusal
        )


@blueprint.get("/bookings/<number>/dispute")
@signed_in(Role.MEMBER)
def dispute_page(number: str) -> ResponseReturnValue:
    """Ask what is wrong with how his booking ended."""
    with transaction(reads_only=True) as db:
        around = life.read(db, number=number, by=call.actor(), now=call.now())
    if around.dispute_until is None:
        return redirect(url_for("consumer.booking", number=number), 303)
    return _page(url_for("consumer.dispute", number=number), AppealSubject.BOOKING)


@blueprint.post("/bookings/<number>/dispute")
@signed_in(Role.MEMBER)
def dispute(number: str) -> ResponseReturnValue:
    """Contest how his booking ended; somebody who had no hand in it decides."""
    action = url_for("consumer.dispute", number=number)
    with transaction(reads_only=True) as db:
        life.read(db, number=number, by=call.actor(), now=call.now())
    values, errors = _read(AppealSubject.BOOKING)
    if errors:
        return _page(action, AppealSubject.BOOKING, typed=values, errors=errors), 422
    try:
        with call.once() as db:
            closing.dispute(
                db,
                number=number,
                reason=values["reason"],
                text=values["text"],
                photos=pictures.named(values["picture"]),
                by=call.actor(),
                now=call.now(),
            )
            return call.leads_to("consumer.booking", number=number)
    except (Invalid, Conflict) as refusal:
        said = {refusal.field or "text": sentence_of(refusal)}
        return _page(action, AppealSubject.BOOKING, typed=values, errors=said), status_of(refusal)


def _read(kind: AppealSubject) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what was sent, pictures stored, and one sentence for each field at fault."""
    values, errors = forms.read(AppealForm())
    values = {"reason": "", "text": "", "picture": []} | values
    named: list[str] = []
    try:
        values["picture"] = [*values["picture"], *pictures.taken_in()]
        named = pictures.named(values["picture"])
    except Invalid as refusal:
        errors["photos"] = sentence_of(refusal)
    # The reason by itself, so that all that is wrong is told at once.
    checks: tuple[tuple[str, str, Sequence[str]], ...] = (
        (values["reason"], "." * TEXT_MIN, ()),
        (AppealReason.OTHER.value, values["text"], named),
    )
    for reason, text, photos in checks:
        try:
            policy.check_statement(kind=kind, reason=reason, text=text, photos=photos)
        except Invalid as refusal:
            errors.setdefault(refusal.field or "text", sentence_of(refusal))
    return values, errors


def _page(
    action: str,
    kind: AppealSubject,
    *,
    typed: Mapping[str, Any] | None = None,
    errors: Mapping[str, str] | None = None,
) -> str:
    return render_template(
        "consumer/appeal.html",
        action=action,
        kind=kind.value,
        typed=typed or {},
        errors=errors or {},
        reasons=[
            (reason.value, gettext(REASON_NAMES[reason])) for reason in policy.reasons_for(kind)
        ],
        text_min=TEXT_MIN,
        text_max=TEXT_MAX,
        photos_max=PHOTOS_MAX,
    )
