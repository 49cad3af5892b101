"""/console/bills: 对账, WeChat Pay's bill of each day beside our books, and what was done about it."""

from collections.abc import Mapping
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from booking import bill_queries, payment_queries
from booking.operations import billing, payments
from booking.operations import bills as operations
from booking.reconciling import Kind
from faces.chrome import audited, call
from faces.chrome.filters import gettext
from faces.chrome.sign_in import signed_in
from faces.console import acting, frame
from faces.console.acting import NO_FAILURE, Failure
from faces.console.forms import BillNoteForm, BillsQuery, HandRefundForm, RefundForm
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


# What keeps a refund from its payer, in words; what is not here is WeChat's own sentence.
TROUBLES: Mapping[str, str] = {
    "WeChat: ABNORMAL": msg(
        "对方的账户收不了退款（例如银行卡已注销）。请在微信支付商户平台做「异常退款处理」，退成后这里自动消失。"
    ),
    "WeChat: CLOSED": msg("微信关闭了这笔退款。请用其他方式退，再在这里记下。"),
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


@blueprint.post("/bills/refunds/again")
@signed_in(*LEADERS)
def refund_again() -> ResponseReturnValue:
    """Have a refund that waits for a person ordered once more."""

    def effect(db: Session, given: dict[str, Any]) -> str:
        stuck = billing.order_again(db, number=given["refund"], by=call.actor())
        audited.about(f"booking:{stuck.booking}")
        return gettext("马上再退一次，退不成会回到这里。")

    return acting.perform("again", RefundForm(), effect, to="console.bills", page=_again)


@blueprint.post("/bills/refunds/done")
@signed_in(*LEADERS)
def refund_done() -> ResponseReturnValue:
    """Write down that the money was given back some other way."""

    def effect(db: Session, given: dict[str, Any]) -> str:
        by, now = call.actor(), call.now()
        stuck = payments.returned_by_hand(db, number=given["refund"], by=by, now=now)
        audited.about(f"booking:{stuck.booking}")
        return gettext("已记为退回。")

    return acting.perform("done", HandRefundForm(), effect, to="console.bills", page=_again)


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
        stuck = payment_queries.stuck_refunds(db, by=call.actor())
    return render_template(
        "console/bills.html",
        rows=rows,
        unsettled=unsettled,
        found=found,
        stuck=stuck,
        troubles={error: gettext(word) for error, word in TROUBLES.items()},
        people=people,
        kinds={kind: gettext(word) for kind, word in KINDS.items()},
        trades={trade: gettext(word) for trade, word in TRADES.items()},
        states={state: gettext(word) for state, word in STATES.items()},
        wanted=wanted,
        failed=failed,
        page_=page,
    )
