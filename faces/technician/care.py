"""/t/care: the members whom a technician looks after, and what came of it."""

from dataclasses import dataclass
from datetime import date, timedelta

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue

from booking import care_queries
from booking.care import AGAIN_DAYS, AGAIN_DAYS_MAX, AHEAD_DAYS, BY_HAND, KINDS, OUTCOMES, TEXT_MAX
from faces.chrome import call, caring
from faces.chrome.errors import sentence_of, status_of
from faces.chrome.sign_in import signed_in
from faces.technician.routes import blueprint
from kernel.actor import Role
from kernel.clock import local_date
from kernel.db import transaction
from kernel.errors import Conflict, Invalid, Refusal
from kernel.names import surname_of

LISTED_MAX = 20
# What is wrong with another field, or with none, is said above all.
SHOWN = frozenset({"gives_gift", "again_days", "text"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One whose turn it is or soon will be. Nobody comes yet, so that it says no more of him than a visit
    does long before its window: surname, 小区, masked phone."""

    line: care_queries.Line
    due_on: date
    who: str
    compound: str
    phone: str


@blueprint.get("/care")
@signed_in(Role.TECHNICIAN)
def care_page() -> ResponseReturnValue:
    """List whose turn it is, longest due first, and who is next in the days ahead."""
    return _page()


@blueprint.post("/care/turns/<number>")
@signed_in(Role.TECHNICIAN)
def note_care(number: str) -> ResponseReturnValue:
    """Write down what came of it, and whether the gift was handed over."""
    try:
        given = call.form(caring.OutcomeForm())
        with call.once() as db:
            said = caring.note(db, number=number, given=given)
            done = call.leads_to("technician.care_page")
    except (Invalid, Conflict) as refusal:
        return _page(number, refusal), status_of(refusal)
    flash(said, "ok")
    return done


def _page(failed: str = "", refusal: Refusal | None = None) -> str:
    by, today = call.actor(), local_date(call.now())
    place = refusal.field if refusal and refusal.field in SHOWN else "act"
    with transaction(reads_only=True) as db:
        if failed:
            care_queries.plan(db, number=failed, by=by)
        last = today + timedelta(days=AHEAD_DAYS)
        plans = care_queries.due(db, by=by, last=last, limit=LISTED_MAX)
        turns = [_turn(line) for line in care_queries.lines(db, plans)]
    return render_template(
        "technician/care.html",
        turns=turns,
        today=today,
        ahead_days=AHEAD_DAYS,
        kinds=KINDS,
        outcomes=OUTCOMES,
        by_hand=BY_HAND,
        again_days=AGAIN_DAYS,
        again_days_max=AGAIN_DAYS_MAX,
        text_max=TEXT_MAX,
        failed=failed,
        errors={place: sentence_of(refusal)} if refusal else {},
        typed=request.form,
    )


def _turn(line: care_queries.Line) -> Turn:
    assert line.plan.due_on is not None, "only what is due is listed"
    # Of a booking long ago the place was dropped.
    known = line.booking if line.booking and line.booking.phone else None
    return Turn(
        line=line,
        due_on=line.plan.due_on,
        who=f"{surname_of(known.contact)}**" if known else line.member.masked_name,
        compound=line.booking.compound if line.booking else "",
        phone=known.masked_phone if known else line.member.masked_phone,
    )
