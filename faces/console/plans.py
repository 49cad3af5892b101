"""/console/plans: ask for a better plan, watch it being found, take it or leave it."""

from typing import Any

from flask import Response, flash, render_template, session
from flask.typing import ResponseReturnValue

from dispatch import causes, diff, outcomes, preview, queries, scope
from dispatch.operations import proposals, undoing
from dispatch.operations.proposals import Accepted, LeftToNobody, NotAlone
from faces.chrome import call
from faces.chrome.errors import sentence_of, status_of
from faces.chrome.filters import gettext
from faces.chrome.sign_in import signed_in
from faces.console import balances, frame, parts
from faces.console.curve import curve_of
from faces.console.forms import AcceptForm, DayForm, NoForm, PageQuery
from faces.console.paging import Page
from faces.console.parts import Shown
from faces.console.routes import READERS, WRITERS, blueprint
from kernel.db import Session, transaction
from kernel.errors import Conflict, Refusal
from kernel.leases import PENDING
from kernel.words import msg
from members import queries as members

STATES = {
    PENDING: (msg("计算中"), "info", "loader"),
    proposals.READY: (msg("未生效"), "violet", "sparkles"),
    proposals.ACCEPTED: (msg("已接受"), "ok", "circle-check"),
    proposals.DISCARDED: (msg("已放弃"), "gray", "circle-x"),
    proposals.OUTDATED: (msg("已过时"), "gray", "clock-x"),
    proposals.UNDONE: (msg("已撤销"), "gray", "undo"),
    proposals.FAILED: (msg("没有算出"), "danger", "alert-circle"),
}
OUTCOME = "plan_outcome"


class DayIsOver(Conflict):
    """Nothing of that day can be planned any more."""

    code = "day_over"
    says = msg("这一天已经过去，没有可以调整的行程了。")


class NothingChosen(Conflict):
    """A part was to be accepted, and nothing was ticked."""

    code = "nothing_chosen"
    says = msg("一项都没有选。请至少勾选一项改动。")


@blueprint.get("/plans")
@signed_in(*READERS)
def plans() -> ResponseReturnValue:
    """List the branch's proposals."""
    wanted = call.query(PageQuery())
    page = Page(number=wanted["page"])
    with transaction(reads_only=True) as db:
        branch = frame.enter(db, branch_id=wanted["branch"])
        rows, page.total = queries.proposals(
            db, branch_id=branch.id, limit=page.size, offset=page.offset
        )
    return render_template(
        "console/plans.html", rows=rows, states=STATES, branch=branch, page_=page
    )


@blueprint.post("/plans")
@signed_in(*WRITERS)
def ask() -> ResponseReturnValue:
    """Ask for a better plan and go to watch it."""
    given = call.form(DayForm())
    frame.check_branch(given["branch"])
    if given["day"] < frame.today():
        raise DayIsOver
    with call.once() as db:
        asked = proposals.ask(
            db, branch_id=given["branch"], day=given["day"], by=call.actor(), now=call.now()
        )
        return call.leads_to("console.plan", number=asked.number)


@blueprint.get("/plans/<number>")
@signed_in(*READERS)
def plan(number: str) -> ResponseReturnValue:
    """Show the proposal: under way, ready to be decided, or decided."""
    return _page(number)


@blueprint.get("/plans/<number>/progress")
@signed_in(*READERS)
def plan_progress(number: str) -> ResponseReturnValue:
    """Show how far the solver is; once it is done, let the page come anew."""
    with transaction(reads_only=True) as db:
        found = _found(db, number)
    if found.state != PENDING:
        return Response(headers={"HX-Refresh": "true"})
    return render_template("console/plan_progress.html", plan=found, curve=_curve(found))


@blueprint.post("/plans/<number>/stop")
@signed_in(*WRITERS)
def stop_plan(number: str) -> ResponseReturnValue:
    """Let the solver end now and keep the best it has."""
    call.form(NoForm())
    with call.once(again=lambda: plan_progress(number)) as db:
        found = _found(db, number)
        proposals.ask_to_stop(db, number=number)
    return render_template("console/plan_progress.html", plan=found, curve=_curve(found))


@blueprint.post("/plans/<number>/accept")
@signed_in(*WRITERS)
def accept_plan(number: str) -> ResponseReturnValue:
    """Make it, or the part that was chosen, the live plan, and tell those whom it concerns."""
    given = call.form(AcceptForm())
    chosen: set[int] | None = None
    try:
        with call.once() as db:
            chosen = _chosen(db, _found(db, number), given)
            done = proposals.accept(
                db,
                number=number,
                by=call.actor(),
                now=call.now(),
                only=chosen,
                sure=given["sure"],
            )
            answer = call.leads_to("console.plan", number=number)
    except Conflict as refusal:
        return _page(number, refusal=refusal, chosen=chosen), status_of(refusal)
    _remember(number, done)
    return answer


