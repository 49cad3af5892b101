"""How an act is answered: by the screen as it is then, or with a sentence at the control pressed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from flask import Response, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from dispatch import queries
from dispatch.queries import VisitMissing
from dispatch.states import VisitState
from faces.chrome import call
from faces.chrome.errors import sentence_of, status_of
from faces.chrome.filters import gettext
from faces.technician import screens
from faces.technician.forms import TODAY, VISIT
from kernel.actor import Actor
from kernel.db import Session, transaction
from kernel.errors import Refusal

# The states of a technician's way, in order; work that rests has come as far as work.
_WAY = (
    VisitState.ASSIGNED,
    VisitState.ACCEPTED,
    VisitState.EN_ROUTE,
    VisitState.ARRIVED,
    VisitState.IN_SERVICE,
    VisitState.WORK_DONE,
    VisitState.DONE,
)
_AS_FAR_AS: Mapping[VisitState, VisitState] = {VisitState.PAUSED: VisitState.IN_SERVICE}
# htmx swaps this status into the page and keeps all others out.
SWAPPED = 422
_FIELDS = ("code", "photo", "checks")


class Operation(Protocol):
    """One act of a technician upon his visit."""

    def __call__(self, db: Session, *, number: str, by: Actor, now: datetime) -> object:
        """Do it. Raises VisitMissing and what else may stand against it."""
        ...


def do(
    number: str,
    operation: Operation,
    *,
    leads_to: VisitState | None = None,
    on: str = VISIT,
    at: str = "",
) -> ResponseReturnValue:
    """Do it once and answer with the screen. A refusal is no error when the visit has come as far as
    `leads_to` already; else its sentence stands at the control `at`."""
    try:
        with call.once(again=lambda: moved_on(number, on=on)) as db:
            operation(db, number=number, by=call.actor(), now=call.now())
    except VisitMissing:
        return taken_away()
    except Refusal as refusal:
        if leads_to is None or not has_reached(number, leads_to):
            return refused(number, refusal, on=on, at=at)
    return moved_on(number, on=on)


def moved_on(number: str, *, on: str = VISIT) -> ResponseReturnValue:
    """Answer an act that is done: the screen as it is now."""
    if screens.is_htmx():
        return screens.today() if on == TODAY else screens.visit(number)
    if on == TODAY:
        return redirect(url_for("technician.today"), 303)
    return redirect(url_for("technician.visit", number=number), 303)


def refused(number: str, refusal: Refusal, *, on: str = VISIT, at: str = "") -> ResponseReturnValue:
    """Answer an act that was refused: the same screen, with the sentence at its control.

    Raises VisitMissing.
    """
    at = at or (refusal.field if refusal.field in _FIELDS else "act") or "act"
    errors = {at: sentence_of(refusal), refusal.code: sentence_of(refusal)}
    if refusal.field:
        errors[f"{at}.{refusal.field}"] = sentence_of(refusal)
    page = screens.today(errors=errors) if on == TODAY else screens.visit(number, errors=errors)
    return page, SWAPPED if screens.is_htmx() else status_of(refusal)


def leads_away(endpoint: str, **values: Any) -> ResponseReturnValue:
    """Answer with another page, which htmx opens as a whole."""
    address = url_for(endpoint, **values)
    if screens.is_htmx():
        return Response(headers={"HX-Redirect": address})
    return redirect(address, 303)


def state_of(number: str) -> VisitState:
    """Return the state of his own visit. Raises VisitMissing."""
    with transaction(reads_only=True) as db:
        return queries.own_visit(db, number=number, technician_id=call.actor().id).state


def has_reached(number: str, state: VisitState) -> bool:
    """Tell whether his visit has come as far as that, or has ended otherwise. Raises VisitMissing."""
    found = state_of(number)
    found = _AS_FAR_AS.get(found, found)
    return found not in _WAY or _WAY.index(found) >= _WAY.index(state)


def taken_away() -> ResponseReturnValue:
    """Lead a page that was his away from a visit that is not. Raises VisitMissing but for htmx."""
    if not screens.is_htmx():
        raise VisitMissing
    flash(gettext("这一户不在您的任务里了，可能已改派。"), "warn")
    return Response(status=404, headers={"HX-Redirect": url_for("technician.today")})
