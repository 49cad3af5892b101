"""/c/points/code: points spent on the spot, by a code that one of us scans or types."""

from datetime import timedelta
from functools import partial

from flask import render_template
from flask.typing import ResponseReturnValue
from marshmallow import fields, validate

from booking import queries
from faces.chrome import call, qr
from faces.chrome.errors import sentence_of, status_of
from faces.chrome.schema import BEYOND, Form
from faces.chrome.sign_in import signed_in
from faces.consumer.confirm import NothingForm
from faces.consumer.routes import blueprint
from kernel.actor import Role
from kernel.db import transaction
from kernel.errors import Conflict, Invalid
from members import ledger_queries, redemption_queries
from members.operations import redemptions
from members.redeeming import CODE_LIFE, worth_of

POINTS_MAX = 1_000_000
# What was taken is shown for so long before the page asks again.
SHOWN_FOR = timedelta(minutes=10)
OFFERED = (100, 200, 500, 1000)


class OfferForm(Form):
    """How many points may be taken."""

    points = fields.Integer(
        required=True, validate=validate.Range(min=1, max=POINTS_MAX, error=BEYOND)
    )


@blueprint.get("/points/code")
@signed_in(Role.MEMBER)
def points_code() -> ResponseReturnValue:
    """Show the code that stands, what was taken just now, or ask how many points."""
    return _page()


@blueprint.post("/points/code")
@signed_in(Role.MEMBER)
def offer_points() -> ResponseReturnValue:
    """Keep the points and show the code for them."""
    try:
        given = call.form(OfferForm())
        with call.once() as db:
            by = call.actor()
            rules = queries.rules_of_member(db, by.id)
            redemptions.offer(db, points=given["points"], rules=rules, by=by, now=call.now())
            return call.leads_to("consumer.points_code")
    except (Invalid, Conflict) as refusal:
        return _page(error=sentence_of(refusal)), status_of(refusal)


@blueprint.post("/points/code/withdraw")
@signed_in(Role.MEMBER)
def withdraw_points() -> ResponseReturnValue:
    """Let go of them."""
    call.form(NothingForm())
    with call.once() as db:
        redemptions.withdraw(db, by=call.actor(), now=call.now())
        return call.leads_to("consumer.points_code")


def _page(*, error: str = "") -> str:
    member_id, now = call.actor().id, call.now()
    with transaction(reads_only=True) as db:
        offered = redemption_queries.offered(db, member_id=member_id, now=now)
        taken = redemption_queries.taken_last(db, member_id=member_id, since=now - SHOWN_FOR)
        free = ledger_queries.points_free(db, member_id, now=now)
        rules = queries.rules_of_member(db, member_id)
    most = free - free % rules.points_a_yuan
    amounts = [each for each in OFFERED if each < most]
    return render_template(
        "consumer/points_code.html",
        offered=offered,
        taken=taken if offered is None and not error else None,
        picture=qr.picture(offered.code) if offered else "",
        life_s=int(CODE_LIFE.total_seconds()),
        free=free,
        amounts=[*amounts[-3:], most] if most > 0 else [],
        worth_of=partial(worth_of, rules=rules),
        step=rules.points_a_yuan,
        error=error,
    )
