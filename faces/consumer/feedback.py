"""What a member says of a booking: a rating, or a complaint."""

from collections.abc import Mapping

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from marshmallow import fields, validate

from booking.feedback import (
    BAD_TAGS,
    GOOD_TAGS,
    STARS_MAX,
    TAG_WORDS,
    TOPIC_WORDS,
    Topic,
    check_words,
)
from booking.operations import feedback
from faces.chrome import call
from faces.chrome.errors import sentence_of, status_of
from faces.chrome.filters import gettext
from faces.chrome.schema import Form, Text
from faces.chrome.sign_in import signed_in
from faces.consumer import forms, life, progress
from faces.consumer.routes import blueprint
from kernel.actor import Role
from kernel.db import transaction
from kernel.errors import Conflict, Invalid
from kernel.words import msg

# Longer than anybody may write: how long that is says the rule itself, at the field.
_SENT_MAX = 2000


class RatingForm(Form):
    """Stars, tags and words."""

    stars = fields.Integer(
        required=True,
        validate=validate.Range(1, STARS_MAX, error=msg("请选 1 到 5 颗星。")),
        error_messages={"required": msg("请选 1 到 5 颗星。")},
    )
    tags = fields.List(fields.String(), load_default=list)
    text = Text(most=_SENT_MAX, load_default="")


class ComplaintForm(Form):
    """What it is about, and what happened."""

    topic = fields.Enum(
        Topic, by_value=True, required=True, error_messages={"required": msg("请选一个问题。")}
    )
    text = Text(most=_SENT_MAX, load_default="")


@blueprint.get("/bookings/<number>/rate")
@signed_in(Role.MEMBER)
def rate_page(number: str) -> ResponseReturnValue:
    """Ask what he thinks; once that is said, his booking shows it."""
    by, now = call.actor(), call.now()
    with transaction(reads_only=True) as db:
        around = life.read(db, number=number, by=by, now=now)
    if not around.may_rate:
        return redirect(url_for("consumer.booking", number=number), 303)
    return _rate_page(number, typed={}, errors={})


@blueprint.post("/bookings/<number>/rate")
@signed_in(Role.MEMBER)
def rate(number: str) -> ResponseReturnValue:
    """Keep what he thinks; any rating earns the same points."""
    values, errors = forms.read(RatingForm())
    if errors:
        return _rate_page(number, typed=values, errors=errors), 422
    try:
        with call.once() as db:
            feedback.rate(
                db,
                booking_number=number,
                stars=values["stars"],
                tags=values["tags"],
                text=values["text"],
                by=call.actor(),
                now=call.now(),
            )
            return call.leads_to("consumer.booking", number=number)
    except Invalid as refusal:
        said = {refusal.field or "text": sentence_of(refusal)}
        return _rate_page(number, typed=values, errors=said), 422


@blueprint.get("/bookings/<number>/complain")
@signed_in(Role.MEMBER)
def complain_page(number: str) -> ResponseReturnValue:
    """Ask what went wrong."""
    return _complain_page(number, typed={}, errors={})


@blueprint.post("/bookings/<number>/complain")
@signed_in(Role.MEMBER)
def complain(number: str) -> ResponseReturnValue:
    """Open a complaint, which somebody answers."""
    values, errors = forms.read(ComplaintForm())
    try:
        check_words(values.get("text", ""), field="text")
    except Invalid as refusal:
        errors.setdefault("text", sentence_of(refusal))
    if errors:
        return _complain_page(number, typed=values, errors=errors), 422
    try:
        with call.once() as db:
            feedback.complain(
                db,
                booking_number=number,
                topic=values["topic"],
                text=values["text"],
                by=call.actor(),
                now=call.now(),
            )
            return call.leads_to("consumer.booking", number=number)
    except (Invalid, Conflict) as refusal:
        said = {refusal.field or "text": sentence_of(refusal)}
        return _complain_page(number, typed=values, errors=said), status_of(refusal)


def _rate_page(number: str, *, typed: Mapping[str, object], errors: Mapping[str, str]) -> str:
    with transaction(reads_only=True) as db:
        visit = progress.read(db, number=number, by=call.actor(), now=call.now())
    return render_template(
        "consumer/rate.html",
        visit=visit,
        typed=typed,
        errors=errors,
        tags=[(tag.value, gettext(TAG_WORDS[tag])) for tag in (*GOOD_TAGS, *BAD_TAGS)],
        stars_max=STARS_MAX,
    )


def _complain_page(number: str, *, typed: Mapping[str, object], errors: Mapping[str, str]) -> str:
    with transaction(reads_only=True) as db:
        visit = progress.read(db, number=number, by=call.actor(), now=call.now())
    return render_template(
        "consumer/complain.html",
        visit=visit,
        typed=typed,
        errors=errors,
        topics=[(topic.value, gettext(words)) for topic, words in TOPIC_WORDS.items()],
    )
