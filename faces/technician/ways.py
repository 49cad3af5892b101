"""/t/visits/<number>/ways: the other ways a visit may go, each with its consequences said before.

A way is a page of its own, and a sheet over the visit where the page's scripts run.
"""

from flask import flash, render_template
from flask.typing import ResponseReturnValue

from dispatch.queries import VisitMissing
from faces.chrome import call, ruling
from faces.chrome.errors import sentence_of, status_of
from faces.chrome.filters import gettext
from faces.chrome.sign_in import signed_in
from faces.technician import agenda, screens
from faces.technician.acting import SWAPPED, leads_away, state_of, taken_away
from faces.technician.forms import WayForm
from faces.technician.routes import blueprint
from faces.technician.way_table import WAYS, Way
from kernel.actor import Role
from kernel.db import transaction
from kernel.errors import Invalid, Missing, Refusal
from kernel.words import msg

DECLINED = msg("已拒单：这一户不会再派给您。")


class ReasonNeeded(Invalid):
    """Nothing was chosen of what could be the reason."""

    code = "bad_reason"
    says = msg("请选一个原因。")


@blueprint.get("/visits/<number>/ways")
@signed_in(Role.TECHNICIAN)
def ways(number: str) -> ResponseReturnValue:
    """List what may have gone wrong here and now."""
    try:
        state = state_of(number)
    except VisitMissing:
        return taken_away()
    found = [way for way in WAYS.values() if state in way.states and way.is_trouble]
    if not found:
        return leads_away("technician.visit", number=number)
    return render_template(
        "technician/ways_sheet.html" if screens.is_htmx() else "technician/ways.html",
        number=number,
        ways=found,
    )


@blueprint.get("/visits/<number>/ways/<name>")
@signed_in(Role.TECHNICIAN)
def way(number: str, name: str) -> ResponseReturnValue:
    """Say what the way means for whom, and ask for the reason."""
    chosen = _way(name)
    try:
        if state_of(number) not in chosen.states:
            return leads_away("technician.visit", number=number)
        return _page(number, chosen)
    except VisitMissing:
        return taken_away()


@blueprint.post("/visits/<number>/ways/<name>")
@signed_in(Role.TECHNICIAN)
def go(number: str, name: str) -> ResponseReturnValue:
    """Go that way."""
    chosen = _way(name)
    try:
        given = call.form(WayForm())
        reason = _reason(chosen, given["reason"], given["note"])
        with call.once(again=lambda: _gone(number, chosen)) as db:
            chosen.operation(db, number=number, reason=reason, by=call.actor(), now=call.now())
    except VisitMissing:
        return taken_away()
    except Refusal as refusal:
        if state_of(number) not in chosen.states:
            return leads_away("technician.visit", number=number)
        status = SWAPPED if screens.is_htmx() else status_of(refusal)
        return _page(number, chosen, error=sentence_of(refusal)), status
    if chosen.name == "decline":
        flash(gettext(DECLINED), "ok")
    return _gone(number, chosen)


def _gone(number: str, chosen: Way) -> ResponseReturnValue:
    if chosen.name == "decline":
        return leads_away("technician.today")
    return leads_away("technician.visit", number=number)


def _way(name: str) -> Way:
    if name not in WAYS:
        raise Missing
    return WAYS[name]


def _reason(chosen: Way, reason: str, note: str) -> str:
    """Return what is written down: the sentence chosen, and his own words. Raises ReasonNeeded."""
    if chosen.reasons and reason not in chosen.reasons:
        raise ReasonNeeded(field="reason")
    return "：".join(part for part in (reason, note) if part)


def _page(number: str, chosen: Way, *, error: str = "") -> str:
    by, now = call.actor(), call.now()
    with transaction(reads_only=True) as db:
        found, day = agenda.visit(db, number=number, technician_id=by.id, now=now)
    return render_template(
        "technician/way_sheet.html" if screens.is_htmx() else "technician/way.html",
        visit=found,
        way=chosen,
        facts=chosen.facts(ruling.at(found.branch_id)),
        next=next((card for card in day.ahead if card.number != number), None),
        error=error,
    )
