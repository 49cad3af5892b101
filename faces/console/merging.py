"""/console/members/…/merge/…: two rows that may be one person, side by side, and made one."""

from dataclasses import dataclass
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from booking import queries as bookings
from faces.chrome import call
from faces.chrome.filters import gettext
from faces.chrome.schema import Form, Text
from faces.chrome.sign_in import signed_in
from faces.console import acting, frame
from faces.console.acting import NO_FAILURE, Failure
from faces.console.cases import names_of
from faces.console.routes import READERS, WRITERS, blueprint
from kernel.actor import CONSOLE_ROLES
from kernel.db import Session, transaction
from members import ledger_queries, merge_queries, queries, strike_queries
from members.merging import REASON_NAMES, WHY_MAX, in_common, stays
from members.operations import merging
from members.policy import MemberMissing

BOOKINGS_MAX = 200


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two, and what would move with him."""

    member: Any
    points: int
    vouchers: int
    completed: int
    bookings: int
    strikes: int
    is_stopped: bool


class MergeForm(Form):
    """Why one of us takes them for one."""

    why = Text(most=WHY_MAX, required=True)


@blueprint.get("/members/<number>/merge/<other>")
@signed_in(*READERS)
def compare_members(number: str, other: str) -> ResponseReturnValue:
    """Show both, what they have in common, and which of them stays."""
    return _page(number, other, NO_FAILURE)


@blueprint.post("/members/<number>/merge/<other>")
@signed_in(*WRITERS)
def merge_members(number: str, other: str) -> ResponseReturnValue:
    """Make one of them. There is no way back."""

    def effect(db: Session, given: dict[str, Any]) -> acting.Said:
        by = call.actor()
        kept = merging.merge_by_hand(
            db,
            one_id=queries.member_by_number(db, number=number, by=by).id,
            other_id=queries.member_by_number(db, number=other, by=by).id,
            why=given["why"],
            by=by,
            now=call.now(),
        )
        return gettext("已合并成一位会员。"), {"number": kept.number}

    return acting.perform(
        "merge",
        MergeForm(),
        effect,
        to="console.member",
        page=lambda failed: _page(number, other, failed),
    )


def shown(db: Session, member: Any) -> dict[str, Any]:
    """Return what a member's page shows of it: who may be the same, and who was merged into him."""
    merges = merge_queries.merges_of(db, member.id)
    rows = {row.id: row for row in merge_queries.rows_of(db, member.id)}
    staff = {row.actor_id for row in merges if row.actor_role in CONSOLE_ROLES}
    return {
        "candidates": merge_queries.candidates(db, member, by=call.actor()),
        "merges": [(row, rows[row.gone_id]) for row in merges],
        "merge_reasons": REASON_NAMES,
        "merged_by": names_of(db, staff),
    }


def _page(number: str, other: str, failed: Failure) -> str:
    by = call.actor()
    with transaction(reads_only=True) as db:
        one = queries.member_by_number(db, number=number, by=by)
        two = queries.member_by_number(db, number=other, by=by)
        if one.id == two.id:
            raise MemberMissing
        frame.enter(db)
        kept, gone = stays(one, two)
        reason = in_common(one, two)
        return render_template(
            "console/merge.html",
            sides=[_side(db, row) for row in (kept, gone)],
            kept=kept,
            gone=gone,
            reason=gettext(REASON_NAMES[reason]) if reason else "",
            post_to=(number, other),
            failed=failed,
        )


def _side(db: Session, member: Any) -> Side:
    return Side(
        member=member,
        points=ledger_queries.points_balance(db, member.id),
        vouchers=ledger_queries.compensation_balance(db, member.id),
        completed=ledger_queries.completions(db, member.id),
        bookings=len(bookings.bookings_of(db, member.id, limit=BOOKINGS_MAX)),
        strikes=len(strike_queries.strikes_of(db, member_id=member.id)),
        is_stopped=bool(
            strike_queries.blacklistings_in_force(db, member_id=member.id, now=call.now())
        ),
    )
