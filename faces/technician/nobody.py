"""/t/visits/<number>/nobody: nobody opens. Four proofs, each with its time, then and only then 跑单."""

from datetime import datetime, timedelta

from flask import render_template
from flask.typing import ResponseReturnValue

from booking import queries as bookings
from dispatch import policy
from dispatch.operations import trouble
from dispatch.queries import VisitMissing
from dispatch.states import Proof, VisitState
from faces.chrome import call
from faces.chrome.errors import sentence_of, status_of
from faces.chrome.sign_in import signed_in
from faces.technician import agenda, screens, situation
from faces.technician.acting import SWAPPED, leads_away, state_of, taken_away
from faces.technician.forms import ActForm
from faces.technician.routes import blueprint
from kernel.actor import Role
from kernel.db import transaction
from kernel.errors import Refusal

# The number to dial is shown so long after a press that recorded the call.
DIAL_LIFE = timedelta(minutes=2)


@blueprint.get("/visits/<number>/nobody")
@signed_in(Role.TECHNICIAN)
def nobody_home(number: str) -> ResponseReturnValue:
    """Show the evidence clock; opening it changes nothing, leaving it loses nothing."""
    try:
        if state_of(number) is not VisitState.ARRIVED:
            return leads_away("technician.visit", number=number)
        return page(number)
    except VisitMissing:
        return taken_away()


@blueprint.post("/visits/<number>/nobody/<any(call, message):kind>")
@signed_in(Role.TECHNICIAN)
def prove(number: str, kind: str) -> ResponseReturnValue:
    """Record that he calls now, or that he sends the member a message."""
    call.form(ActForm())
    try:
        with call.once(again=lambda: page(number)) as db:
            trouble.add_proof(db, number=number, kind=Proof(kind), by=call.actor(), now=call.now())
    except VisitMissing:
        return taken_away()
    except Refusal as refusal:
        if state_of(number) is not VisitState.ARRIVED:
            return leads_away("technician.visit", number=number)
        return refused(number, refusal, at="proof")
    if not screens.is_htmx():
        return leads_away("technician.nobody_home", number=number)
    return page(number, dials=kind == Proof.CALL)


def refused(number: str, refusal: Refusal, *, at: str) -> ResponseReturnValue:
    """Answer a proof that was refused: the same screen with the sentence."""
    errors = {at: sentence_of(refusal), f"{at}.{refusal.field}": sentence_of(refusal)}
    return page(number, errors=errors), SWAPPED if screens.is_htmx() else status_of(refusal)


def page(number: str, *, errors: dict[str, str] | None = None, dials: bool = False) -> str:
    """Draw the clock; with `dials` the phone calls at once. Raises VisitMissing."""
    by, now = call.actor(), call.now()
    with transaction(reads_only=True) as db:
        found, day = agenda.visit(db, number=number, technician_id=by.id, now=now)
        around = situation.read(db, found)
        phone = bookings.booking_of_visit(db, found.id).phone
    assert around.clock is not None
    return render_template(
        "technician/nobody_moved.html" if screens.is_htmx() else "technician/nobody.html",
        visit=found,
        around=around,
        clock=around.clock,
        missing=around.clock.missing(now),
        arrival=around.last(Proof.ARRIVAL.value),
        calls_needed=policy.CALLS_NEEDED,
        wait_s=int(policy.WAIT.total_seconds()),
        phone=phone if _just_called(around.clock.calls, now) else "",
        dials=dials,
        next=next((card for card in day.ahead if card.number != number), None),
        errors=errors or screens.NO_ERRORS,
    )


def _just_called(calls: tuple[datetime, ...], now: datetime) -> bool:
    return bool(calls) and now - max(calls) <= DIAL_LIFE
