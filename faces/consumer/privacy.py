"""/c/privacy: what we know of the member, what he agreed to, his copy of it all, and how he is forgotten."""

import io
import json
import zipfile
from collections.abc import Mapping
from datetime import datetime

from flask import Response, render_template
from flask.typing import ResponseReturnValue
from marshmallow import fields, validate

import booking.personal
import conversations.personal
import notifications.personal
from faces.chrome import call
from faces.chrome.errors import sentence_of, status_of
from faces.chrome.filters import clock_text, gettext, local
from faces.chrome.keeping import KEPT, RULES
from faces.chrome.schema import Form
from faces.chrome.sign_in import drop_cookie, proved_lately, signed_in
from faces.consumer import forms
from faces.consumer.routes import blueprint
from kernel import audit
from kernel.actor import Role
from kernel.db import Session, transaction
from kernel.errors import Conflict
from kernel.words import msg
from members import merge_queries, personal
from members import queries as members
from members.operations.following import lock_member
from members.privacy import ConsentKind

ERASE = "注销"
# What the parts of a copy, and what stands in them, are called.
PARTS: Mapping[str, str] = {
    "profile": msg("我的资料"),
    "contacts": msg("家里的联系人"),
    "consents": msg("同意的记录"),
    "points": msg("积分明细"),
    "strikes": msg("违约记录"),
    "appeals": msg("申诉"),
    "bookings": msg("预约"),
    "drafts": msg("填写过的地址"),
    "exchanges": msg("用积分换的"),
    "collections": msg("礼品和奖品"),
    "care": msg("定期拜访"),
    "ratings": msg("评价"),
    "complaints": msg("投诉"),
    "surveys": msg("答过的问卷"),
    "tryouts": msg("试用过的东西"),
    "said": msg("我在公众号里说的"),
    "replies": msg("客服的回复"),
    "messages": msg("收到的通知"),
}
HEADS: Mapping[str, str] = {
    "number": msg("编号"),
    "openid": msg("微信标识"),
    "name": msg("姓名"),
    "what": msg("东西"),
    "phone": msg("手机号"),
    "joined_at": msg("加入时间"),
    "roles": msg("做什么"),
    "kind": msg("种类"),
    "version": msg("版本"),
    "is_given": msg("是否同意"),
    "at": msg("时间"),
    "until": msg("到"),
    "amount": msg("数额"),
    "balance": msg("余额"),
    "evidence": msg("凭据"),
    "booking": msg("预约"),
    "text": msg("内容"),
    "answer": msg("答复"),
    "state": msg("状态"),
    "address": msg("地址"),
    "compound": msg("小区"),
    "door": msg("门牌"),
    "contact": msg("联系人"),
    "price": msg("价格"),
    "stars": msg("评分"),
}


class ConsentForm(Form):
    """Which notice, and whether he agrees."""

    kind = fields.Enum(ConsentKind, by_value=True, required=True)
    answer = fields.String(required=True, validate=validate.OneOf(["yes", "no"]))


class EraseForm(Form):
    """The word that says that he means it."""

    word = fields.String(
        required=True, validate=validate.Equal(ERASE, error=msg("请输入“注销”两个字。"))
    )


@blueprint.get("/privacy")
@signed_in(Role.MEMBER)
def privacy() -> ResponseReturnValue:
    """Show what is known of the member, and what he agreed to."""
    with transaction(reads_only=True) as db:
        member = members.member(db, call.actor().id)
        said = personal.consents(db, member.id)
        return render_template(
            "consumer/privacy.html", member=member, said=said, rules=RULES, kept=KEPT
        )


@blueprint.post("/privacy/consent")
@signed_in(Role.MEMBER)
def consent() -> ResponseReturnValue:
    """Agree to a notice as it is now, or take that back."""
    given = call.form(ConsentForm())
    with call.once() as db:
        personal.agree(
            db,
            member_id=call.actor().id,
            kind=given["kind"],
            is_given=given["answer"] == "yes",
            now=call.now(),
        )
        return call.leads_to("consumer.privacy")


@blueprint.post("/privacy/copy")
@signed_in(Role.MEMBER)
@proved_lately
def personal_copy() -> ResponseReturnValue:
    """Send all that is kept of the member: a ZIP of JSON, and a page to read. It is written down."""
    with call.once(again=_copy) as db:
        _written_down(db, "privacy.copy")
    return _copy()


@blueprint.get("/privacy/erase")
@signed_in(Role.MEMBER)
@proved_lately
def erase_page() -> ResponseReturnValue:
    """Say what is lost and what stays, and ask for the word."""
    return _erase_page("")


@blueprint.post("/privacy/erase")
@signed_in(Role.MEMBER)
@proved_lately
def erase() -> ResponseReturnValue:
    """Forget the member, once and for all."""
    _, errors = forms.read(EraseForm())
    if errors:
        return _erase_page(errors["word"]), 422
    try:
        with call.once(again=_gone) as db:
            _forget(db)
    except Conflict as refusal:
        return _erase_page(sentence_of(refusal)), status_of(refusal)
    return _gone()


def _forget(db: Session) -> None:
    """Have every part of the house forget the member: those below first, who may refuse."""
    lock_member(db, call.actor().id)
    _written_down(db, "privacy.erase")
    for member in merge_queries.rows_of(db, call.actor().id):
        openid = member.openid
        booking.personal.forget(db, member.id)
        personal.forget(db, member, now=call.now())
        conversations.personal.forget(db, openid, erased=member.openid)
        notifications.personal.forget(db, openid, erased=member.openid)


def _erase_page(error: str) -> str:
    return render_template("consumer/erase.html", error=error)


def _gone() -> ResponseReturnValue:
    answer = Response(render_template("consumer/erased.html"))
    drop_cookie(answer)
    return answer


def _written_down(db: Session, action: str) -> None:
    number = members.member(db, call.actor().id).number
    audit.record(db, by=call.actor(), action=action, about=f"member:{number}", now=call.now())


def _copy() -> Response:
    """Return the ZIP: one JSON of everything, and a page that needs nothing else."""
    with transaction(reads_only=True) as db:
        told = _told(db, call.actor().id)
    page = render_template(
        "consumer/copy.html",
        told={name: [_in_words(row) for row in rows] for name, rows in told.items() if rows},
        parts=PARTS,
        heads=HEADS,
        at=call.now(),
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as files:
        files.writestr("data.json", json.dumps(told, ensure_ascii=False, indent=1, default=str))
        files.writestr(f"{gettext('我的资料')}.html", page)
    answer = Response(packed.getvalue(), mimetype="application/zip")
    answer.headers["Content-Disposition"] = 'attachment; filename="doorbell-data.zip"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _in_words(row: Mapping[str, object]) -> dict[str, object]:
    return {
        name: f"{local(value):%Y-%m-%d} {clock_text(value)}"
        if isinstance(value, datetime)
        else value
        for name, value in row.items()
    }


def _told(db: Session, member_id: int) -> personal.Told:
    """Return all that is kept of him, by each name under which it is kept."""
    all_told: dict[str, list[Mapping[str, object]]] = {}
    for row in merge_queries.rows_of(db, member_id):
        for part in (
            personal.told(db, row.id),
            booking.personal.told(db, row.id),
            conversations.personal.told(db, row.openid),
            notifications.personal.told(db, row.openid),
        ):
            for name, lines in part.items():
                all_told.setdefault(name, []).extend(lines)
    return all_told
