"""/console/visits/…/ways: what can be done about a promise, and giving the visit to somebody else."""

from flask import Response, flash, render_template, request
from flask.typing import ResponseReturnValue

from booking import policy
from booking import queries as bookings
from dispatch import alerts, scope
from dispatch import board as boards
from dispatch import queries as dispatch
from dispatch.operations import withdrawals
from dispatch.states import OWED
from faces.chrome import call, ruling
from faces.chrome.filters import gettext
from faces.chrome.sign_in import signed_in
from faces.console import alerts as told
from faces.console import frame
from faces.console.roster_forms import HandOverForm
from faces.console.routes import READERS, WRITERS, blueprint
from kernel.clock import instant_at
from kernel.db import transaction
from kernel.money import ZERO


@blueprint.get("/visits/<number>/ways")
@signed_in(*READERS)
def ways(number: str) -> ResponseReturnValue:
    """Show the ways out of a promise in danger, each with what it costs."""
    with transaction(reads_only=True) as db:
        visit = scope.visit(db, number=number, by=call.actor())
        frame.enter(db, branch_id=visit.branch_id, day=visit.day)
        bar = boards.bar_of(db, visit.id, branch_id=visit.branch_id, day=visit.day, now=call.now())
        takers = alerts.takers_of(
            db, [visit], branch_id=visit.branch_id, day=visit.day, now=call.now()
        )
        booking = bookings.booking_of_visit(db, visit.id)
    arrive_s = bar.arrive_s if bar else None
    rules = ruling.at(visit.branch_id, member_id=booking.member_id)
    owed = rules.broken_fee
    if arrive_s is not None:
        ends_at = instant_at(visit.day, visit.shuts_s)
        owed = policy.late_fee(ends_at=ends_at, now=instant_at(visit.day, arrive_s), rules=rules)
    return render_template(
        "console/ways.html",
        visit=visit,
        bar=bar,
        booking=booking,
        takers=takers[visit.id],
        owed=owed,
        is_free=owed == ZERO,
        broken_fee=rules.broken_fee,
        may_move=visit.state in OWED,
        extra_words=told.extra_words,
        chance_words=told.chance_words,
    )


@blueprint.post("/visits/<number>/hand-over")
@signed_in(*WRITERS)
def hand_over(number: str) -> ResponseReturnValue:
    """Give the visit to another technician, proven under the day's lock."""
    given = call.form(HandOverForm())
    with call.once() as db:
        scope.visit(db, number=number, by=call.actor())
        visit = withdrawals.hand_over(
            db,
            number=number,
            technician_id=given["technician"],
            version=given["version"],
            until_s=given["until"],
            by=call.actor(),
            now=call.now(),
        )
        name = dispatch.technician(db, given["technician"]).name
        done = call.leads_to("console.board", branch=visit.branch_id, day=visit.day.isoformat())
    said = gettext("已改派给%(name)s。", name=name)
    if request.headers.get("HX-Request"):
        return Response(headers=call.toast(said))
    flash(said, "ok")
    return done
