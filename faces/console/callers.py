"""/console/callers: somebody who calls or comes in is written down, and given a code to find us in WeChat."""

from typing import Any

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from marshmallow import fields

from faces.chrome import audited, call, qr
from faces.chrome.filters import gettext
from faces.chrome.schema import Form, Text
from faces.chrome.sign_in import signed_in
from faces.console import acting, frame
from faces.console.acting import NO_FAILURE, Failure
from faces.console.forms import NoForm
from faces.console.routes import WRITERS, blueprint
from kernel.db import Session, transaction
from kernel.errors import Conflict
from kernel.phone import Phone
from kernel.words import msg
from members import merge_queries, queries
from members.claims import CLAIM_LIFE, new_claim
from members.operations import following


class PhoneKnown(Conflict):
    """Somebody has that phone already."""

    code = "phone_known"
    says = msg("已经有会员用这个手机号。先看看是不是同一个人；确实是另一个人，就勾上下面一项再建。")


class AlreadyInWeChat(Conflict):
    """He is known in WeChat: nothing is to be claimed."""

    code = "already_in_wechat"
    says = msg("这位会员已经有微信，不用认领。")


class CallerForm(Form):
    """What a caller is called, and his phone."""

    name = Text(least=1, most=20, required=True)
    phone = fields.String(required=True)
    is_another = fields.Boolean(load_default=False)


@blueprint.get("/callers/new")
@signed_in(*WRITERS)
def new_caller() -> ResponseReturnValue:
    """Show the form."""
    return _page(NO_FAILURE)


@blueprint.post("/callers/new")
@signed_in(*WRITERS)
def add_caller() -> ResponseReturnValue:
    """Write somebody down whom WeChat does not know, and go on to his page."""

    def effect(db: Session, given: dict[str, Any]) -> acting.Said:
        phone = Phone.parse(given["phone"])
        if not given["is_another"] and merge_queries.with_phone(db, phone, by=call.actor()):
            raise PhoneKnown(field="phone")
        caller = following.add_caller(db, name=given["name"], phone=phone, now=call.now())
        audited.about(f"member:{caller.number}")
        return gettext("已建好，可以代客预约了。"), {"number": caller.number}

    return acting.perform("caller", CallerForm(), effect, to="console.member", page=_page)


@blueprint.post("/members/<number>/claim")
@signed_in(*WRITERS)
def claim_code(number: str) -> ResponseReturnValue:
    """Show the code by which the caller, in WeChat, says that he is this member."""
    call.form(NoForm())
    with call.once(again=lambda: _code(number)) as db:
        if not queries.member_by_number(db, number=number, by=call.actor()).is_caller:
            raise AlreadyInWeChat
    return _code(number)


def _code(number: str) -> str:
    with transaction(reads_only=True) as db:
        caller = queries.member_by_number(db, number=number, by=call.actor())
    settings = call.settings()
    code = new_claim(caller.number, key=settings.secret_key, now=call.now())
    address = settings.public_base + url_for("consumer.claim", code=code)
    return render_template(
        "console/claim_dialog.html",
        member=caller,
        address=address,
        picture=qr.picture(address),
        days=CLAIM_LIFE.days,
    )


def _page(failed: Failure) -> str:
    known = []
    with transaction(reads_only=True) as db:
        frame.enter(db)
        if failed.errors.get("phone") and failed.status == 409:
            phone = Phone.parse(failed.typed["phone"])
            known = list(merge_queries.with_phone(db, phone, by=call.actor()))
    return render_template("console/caller_new.html", failed=failed, known=known)
