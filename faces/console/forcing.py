"""/console/visits/…/given, force, pin: what giving a visit to one technician does to both, doing it though
it breaks something, and having a visit stay where it is."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Response, flash, render_template, request
from flask.typing import ResponseReturnValue

from booking import policy
from booking import queries as bookings
from dispatch import moves, queries, scope
from dispatch.moves import Delay, Move
from dispatch.operations import forcing
from dispatch.planner.constraints import LOAD_RULES
from dispatch.policy import is_news
from faces.chrome import call, ruling
from faces.chrome.errors import sentence_of
from faces.chrome.filters import gettext, length_text
from faces.chrome.sign_in import signed_in
from faces.console import balances
from faces.console.roster_forms import ForceForm, GivenQuery, PinForm
from faces.console.routes import READERS, WRITERS, blueprint
from faces.console.why_words import tie_sentences
from kernel.clock import instant_at
from kernel.db import transaction
from kernel.errors import Invalid

SHIFTED_SHOWN = 6
_OF_THE_VAN = frozenset(rule.name for rule in LOAD_RULES)


@blueprint.get("/visits/<number>/given")
@signed_in(*READERS)
def given_visit(number: str) -> ResponseReturnValue:
    """Show what giving the visit to that technician does to him and to who has it now."""
    asked = call.query(GivenQuery())
    return _part(number, asked["technician"], asks=asked["asks"])


@blueprint.post("/visits/<number>/force")
@signed_in(*WRITERS)
def force_visit(number: str) -> ResponseReturnValue:
    """Give it to him though that breaks something, for a reason in words."""
    try:
        given = call.form(ForceForm())
    except Invalid as refusal:
        wrong = {refusal.field or "reason": sentence_of(refusal)}
        technician_id = request.form.get("technician", 0, type=int)
        return _part(number, technician_id, asks=True, errors=wrong), 422
    with call.once() as db:
        scope.visit(db, number=number, by=call.actor())
        visit = forcing.force(
            db,
            number=number,
            technician_id=given["technician"],
            version=given["version"],
            reason=given["reason"],
            told=given["told"],
            by=call.actor(),
            now=call.now(),
        )
        name = queries.technician(db, given["technician"]).name
        said = gettext(
            "已强制派给%(name)s，理由记入审计；%(visit)s 钉在他这里。",
            name=name,
            visit=visit.label,
        )
        return Response(headers={**call.toast(said, "doorbell:done"), "HX-Reswap": "none"})


@blueprint.post("/visits/<number>/pin")
@signed_in(*WRITERS)
def pin_visit(number: str) -> ResponseReturnValue:
    """Have the visit stay with whom it is, whatever a plan would do, or no longer."""
    given = call.form(PinForm())
    with call.once() as db:
        scope.visit(db, number=number, by=call.actor())
        visit = forcing.pin(
            db,
            number=number,
            version=given["version"],
            stays=given["stays"],
            by=call.actor(),
            now=call.now(),
        )
        done = call.leads_to("console.visit", number=visit.number)
    said = gettext("已钉住：优化和补救都不会动它。") if given["stays"] else gettext("已取下钉子。")
    if request.headers.get("HX-Request"):
        return Response(headers={**call.toast(said), "HX-Reswap": "none"})
    flash(said, "ok")
    return done


def _part(
    number: str, technician_id: int, *, asks: bool = False, errors: Mapping[str, str] | None = None
) -> str:
    with transaction(reads_only=True) as db:
        visit = scope.visit(db, number=number, by=call.actor())
        move = moves.of_visit(db, visit, technician_id, now=call.now())
        if move is None:
            return render_template("console/given.html", move=None)
        named = {i for side in (move.taker, move.giver) if side for i, _, _ in side.shifted}
        named |= {delay.visit_id for delay in move.delays} | {visit.id}
        named |= {breach.stop_id for breach in (*move.torn, *move.against) if breach.stop_id}
        visits = queries.visits_by_id(db, sorted(named))
        served = bookings.bookings_of_visits(db, sorted(named))
        sides = [side.technician_id for side in (move.taker, move.giver) if side]
        people = queries.technicians_by_id(db, sides)
    return render_template(
        "console/given.html",
        move=move,
        visit=visit,
        visits=visits,
        bookings=served,
        people=people,
        rows=_rows(move, people),
        torn=_torn(move, visits, people),
        delays=[_delay(delay, visits[delay.visit_id]) for delay in move.delays],
        is_news=is_news,
        shown=SHIFTED_SHOWN,
        asks=asks,
        errors=errors or {},
        typed=request.form.get("reason", ""),
    )


def _torn(
    move: Move, visits: Mapping[int, Any], people: Mapping[int, Any]
) -> list[tuple[str, bool]]:
    """Return what it breaks across routes and in his van, in the planner's own sentences, and whether one
    may answer for that."""
    never = [b for b in move.against if b.worker_id is None or b.rule in _OF_THE_VAN]
    return [
        *((words, True) for words in tie_sentences(move.torn, visits, people)),
        *((words, False) for words in tie_sentences(never, visits, people)),
    ]


def _rows(move: Move, people: Mapping[int, Any]) -> list[balances.Row]:
    """Return his figures before and after, and those of who loses it."""
    found: list[balances.Row] = []
    for side in (move.taker, move.giver):
        if side is None:
            continue
        name = people[side.technician_id].name
        before, after = side.before, side.after
        found.append(
            balances.length(gettext("%(name)s路程", name=name), before.travel_s, after.travel_s)
        )
        found.append(
            balances.finish(
                gettext("%(name)s收工", name=name),
                before.finish_s if before.visits else 0,
                after.finish_s if after.visits else 0,
            )
        )
        if any(side.overtime_s):
            found.append(balances.length(gettext("%(name)s加班", name=name), *side.overtime_s))
    return found


def _delay(delay: Delay, visit: Any) -> dict[str, Any]:
    """Return a promise that comes late, with what it costs by itself and whether its member is told."""
    ends_at = instant_at(visit.day, visit.shuts_s)
    eta_s = visit.shuts_s + delay.late_s
    return {
        "visit": visit,
        "length": length_text(-(-delay.late_s // 60) * 60),
        "fee": policy.late_fee(
            ends_at=ends_at,
            now=ends_at + timedelta(seconds=delay.late_s),
            rules=ruling.over(visit),
        ),
        "is_told": is_news(eta_s, told_s=visit.told_late_s),
    }
