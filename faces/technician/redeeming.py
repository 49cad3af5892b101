"""/t/redeem: a member's points, taken at his door by the code that he shows."""

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue

from booking import queries as booking
from faces.chrome import call
from faces.chrome.errors import sentence_of, status_of
from faces.chrome.filters import gettext
from faces.chrome.schema import Form
from faces.chrome.sign_in import signed_in
from faces.technician.forms import Words
from faces.technician.routes import blueprint
from kernel.actor import Role
from kernel.db import transaction
from kernel.errors import Conflict, Invalid, Refusal
from members import queries, redemption_queries
from members.operations import redemptions
from members.redeeming import WHAT_MAX, tidy_code, worth_of

CODE_LENGTH_MAX = 40
LISTED_MAX = 20


class CodeQuery(Form):
    """The code, once it was scanned or typed."""

    points_code = Words(most=CODE_LENGTH_MAX, load_default="")


class RedeemForm(Form):
    """The code, and what he gives for the points."""

    points_code = Words(most=CODE_LENGTH_MAX, required=True)
    what = Words(most=WHAT_MAX, required=True)


@blueprint.get("/redeem")
@signed_in(Role.TECHNICIAN)
def redeem_page() -> ResponseReturnValue:
    """Ask for the code; with one, show whose points they are, and how many."""
    return _page(call.query(CodeQuery())["points_code"])


@blueprint.post("/redeem")
@signed_in(Role.TECHNICIAN)
def redeem() -> ResponseReturnValue:
    """Take the points."""
    try:
        given = call.form(RedeemForm())
        with call.once() as db:
            taken = redemptions.redeem(
                db,
                code=tidy_code(given["points_code"]),
                what=given["what"],
                store_id=None,
                by=call.actor(),
                now=call.now(),
            )
            points, done = taken.points, call.leads_to("technician.redeem_page")
    except (Invalid, Conflict) as refusal:
        typed = request.form.get("points_code", "")
        return _page(typed, refusal=refusal), status_of(refusal)
    flash(gettext("收下了 %(points)s 积分，业主已收到通知。", points=points), "ok")
    return done


def _page(code: str, *, refusal: Refusal | None = None) -> str:
    by, now = call.actor(), call.now()
    errors = {refusal.field or "act": sentence_of(refusal)} if refusal else {}
    offered, whose, worth = None, None, None
    with transaction(reads_only=True) as db:
        if code:
            try:
                offered = redemption_queries.by_code(db, code=tidy_code(code), now=now)
                whose = queries.member(db, offered.member_id)
                rules = booking.rules_of_member(db, whose.id)
                worth = worth_of(offered.points, rules=rules)
            except Invalid as missing:
                errors = {"code": sentence_of(missing)}
        done, _ = redemption_queries.redeemed(db, by=by, limit=LISTED_MAX)
    return render_template(
        "technician/redeem.html",
        code=code,
        offered=offered,
        whose=whose,
        done=done,
        worth=worth,
        errors=errors,
        what_max=WHAT_MAX,
        typed=request.form.get("what", ""),
    )
