"""/console/messages: what was said to whom, and what became of it."""

from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from conversations import queries as conversations
from faces.chrome import call
from faces.chrome.filters import gettext
from faces.chrome.sign_in import signed_in
from faces.console import acting, frame, story
from faces.console.acting import NO_FAILURE, Failure
from faces.console.forms import MessageForm, MessagesQuery, NoForm
from faces.console.paging import Page
from faces.console.routes import LEADERS, STAFF, WRITERS, blueprint
from kernel.actor import Role
from kernel.clock import midnight
from kernel.db import Session, transaction
from kernel.errors import Invalid
from kernel.money import Money
from kernel.words import msg
from members import queries as members
from notifications import operations, queries
from notifications.messages import SPECS

# Why WeChat sends nothing, by its code; for any other code a setting is at fault.
REFUSED = {45009: msg("今天的微信额度已用完，零点后再发")}
MISCONFIGURED = msg("微信不认账号、密钥、IP 或权限，请检查设置")
# What a message is about, and the page of such a thing.
PAGE_OF = {
    "booking": "console.booking",
    "visit": "console.visit",
    "chat": "console.chat",
    "member": "console.member",
}


@blueprint.get("/messages")
@signed_in(*STAFF)
def messages() -> ResponseReturnValue:
    """List the message log, newest first, with each message's life; what the ways cost and have left."""
    return _page(call.query(MessagesQuery()), NO_FAILURE)


@blueprint.post("/messages/resend")
@signed_in(*WRITERS)
def resend_message() -> ResponseReturnValue:
    """Let a message go once more, from its first way."""

    def effect(db: Session, given: dict[str, Any]) -> str:
        operations.resend(db, message_id=given["message"], by=call.actor(), now=call.now())
        return gettext("已重新排队发送。")

    return acting.perform("resend", MessageForm(), effect, to="console.messages", page=_again)


@blueprint.post("/messages/called")
@signed_in(*WRITERS)
def called_message() -> ResponseReturnValue:
    """Note that somebody was told by telephone."""

    def effect(db: Session, given: dict[str, Any]) -> str:
        operations.note_called(db, message_id=given["message"], by=call.actor(), now=call.now())
        return gettext("已记下电话告知。")

    return acting.perform("called", MessageForm(), effect, to="console.messages", page=_again)


@blueprint.post("/messages/clear-quota")
@signed_in(*LEADERS)
def clear_quota() -> ResponseReturnValue:
    """Have WeChat begin the day's counts anew."""

    def effect(db: Session, given: dict[str, Any]) -> str:
        operations.ask_to_clear_quotas(db)
        return gettext("已请微信把今天的额度清零，压着的消息随后就发。")

    return acting.perform("clear", NoForm(), effect, to="console.messages", page=_again)


def _again(failed: Failure) -> str:
    try:
        wanted = call.query(MessagesQuery())
    except Invalid:
        wanted = MessagesQuery().load({})
    return _page(wanted, failed)


def _page(wanted: dict[str, Any], failed: Failure) -> str:
    page = Page(number=wanted["page"])
    # A store sees what its followers were told, and where nobody lives.
    is_store = call.actor().role is Role.STORE
    with transaction(reads_only=True) as db:
        frame.enter(db, branch_id=wanted["branch"])
        rows, page.total = queries.log(
            db,
            by=call.actor(),
            state=wanted["state"],
            kind=wanted["kind"],
            number=wanted["number"],
            day=wanted["day"],
            limit=page.size,
            offset=page.offset,
        )
        lives = queries.lives(db, [row.id for row in rows])
        paused = queries.paused(db)
        refused = queries.refusals(db)
        uses = queries.uses(
            db,
            since=midnight(frame.today().replace(day=1)),
            text_hundredths=call.settings().sms_price_hundredths,
        )
        told = queries.quota_told(db)
        mass = () if is_store else conversations.mass_reports(db)
        ids = [int(row.about[7:]) for row in rows if row.about.startswith("member:")]
        people = {str(one.id): one.number for one in members.members_by_id(db, ids).values()}
    return render_template(
        "console/messages.html",
        rows=[
            (row, story.line_of(row, is_masked=is_store), story.life_of(lives[row.id]))
            for row in rows
        ],
        is_store=is_store,
        resendable=operations.RESENDABLE,
        pages={} if is_store else PAGE_OF,
        people=people,
        paused=[(gettext(SPECS[kind].title), count) for kind, count in paused.items()],
        refused=[
            (f"{code} {gettext(REFUSED.get(code, MISCONFIGURED))}", n)
            for code, n in refused.items()
        ],
        uses=[(gettext(story.CHANNELS[use.channel]), use, Money(use.fen)) for use in uses],
        quotas=told,
        mass=mass,
        wanted=wanted,
        is_filtered=any(wanted[name] for name in ("state", "kind", "number", "day")),
        states=[(key, gettext(word)) for key, (word, _) in story.MESSAGE_STATES.items()],
        kinds=[(spec.kind, gettext(spec.title)) for spec in SPECS.values()]
        + [(kind, gettext(title)) for kind, title in story.OTHER_KINDS.items()],
        failed=failed,
        page_=page,
    )