@blueprint.post("/plans/<number>/undo")
@signed_in(*WRITERS)
def undo_plan(number: str) -> ResponseReturnValue:
    """Lay the routes as they were, and tell those who were told."""
    call.form(NoForm())
    try:
        with call.once() as db:
            _found(db, number)
            told = proposals.undo(db, number=number, by=call.actor(), now=call.now())
            answer = call.leads_to("console.plan", number=number)
    except Conflict as refusal:
        return _page(number, refusal=refusal), status_of(refusal)
    flash(gettext("已撤销，排班回到接受之前；%(count)s 单重新通知。", count=told), "ok")
    return answer


@blueprint.post("/plans/<number>/discard")
@signed_in(*WRITERS)
def discard_plan(number: str) -> ResponseReturnValue:
    """Leave the plan as it is."""
    call.form(NoForm())
    try:
        with call.once() as db:
            found = _found(db, number)
            proposals.discard(db, number=number)
            return call.leads_to("console.board", branch=found.branch_id, day=found.day)
    except Conflict as refusal:
        return _page(number, refusal=refusal), status_of(refusal)


def _found(db: Session, number: str) -> Any:
    """Return the proposal, when its branch is in scope. Raises ProposalMissing."""
    return scope.proposal(db, number=number, by=call.actor())


def _chosen(db: Session, found: Any, given: dict[str, Any]) -> set[int] | None:
    """Return the visits whose changes are to be made; None for all. Raises NothingChosen."""
    if given["technician"] is not None:
        seen = preview.of_proposal(db, found, now=call.now())
        chosen = seen.diff.of(given["technician"]) if seen else frozenset()
    elif given["part"]:
        chosen = frozenset(given["visit"])
    else:
        return None
    if not chosen:
        raise NothingChosen
    return set(chosen)


def _page(number: str, *, refusal: Refusal | None = None, chosen: set[int] | None = None) -> str:
    shown: Shown | None = None
    with transaction(reads_only=True) as db:
        found = _found(db, number)
        frame.enter(db, branch_id=found.branch_id)
        asker = members.staff(db, found.asked_by)
        if found.state == proposals.READY:
            shown = parts.shown(db, found, chosen=chosen)
        outcome = outcomes.of_json(found.accepted)
        people = {t.id: t for t in queries.technicians(db, branch_id=found.branch_id)}
        visits = shown.visits if shown else queries.visits_by_id(db, _visit_ids(found))
        may_undo = found.state == proposals.ACCEPTED and undoing.is_untouched(db, found.undo)
    handed = [move for move in _handed(found) if move[0] in visits]
    handed.sort(key=lambda move: (move[2] or 0, visits[move[0]].opens_s, move[0]))
    return render_template(
        "console/plan.html",
        plan=found,
        asker=asker,
        shown=shown,
        is_stale=found.state == proposals.READY and shown is None,
        is_over=found.day < frame.today(),
        may_undo=may_undo,
        cause=causes.of_json(found.cause),
        people=people,
        visits=visits,
        handed=handed,
        made=outcome,
        curve=_curve(found),
        balances=balances,
        state=STATES.get(found.state, (found.state, "gray", "info")),
        outcome=session.get(OUTCOME) if _is_outcome_of(number) else None,
        # What is asked or ticked together is said by itself, in its own place.
        refusal=sentence_of(refusal) if refusal and _is_plain(refusal, shown) else "",
        asks=isinstance(refusal, LeftToNobody),
    )


def _is_plain(refusal: Refusal, shown: Shown | None) -> bool:
    return not (shown and isinstance(refusal, LeftToNobody | NotAlone))


def _visit_ids(found: Any) -> list[int]:
    """Return the visits of a proposal that was decided."""
    outcome = outcomes.of_json(found.accepted)
    if outcome is not None:
        return [moved.visit_id for moved in (*outcome.made, *outcome.left)]
    return [visit_id for visit_id, _, _ in _handed(found)]


def _handed(found: Any) -> list[tuple[int, int | None, int | None]]:
    """Return who took over what, for a proposal that was decided."""
    outcome = outcomes.of_json(found.accepted)
    if outcome is not None:
        return [
            (moved.visit_id, moved.from_whom, moved.to_whom)
            for moved in outcome.made
            if moved.from_whom != moved.to_whom
        ]
    if found.state in (PENDING, proposals.READY):
        return []
    before = {int(t): ids for t, ids in found.before.items()}
    after = {int(t): ids for t, ids in found.after.items()}
    return diff.order_changes(before, after)


def _curve(found: Any) -> Any:
    curve = found.curve or {}
    return curve_of(curve.get("elapsed_s", []), curve.get("cost", []), seconds=found.seconds)


def _remember(number: str, done: Accepted) -> None:
    """Keep what accepting did, so that the page can still say it after the redirect."""
    session[OUTCOME] = {
        "number": number,
        "assigned": done.assigned,
        "replaced": done.routes_replaced,
        "kept": done.routes_kept,
    }


def _is_outcome_of(number: str) -> bool:
    return bool(session.get(OUTCOME, {}).get("number") == number)
