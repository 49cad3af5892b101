"""/console/bills: 对账, WeChat Pay's bill of each day beside our books, and what was done about it."""

from collections.abc import Mapping
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from booking import bill_queries
from booking.operations import bills as operations
from booking.reconciling import Kind
from faces.chrome import call
from faces.chrome.filters import gettext
from faces.chrome.sign_in import signed_in
from faces.console import acting, frame
from faces.console.acting import NO_FAILURE, Failure
from faces.console.forms import BillNoteForm, BillsQuery
from faces.console.paging import Page
from faces.console.routes import LEADERS, blueprint
from kernel.actor import Role
from kernel.db import Session, transaction
from kernel.errors import Invalid
from kernel.words import msg
from members import staff_queries

KINDS: Mapping[str, str] = {
    Kind.MISSING_WITH_US: msg("我们没有"),
    Kind.MISSING_WITH_WECHAT: msg("微信没有"),
    Kind.OTHER_AMOUNT: msg("金额不同"),
    Kind.OTHER_STATE: msg("状态不同"),
}
TRADES: Mapping[str, str] = {"payment": msg("付款"), "refund": msg("退款")}
# What a bill's and our own states are called; a word that is not here is shown as it is.
STATES: Mapping[str, str] = {
    "open": msg("未付"),
    "paid": msg("已付"),
    "refunding": msg("退款中"),
    "refunded": msg("已退款"),
    "closed": msg("已关闭"),
    "not_ordered": msg("没有退出去"),
    "on_the_way": msg("退款中"),
    "back": msg("已退款"),
    "SUCCESS": msg("成功"),
    "PROCESSING": msg("处理中"),
    "REVOKED": msg("已撤销"),
    "FAIL": msg("失败"),
}


@blueprint.get("/bills")
@signed_in(*LEADERS, Role.AUDITOR)
def bills() -> ResponseReturnValue:
    """List the days with their counts and sums, and the differences, those without a note first."""
    return _page(call.query(BillsQuery()), NO_FAILURE)


@blueprint.post("/bills/notes")
@signed_in(*LEADERS)
def note_bill() -> ResponseReturnValue:
    """Write down what was done about a difference."""

    def effect(db: Session, given: dict[str, Any]) -> str:
        operations.note(
            db,
            difference_id=given["difference"],
            text=given["text"],
            by=call.actor(),
            now=call.now(),
        )
        return gettext("已记下。")

    return acting.perform("note", BillNoteForm(), effect, to="console.bills", page=_again)


def _again(failed: Failure) -> str:
    try:
        wanted = call.query(BillsQuery())
    except Invalid:
        wanted = BillsQuery().load({})
    return _page(wanted, failed)


def _page(wanted: dict[str, Any], failed: Failure) -> str:
    page = Page(number=wanted["page"])
    with transaction(reads_only=True) as db:
        frame.enter(db, branch_id=wanted["branch"])
        rows, page.total = bill_queries.bills(db, limit=page.size, offset=page.offset)
        unsettled = bill_queries.open_differences(db, [row.day for row in rows])
        found = bill_queries.differences(db, by=call.actor(), day=wanted["day"])
        hands = {note.staff_id for one in found for note in one.notes if note.staff_id}
        people = staff_queries.names(db, hands)
    return render_template(
        "console/bills.html",
        rows=rows,
        unsettled=unsettled,
        found=found,
        people=people,
        kinds={kind: gettext(word) for kind, word in KINDS.items()},
        trades={trade: gettext(word) for trade, word in TRADES.items()},
        states={state: gettext(word) for state, word in STATES.items()},
        wanted=wanted,
        failed=failed,
        page_=page,
    )
