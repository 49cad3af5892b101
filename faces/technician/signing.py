"""/t/visits/<number>/sign: the member signs with his finger on the technician's phone."""

import functools

from flask import render_template
from flask.typing import ResponseReturnValue

from booking.operations.visits import sign_on_site
from dispatch.operations.signing import SHEET_MAX
from dispatch.queries import VisitMissing
from dispatch.states import VisitState
from faces.chrome import call
from faces.chrome.errors import sentence_of, status_of
from faces.chrome.sign_in import signed_in
from faces.technician import agenda, screens, situation
from faces.technician.acting import SWAPPED, leads_away, state_of, taken_away
from faces.technician.forms import SignatureForm
from faces.technician.routes import blueprint
from kernel.actor import Role
from kernel.db import transaction
from kernel.errors import Refusal


@blueprint.get("/visits/<number>/sign")
@signed_in(Role.TECHNICIAN)
def sign(number: str) -> ResponseReturnValue:
    """Show what is signed for, and the sheet to sign on."""
    try:
        if state_of(number) is not VisitState.WORK_DONE:
            return leads_away("technician.visit", number=number)
        return _page(number)
    except VisitMissing:
        return taken_away()


@blueprint.post("/visits/<number>/sign")
@signed_in(Role.TECHNICIAN)
def keep_signature(number: str) -> ResponseReturnValue:
    """Keep the signature and end the visit by it."""
    back = functools.partial(leads_away, "technician.visit", number=number)
    try:
        strokes = call.form(SignatureForm())["strokes"]
        with call.once(again=back) as db:
            sign_on_site(db, number=number, strokes=strokes, by=call.actor(), now=call.now())
    except VisitMissing:
        return taken_away()
    except Refusal as refusal:
        if state_of(number) is not VisitState.WORK_DONE:
            return back()
        status = SWAPPED if screens.is_htmx() else status_of(refusal)
        return _page(number, error=sentence_of(refusal)), status
    return back()


def _page(number: str, *, error: str = "") -> str:
    by, now = call.actor(), call.now()
    with transaction(reads_only=True) as db:
        found, _ = agenda.visit(db, number=number, technician_id=by.id, now=now)
        around = situation.read(db, found)
    return render_template(
        "technician/sign_form.html" if screens.is_htmx() else "technician/sign.html",
        visit=found,
        around=around,
        sheet=SHEET_MAX,
        error=error,
    )
