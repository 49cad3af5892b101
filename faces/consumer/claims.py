"""/c/claim/…: who called before he was in WeChat finds there what was booked for him."""

from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from booking import queries as bookings
from faces.chrome import call
from faces.chrome.errors import sentence_of, status_of
from faces.chrome.schema import Form
from faces.chrome.sign_in import signed_in
from faces.consumer.routes import blueprint
from kernel.actor import SYSTEM, Role
from kernel.db import Session, transaction
from kernel.errors import Refusal
from members import queries
from members.claims import ClaimOver, claimed
from members.merging import MergeReason
from members.operations import merging


class ClaimForm(Form):
    """A button alone."""


@blueprint.get("/claim/<code>")
@signed_in(Role.MEMBER)
def claim(code: str) -> ResponseReturnValue:
    """Say what is claimed, and ask for the one tap."""
    return _page(code)


@blueprint.post("/claim/<code>")
@signed_in(Role.MEMBER)
def take_claim(code: str) -> ResponseReturnValue:
    """Make the caller one with the member who holds his code."""
    call.form(ClaimForm())
    try:
        with call.once() as db:
            merging.merge(
                db,
                one_id=call.actor().id,
                other_id=_caller(db, code).id,
                reason=MergeReason.CLAIM,
                by=call.actor(),
                now=call.now(),
            )
            return call.leads_to("consumer.bookings_page")
    except Refusal as refusal:
        return _page(code, sentence_of(refusal)), status_of(refusal)


def _page(code: str, error: str = "") -> str:
    with transaction(reads_only=True) as db:
        caller = _caller(db, code)
        count = len(bookings.bookings_of(db, caller.id, limit=50))
    is_done = caller.id == call.actor().id
    return render_template(
        "consumer/claim.html", caller=caller, count=count, is_done=is_done, error=error
    )


def _caller(db: Session, code: str) -> Any:
    """Return the caller whose code that is, or who claims if he has claimed it. Raises ClaimOver for
    everybody else: a code serves once."""
    number = claimed(code, key=call.settings().secret_key, now=call.now())
    found = queries.member_by_number(db, number=number, by=SYSTEM)
    if not found.is_caller and found.id != call.actor().id:
        raise ClaimOver
    return found
