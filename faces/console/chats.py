"""/console/chats: the chat desk: who waits for a person, and the conversations themselves."""

import json
from collections.abc import Mapping
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from booking import queries as booking
from booking.states import PROMISED
from conversations import canned, queries
from conversations.operations import chats as operations
from conversations.states import ChatState
from dispatch import photos
from dispatch import queries as dispatch
from faces.chrome import call
from faces.chrome.filters import gettext
from faces.chrome.schema import Form
from faces.chrome.sign_in import signed_in
from faces.console import acting, frame
from faces.console.acting import NO_FAILURE, Failure
from faces.console.bookings import send_photo
from faces.console.case_forms import ChatsQuery, LineForm, PassOnForm, ReplyForm
from faces.console.cases import names_of
from faces.console.forms import NoForm
from faces.console.paging import Page
from faces.console.routes import STAFF, WRITERS, blueprint
from kernel.actor import Role
from kernel.db import Session, transaction
from kernel.errors import Invalid, Missing
from kernel.words import msg
from members import queries as members
from notifications import queries as messages
from notifications.messages import CHAT

# A store's people answer their own followers.
AGENTS = (*WRITERS, Role.STORE)
BOOKINGS_SHOWN = 3


class PictureMissing(Invalid):
    """No file was chosen."""

    code = "picture_missing"
    says = msg("请先选一张图片。")


@blueprint.get("/chats")
@signed_in(*STAFF)
def chats() -> ResponseReturnValue:
    """List a queue, longest waiting first."""
    wanted = call.query(ChatsQuery())
    page = Page(number=wanted["page"])
    by, now = call.actor(), call.now()
    with transaction(reads_only=True) as db:
        frame.enter(db, branch_id=wanted["branch"])
        branches = {branch.id: branch.name for branch in dispatch.branches(db)}
        rows, page.total = queries.queue(
            db, by=by, show=wanted["show"], limit=page.size, offset=page.offset
        )
        people = members.members_by_id(db, [row.member_id for row in rows])
        said = queries.last_words(db, {row.openid for row in rows})
        names = names_of(db, {row.agent_id for row in rows if row.agent_id})
        desk = queries.desk(db, by=by, now=now)
        stores = {store.id: store.name for store in booking.stores(db)}
    return render_template(
        "console/chats.html",
        rows=rows,
        people=people,
        said=said,
        may_claim=by.role in AGENTS,
        names=names,
        stores=stores,
        branches=branches,
        scope=_scope(branches),
        desk=desk,
        is_homeless=by.role is Role.STORE and not by.store_ids,
        wanted=wanted,
        now=now,
        page_=page,
    )


@blueprint.get("/chats/<number>")
@signed_in(*STAFF)
def chat(number: str) -> ResponseReturnValue:
    """Show one conversation with the member's bookings beside it."""
    return _page(number, NO_FAILURE)


@blueprint.post("/chats/<number>/claim")
@signed_in(*AGENTS)
def claim_chat(number: str) -> ResponseReturnValue:
    """Take it out of the queue."""

    def effect(db: Session, given: dict[str, Any]) -> str:
        operations.claim(db, number=number, by=call.actor(), now=call.now())
        return gettext("已接入，业主的消息由您回复。")

    return _perform("claim", Form(), effect, number)


@blueprint.post("/chats/<number>/reply")
@signed_in(*AGENTS)
def reply_chat(number: str) -> ResponseReturnValue:
    """Write to the member."""

    def effect(db: Session, given: dict[str, Any]) -> str:
        operations.reply(db, number=number, text=given["text"], by=call.actor(), now=call.now())
        return gettext("已交给微信发送。")

    return _perform("reply", ReplyForm(), effect, number)


@blueprint.post("/chats/<number>/picture")
@signed_in(*AGENTS)
def show_picture(number: str) -> ResponseReturnValue:
    """Show the member a picture, which is kept drawn anew."""
    call.form(NoForm())
    try:
        with transaction(reads_only=True) as db:
            operations.check_own(db, number=number, by=call.actor())
        # It takes a while to draw: before the transaction that holds others up.
        picture = _kept_picture()
    except acting.REFUSED as refusal:
        failed = acting.failure("picture", refusal)
        return _page(number, failed), failed.status

    def effect(db: Session, given: dict[str, Any]) -> str:
        operations.reply(db, number=number, picture=picture, by=call.actor(), now=call.now())
        return gettext("图片已交给微信发送。")

    return _perform("picture", NoForm(), effect, number)


@blueprint.get("/chats/<number>/pictures/<sha256>")
@signed_in(*STAFF)
def chat_picture(number: str, sha256: str) -> ResponseReturnValue:
    """Send one picture of the conversation."""
    with transaction(reads_only=True) as db:
        found = queries.chat(db, number=number, by=call.actor())
        if not queries.has_picture(db, found, sha256):
            raise Missing
    return send_photo(sha256)


@blueprint.post("/chats/<number>/again")
@signed_in(*AGENTS)
def say_again(number: str) -> ResponseReturnValue:
    """Let a line that did not arrive go once more."""

    def effect(db: Session, given: dict[str, Any]) -> str:
        operations.say_again(db, number=number, line=given["line"], by=call.actor(), now=call.now())
        return gettext("已重新交给微信发送。")

    return _perform("again", LineForm(), effect, number)


