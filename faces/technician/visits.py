"""/t/visits/<number>: one visit, and the acts that move it on.

Each act is one operation. A hand that presses twice, or presses on a page from before, sees the
state as it is and no error; a refusal is a sentence at the control that was pressed.
"""

import functools
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from flask import Response, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from booking.operations.visits import finish_visit, set_out
from dispatch import queries
from dispatch.operations import visits
from dispatch.queries import VisitMissing
from dispatch.states import VisitState
from faces.chrome import call
from faces.chrome.errors import sentence_of, status_of
from faces.chrome.filters import gettext
from faces.chrome.sign_in import signed_in
from faces.technician import screens
from faces.technician.forms import TODAY, VISIT, ActForm, CodeForm
from faces.technician.routes import blueprint
from kernel.actor import Actor, Role
from kernel.db import Session, transaction
from kernel.errors import Refusal

# The states of a technician's way, in order.
_WAY = (
    VisitState.ASSIGNED,
    VisitState.ACCEPTED,
    VisitState.EN_ROUTE,
    VisitState.ARRIVED,
    VisitState.IN_SERVICE,
    VisitState.WORK_DONE,
    VisitState.DONE,
)
# htmx swaps this status into the page and keeps all others out.
_SWAPPED = 422
_FIELDS = ("code", "photo")


class Operation(Protocol):
    """One act of a technician upon his visit."""

    def __call__(self, db: Session, *, number: str, by: Actor, now: datetime) -> object:
        """Do it. Raises VisitMissing and what else may stand against it."""
        ...


def _finish(db: Session, *, number: str, by: Actor, now: datetime) -> object:
    return finish_visit(
        db, number=number, by=by, now=now, takes_payments=call.settings().takes_payments
    )


_ACTS: Mapping[str, tuple[Operation, VisitState]] = {
    "accept": (visits.accept, VisitState.ACCEPTED),
    "depart": (set_out, VisitState.EN_ROUTE),
    "arrive": (visits.arrive, VisitState.ARRIVED),
    "finish": (_finish, VisitState.WORK_DONE),
}


@blueprint.get("/visits/<number>")
@signed_in(Role.TECHNICIAN)
def visit(number: str) -> ResponseReturnValue:
    """Show one visit; htmx asks for what moves alone."""
    try:
        return screens.visit(number)
    except VisitMissing:
        return _taken_away()


@blueprint.post("/visits/<number>/<any(accept, depart, arrive, finish):name>")
@signed_in(Role.TECHNICIAN)
def act(number: str, name: str) -> ResponseReturnValue:
    """Take the visit on, set out for it, stand at its door, or finish it."""
    operation, leads_to = _ACTS[name]
    return _do(number, operation, leads_to=leads_to, on=call.form(ActForm())["on"])


@blueprint.post("/visits/<number>/start")
@signed_in(Role.TECHNICIAN)
def start(number: str) -> ResponseReturnValue:
    """Begin the work with the member's service code."""
    try:
        code = call.form(CodeForm())["code"]
    except call.BadField as refusal:
        return refused(number, refusal)
    return _do(number, functools.partial(visits.start, code=code), leads_to=VisitState.IN_SERVICE)


def _do(
    number: str, operation: Operation, *, leads_to: VisitState, on: str = VISIT
) -> ResponseReturnValue:
    try:
        with call.once(again=lambda: moved_on(number, on=on)) as db:
            operation(db, number=number, by=call.actor(), now=call.now())
    except VisitMissing:
        return _taken_away()
    except Refusal as refusal:
        if not _has_reached(number, leads_to):
            return refused(number, refusal, on=on)
    return moved_on(number, on=on)


def moved_on(number: str, *, on: str = VISIT) -> ResponseReturnValue:
    """Answer an act that is done: the screen as it is now."""
    if screens.is_htmx():
        return screens.today() if on == TODAY else screens.visit(number)
    if on == TODAY:
        return redirect(url_for("technician.today"), 303)
    return redirect(url_for("technician.visit", number=number), 303)


def refused(number: str, refusal: Refusal, *, on: str = VISIT) -> ResponseReturnValue:
    """Answer an act that was refused: the same screen, with the sentence at its control.

    Raises VisitMissing.
    """
    at = refusal.field if refusal.field in _FIELDS else "act"
    errors = {at: sentence_of(refusal)}
    page = screens.today(errors=errors) if on == TODAY else screens.visit(number, errors=errors)
    return page, _SWAPPED if screens.is_htmx() else status_of(refusal)


def _has_reached(number: str, state: VisitState) -> bool:
    with transaction(reads_only=True) as db:
        found = queries.own_visit(db, number=number, technician_id=call.actor().id)
    return _WAY.index(found.state) >= _WAY.index(state)


def _taken_away() -> ResponseReturnValue:
    """Lead a page that was his away from a visit that is not. Raises VisitMissing but for htmx."""
    if not screens.is_htmx():
        raise VisitMissing
    flash(gettext("这一户不在您的任务里了，可能已改派。"), "warn")
    return Response(status=404, headers={"HX-Redirect": url_for("technician.today")})
