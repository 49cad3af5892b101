"""/console/visits/…/why: why this technician, why no other, and what each would cost. The board's
drawer shows it, and its timeline draws it on every row while the visit is carried."""

import time
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking import queries as bookings
from dispatch import policy, reasons, scope
from dispatch.planner.explain import Kind, Relaxation
from dispatch.reasons import Reason, Reasons, Standing
from dispatch.states import MOVABLE, OWED
from faces.chrome import call
from faces.chrome.filters import gettext, length_text, second_text
from faces.chrome.sign_in import signed_in
from faces.console import frame
from faces.console.routes import READERS, blueprint
from faces.console.technicians import skill_words
from faces.console.why_words import Told
from kernel.db import transaction


@blueprint.get("/visits/<number>/why")
@signed_in(*READERS)
def why(number: str) -> ResponseReturnValue:
    """Say for every technician what the visit would cost him, or what stands against it.

    One that somebody has set out for is past asking: its own page says how it went.
    """
    began_s = time.perf_counter()
    with transaction(reads_only=True) as db:
        visit = scope.visit(db, number=number, by=call.actor())
        frame.enter(db, branch_id=visit.branch_id, day=visit.day)
        if visit.state not in MOVABLE:
            return redirect(url_for("console.visit", number=number))
        booking = bookings.booking_of_visit(db, visit.id)
        found = reasons.of_visit(db, visit, now=call.now())
        told = Told(reasons=found, skills=skill_words(db))
        is_open = visit.state in OWED and visit.day >= frame.today()
    is_part = request.headers.get("HX-Request") == "true"
    return render_template(
        "console/why_part.html" if is_part else "console/why.html",
        visit=visit,
        booking=booking,
        reasons=found,
        told=told,
        ways=_ways(found, told, booking.number) if is_open else [],
        is_open=is_open,
        until={row.technician_id: _until_s(row) for row in found.priced},
        overtime_most_s=policy.OVERTIME_MAX_S,
        carried=_carried(found, told),
        judged_ms=round((time.perf_counter() - began_s) * 1000),
    )


def _ways(found: Reasons, told: Told, booking: str) -> list[dict[str, str]]:
    """Return what would have to give way while nobody can take it, each with the act that there is."""
    if found.takers or (found.holder is not None and found.holder.witness is not None):
        return []
    asked = [way for way in found.least if way.kind is not Kind.RULE] or found.least
    if not asked and found.both:
        return [{"words": told.both(found.both)}]
    return [{"words": told.way(way), **_act(way, found, booking)} for way in asked]


def _act(way: Relaxation, found: Reasons, booking: str) -> dict[str, str]:
    match way.kind:
        case Kind.STARTS_LATER | Kind.STARTS_EARLIER:
            return {
                "act": gettext("去改约"),
                "href": url_for("console.move_booking", number=booking),
            }
        case Kind.OVERTIME:
            [row] = [row for row in found.rows if row.technician_id == way.worker_id]
            return {"act": gettext("改班次"), "href": _longer(row, found)}
        case Kind.RULE:
            href = url_for("console.technician", technician_id=way.worker_id)
            return {"act": gettext("看师傅"), "href": href}
        case Kind.TIE:
            href = url_for("console.show_ties", branch=found.visit.branch_id)
            return {"act": gettext("看派单关联"), "href": href}
        case Kind.ROOM | Kind.CLOSED:
            return {}


def _longer(row: Reason, found: Reasons) -> str:
    """Return where his shift is made long enough for it."""
    until = second_text(_until_s(row))
    return url_for(
        "console.shift", technician_id=row.technician_id, day=found.visit.day, shuts=until
    )


def _until_s(row: Reason) -> int:
    """Return until when he has to agree to stay, in whole minutes."""
    return -(-row.until_s // 60) * 60


def _carried(found: Reasons, told: Told) -> dict[str, Any]:
    """Return what the timeline draws while the visit is carried: a verdict for each row."""
    visit = found.visit
    what, _, where = visit.label.partition(" ")
    return {
        "number": visit.number,
        "what": what,
        "where": where.removesuffix("小区"),
        "length": length_text(visit.work_s),
        "skill": told.skills.get(visit.skill, visit.skill),
        "opens": visit.opens_s,
        "shuts": visit.shuts_s,
        "rows": {str(row.technician_id): _verdict(row, told) for row in found.rows},
    }


def _verdict(row: Reason, told: Told) -> dict[str, Any]:
    verdict: dict[str, Any] = {"is": row.standing.value, "words": told.row(row)}
    if row.standing is Standing.FITS and row.witness is not None:
        start_s = row.witness.start_s
        verdict |= {"start": start_s, "end": start_s + told.reasons.visit.work_s}
    # Where only times stand against it, a dispatcher may force it and answer for that.
    verdict["forced"] = row.standing is Standing.BREAKS and not row.is_ruled_out
    return verdict