@blueprint.post("/chats/<number>/remind")
@signed_in(*AGENTS)
def remind_chat(number: str) -> ResponseReturnValue:
    """Tell the member of a line by a subscription notice."""

    def effect(db: Session, given: dict[str, Any]) -> str:
        operations.remind(
            db,
            number=number,
            line=given["line"],
            template_id=_notice_id(),
            by=call.actor(),
            now=call.now(),
        )
        return gettext("已用订阅通知提醒业主。")

    return _perform("remind", LineForm(), effect, number)


@blueprint.post("/chats/<number>/called")
@signed_in(*AGENTS)
def called_chat(number: str) -> ResponseReturnValue:
    """Note that a line was told by telephone."""

    def effect(db: Session, given: dict[str, Any]) -> str:
        operations.note_called(
            db, number=number, line=given["line"], by=call.actor(), now=call.now()
        )
        return gettext("已记下电话告知。")

    return _perform("called", LineForm(), effect, number)


@blueprint.post("/chats/<number>/phone")
@signed_in(*AGENTS)
def chat_phone(number: str) -> ResponseReturnValue:
    """Show whoever talks to the member his whole phone number, once; that is written down."""
    call.form(NoForm())
    with call.once(again=lambda: _phone(number)) as db:
        operations.check_own(db, number=number, by=call.actor())
    return _phone(number)


@blueprint.post("/chats/<number>/pass-on")
@signed_in(*AGENTS)
def pass_on_chat(number: str) -> ResponseReturnValue:
    """Give it to another desk; back to the queue, since it may be out of sight now."""

    def effect(db: Session, given: dict[str, Any]) -> str:
        operations.pass_on(
            db,
            number=number,
            store_code=given["store"],
            words=given["words"],
            by=call.actor(),
            now=call.now(),
        )
        return gettext("已转出，对方会在队列里看到。")

    return acting.perform(
        "pass_on",
        PassOnForm(),
        effect,
        to="console.chats",
        page=lambda failed: _page(number, failed),
    )


@blueprint.post("/chats/<number>/close")
@signed_in(*AGENTS)
def close_chat(number: str) -> ResponseReturnValue:
    """End it."""

    def effect(db: Session, given: dict[str, Any]) -> str:
        operations.close(db, number=number, by=call.actor(), now=call.now())
        return gettext("会话已结束。")

    return _perform("close", Form(), effect, number)


def _scope(branches: Mapping[int, str]) -> str:
    """Return whose chats the actor sees, whatever branch is picked above."""
    by = call.actor()
    if by.role is Role.STORE:
        return gettext("您的门店")
    seen = [name for branch_id, name in branches.items() if by.sees_branch(branch_id)]
    return seen[0] if len(seen) == 1 else gettext("%(count)s 个网点", count=len(seen))


def _kept_picture() -> str:
    """Keep the picture that was sent and return its sha256. Raises PictureMissing, BadPhoto, PhotoTooLarge."""
    file = request.files.get("picture")
    if file is None or not file.filename:
        raise PictureMissing(field="picture")
    clean = photos.clean_photo(file.stream.read(photos.PHOTO_BYTES_MAX + 1))
    return photos.store_photo(call.settings().data_dir / "photos", clean)


def _phone(number: str) -> str:
    with transaction(reads_only=True) as db:
        found = operations.check_own(db, number=number, by=call.actor())
        return render_template(
            "console/member_phone.html", member=members.member(db, found.member_id)
        )


def _notice_id() -> str:
    """Return the template of the notice that says that somebody of us has answered, "" for none."""
    ids: dict[str, str] = json.loads(call.settings().wechat_subscription_ids)
    return ids.get(CHAT, "")


def _perform(form: str, schema: Form, effect: Any, number: str) -> ResponseReturnValue:
    return acting.perform(
        form,
        schema,
        effect,
        to="console.chat",
        page=lambda failed: _page(number, failed),
        number=number,
    )


def _page(number: str, failed: Failure) -> str:
    by, now = call.actor(), call.now()
    with transaction(reads_only=True) as db:
        found = queries.chat(db, number=number, by=by)
        frame.enter(db, branch_id=found.branch_id)
        said = queries.lines(db, found)
        rows = booking.bookings_of(db, found.member_id)
        ahead = [row for row in rows if row.state in PROMISED and row.ends_at > now]
        branch = dispatch.branch(db, found.branch_id).name
        staff = {line.staff_id for line in said if line.staff_id} | {found.agent_id or 0}
        return render_template(
            "console/chat.html",
            chat=found,
            lines=said,
            member=members.member(db, found.member_id),
            bookings=(sorted(ahead, key=lambda row: row.starts_at) or list(rows))[:BOOKINGS_SHOWN],
            services=booking.services_by_id(db),
            names=names_of(db, staff - {0}),
            desk=booking.store_name(db, found.store_id) or branch,
            branch=branch,
            stores=[(store.code, store.name) for store in booking.stores(db)],
            may_remind=messages.grants_left(db, found.openid, _notice_id()) > 0,
            window=queries.message_window(db, found.openid, now=now),
            canned=canned.offered(db, found),
            may_claim=by.role in AGENTS and found.state is ChatState.WAITING,
            is_mine=found.state is ChatState.CLAIMED
            and found.agent_id == by.id
            and by.role in AGENTS,
            may_see_booking=by.role is not Role.STORE,
            now=now,
            failed=failed,
        )
