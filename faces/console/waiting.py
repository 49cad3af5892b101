"""/console/waiting: who waits for a place, on which day, and what he was offered (候补)."""

from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from booking import queries, standby_queries, waiting_queries
from booking.operations import waiting as lines
from booking.states import WaitingState
from faces.chrome import call
from faces.chrome.filters import gettext
from faces.chrome.sign_in import signed_in
from faces.console import acting, frame, life_words
from faces.console.acting import NO_FAILURE, Failure
from faces.console.case_forms import WaitingQuery
from faces.console.forms import NoForm
from faces.console.paging import Page
from faces.console.routes import READERS, WRITERS, blueprint
from kernel.db import Session, transaction
from kernel.errors import Invalid
from members import queries as members


@blueprint.get("/waiting")
@signed_in(*READERS)
def waiting() -> ResponseReturnValue:
    """List the branch's lines, day by day, the first in line first."""
    return _page(call.query(WaitingQuery()), NO_FAILURE)


@blueprint.post("/waiting/<number>/remove")
@signed_in(*WRITERS)
def remove_waiting(number: str) -> ResponseReturnValue:
    """Take somebody out of a line; what he was offered is given back."""

    def effect(db: Session, _given: dict[str, Any]) -> str:
        lines.leave(db, number=number, by=call.actor(), now=call.now())
        return gettext("已移出候补。")

    def again(failed: Failure) -> str:
        try:
            wanted = call.query(WaitingQuery())
        except Invalid:
            wanted = {"branch": None, "page": 1, "state": None}
        return _page(wanted, failed)

    return acting.perform(f"remove-{number}", NoForm(), effect, to="console.waiting", page=again)


def _page(wanted: dict[str, Any], failed: Failure) -> str:
    page = Page(number=wanted["page"])
    with transaction(reads_only=True) as db:
        branch = frame.enter(db, branch_id=wanted["branch"])
        rows, page.total = waiting_queries.lines_of_branch(
            db,
            branch_id=branch.id,
            first=frame.today(),
            state=wanted["state"],
            limit=page.size,
            offset=page.offset,
        )
        asked = standby_queries.open_of_lines(db, [row.id for row in rows])
        drafts = {row.draft_id: queries.draft_by_id(db, row.draft_id) for row in rows}
        return render_template(
            "console/waiting.html",
            rows=[
                (row, drafts[row.draft_id], _place(db, row), _held_until(db, row)) for row in rows
            ],
            standbys=asked,
            risky={
                one.booking_id: queries.by_id(db, one.booking_id).number for one in asked.values()
            },
            services=queries.services_by_id(db),
            members=members.members_by_id(db, [row.member_id for row in rows]),
            states=[
                (state.value, gettext(life_words.WAITINGS[state][0])) for state in WaitingState
            ],
            wanted=wanted,
            words=life_words,
            failed=failed,
            page_=page,
        )


def _place(db: Session, row: Any) -> int | None:
    return waiting_queries.position_of(db, row) if row.state is WaitingState.WAITING else None


def _held_until(db: Session, row: Any) -> Any:
    if row.state is not WaitingState.OFFERED or row.booking_id is None:
        return None
    return queries.by_id(db, row.booking_id).held_until
