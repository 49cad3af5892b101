"""/console/plans: ask for a better plan, watch it being found, take it or leave it."""

from typing import Any

from flask import Response, flash, render_template, session
from flask.typing import ResponseReturnValue

from dispatch import causes, diff, preview, queries, scope
from dispatch.operations import proposals, undoing
from dispatch.operations.proposals import Accepted
from dispatch.preview import Preview
from faces.chrome import call
from faces.chrome.errors import sentence_of, status_of
from faces.chrome.filters import gettext
from faces.chrome.sign_in import signed_in
from faces.console import balances, frame
from faces.console.curve import curve_of
from faces.console.forms import AcceptForm, DayForm, NoForm, PageQuery
from faces.console.paging import Page
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
    try:
        with call.once() as db:
            only = _chosen(db, _found(db, number), given)
            done = proposals.accept(db, number=number, by=call.actor(), now=call.now(), only=only)
            answer = call.leads_to("console.plan", number=number)
    except Conflict as refusal:
        return _page(number, refusal=refusal), status_of(refusal)
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
        groups = seen.diff.groups if seen else ()
        chosen = {
            change.visit_id
            for group in groups
            if group.technician_id == given["technician"]
            for change in group.changes
        }
    elif given["part"]:
        chosen = set(given["visit"])
    else:
        return None
    if not chosen:
        raise NothingChosen
    return chosen


def _page(number: str, *, refusal: Refusal | None = None) -> str:
    with transaction(reads_only=True) as db:
        found = _found(db, number)
        frame.enter(db, branch_id=found.branch_id)
        asker = members.staff(db, found.asked_by)
        seen: Preview | None = None
        if found.state == proposals.READY:
            seen = preview.of_proposal(db, found, now=call.now())
        people = {t.id: t for t in queries.technicians(db, branch_id=found.branch_id)}
        visits = queries.visits_by_id(db, _visit_ids(found, seen))
        may_undo = found.state == proposals.ACCEPTED and undoing.is_untouched(db, found.undo)
    handed = [move for move in _handed(found) if move[0] in visits]
    handed.sort(key=lambda move: (move[2] or 0, visits[move[0]].opens_s, move[0]))
    return render_template(
        "console/plan.html",
        plan=found,
        asker=asker,
        preview=seen,
        is_stale=found.state == proposals.READY and seen is None,
        is_over=found.day < frame.today(),
        may_undo=may_undo,
        cause=causes.of_json(found.cause),
        people=people,
        visits=visits,
        told=_told(seen, people),
        handed=handed,
        curve=_curve(found),
        balance_rows=balances.rows,
        state=STATES.get(found.state, (found.state, "gray", "info")),
        outcome=session.get(OUTCOME) if _is_outcome_of(number) else None,
        refusal=sentence_of(refusal) if refusal else "",
    )


def _visit_ids(found: Any, seen: Preview | None) -> list[int]:
    if seen is not None:
        changes = [change for group in seen.diff.groups for change in group.changes]
        return [change.visit_id for change in (*changes, *seen.diff.broken)]
    return [visit_id for visit_id, _, _ in _handed(found)]


def _handed(found: Any) -> list[tuple[int, int | None, int | None]]:
    """Return who took over what, for a proposal that was decided."""
    if found.state in (PENDING, proposals.READY):
        return []
    before = {int(t): ids for t, ids in found.before.items()}
    after = {int(t): ids for t, ids in found.after.items()}
    return diff.order_changes(before, after)


def _told(seen: Preview | None, people: dict[int, Any]) -> int:
    """Return how many technicians get a message: those with new visits whose WeChat is bound."""
    if seen is None:
        return 0
    return sum(people[t].openid is not None for t in seen.diff.told_technicians if t in people)


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
