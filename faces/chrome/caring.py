"""What came of a care plan, as whoever did it writes it down: on the console, on a technician's phone."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validate

from booking.care import AGAIN_DAYS, AGAIN_DAYS_MAX, BY_HAND, TEXT_MAX, Outcome
from booking.operations import care
from faces.chrome import call
from faces.chrome.filters import gettext
from faces.chrome.schema import Form, Text
from kernel.db import Session


class OutcomeForm(Form):
    """What came of it."""

    outcome = fields.String(required=True, validate=validate.OneOf(BY_HAND))
    again_days = fields.Integer(
        load_default=AGAIN_DAYS, validate=validate.Range(min=1, max=AGAIN_DAYS_MAX)
    )
    text = Text(most=TEXT_MAX, load_default="")
    # The last note that the page showed: what came of one turn is written down once.
    seen = fields.Integer(required=True)
    gives_gift = fields.Boolean(load_default=False)


def note(db: Session, *, number: str, given: Mapping[str, Any]) -> str:
    """Write it down and return what is said of it. Raises CareMissing, CareEnded, CareMoved, NoGift."""
    outcome = Outcome(given["outcome"])
    row = care.note(
        db, number=number, by=call.actor(), now=call.now(), **{**given, "outcome": outcome}
    )
    if row.due_on is None:
        return gettext("已记下，这个计划到此为止。")
    return gettext("已记下，下次 %(day)s。", day=row.due_on.isoformat())
