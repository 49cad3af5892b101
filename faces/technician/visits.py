"""/t/visits/<number>: one visit, and the acts that move it on.

Each act is one operation. A hand that presses twice, or presses on a page from before, sees the
state as it is and no error; a refusal is a sentence at the control that was pressed.
"""

import functools
from collections.abc import Mapping
from datetime import datetime

from flask.typing import ResponseReturnValue

from booking.operations.visits import finish_visit, set_out
from dispatch.operations import visits
from dispatch.queries import VisitMissing
from dispatch.states import VisitState
from faces.chrome import call
from faces.chrome.sign_in import signed_in
from faces.technician import screens
from faces.technician.acting import Operation, do, refused, taken_away
from faces.technician.forms import ActForm, CodeForm, PlaceForm
from faces.technician.routes import blueprint
from kernel.actor import Actor, Role
from kernel.db import Session


def _finish(db: Session, *, number: str, by: Actor, now: datetime) -> object:
    return finish_visit(
        db, number=number, by=by, now=now, takes_payments=call.settings().takes_payments
    )


_ACTS: Mapping[str, tuple[Operation, VisitState]] = {
    "accept": (visits.accept, VisitState.ACCEPTED),
    "depart": (set_out, VisitState.EN_ROUTE),
    "resume": (visits.resume, VisitState.IN_SERVICE),
    "finish": (_finish, VisitState.WORK_DONE),
}


@blueprint.get("/visits/<number>")
@signed_in(Role.TECHNICIAN)
def visit(number: str) -> ResponseReturnValue:
    """Show one visit; htmx asks for what moves alone."""
    try:
        return screens.visit(number)
    except VisitMissing:
        return taken_away()


@blueprint.post("/visits/<number>/<any(accept, depart, resume, finish):name>")
@signed_in(Role.TECHNICIAN)
def act(number: str, name: str) -> ResponseReturnValue:
    """Take the visit on, set out for it, go on with it, or finish it."""
    operation, leads_to = _ACTS[name]
    return do(number, operation, leads_to=leads_to, on=call.form(ActForm())["on"])


@blueprint.post("/visits/<number>/arrive")
@signed_in(Role.TECHNICIAN)
def arrive(number: str) -> ResponseReturnValue:
    """Stand at the door: where the phone says it is when it says so, and unproven when not."""
    given = call.form(PlaceForm())
    operation = functools.partial(visits.arrive, place=given["place"])
    return do(number, operation, leads_to=VisitState.ARRIVED, on=given["on"])


@blueprint.post("/visits/<number>/start")
@signed_in(Role.TECHNICIAN)
def start(number: str) -> ResponseReturnValue:
    """Begin the work with the member's service code."""
    try:
        code = call.form(CodeForm())["code"]
    except call.BadField as refusal:
        return refused(number, refusal)
    return do(number, functools.partial(visits.start, code=code), leads_to=VisitState.IN_SERVICE)
