"""The page-authorisation door: silent for snsapi_base, a consent sheet for snsapi_userinfo."""

import sqlite3

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from kernel.words import msg
from sandbox import faults, journal, oauth, phones
from sandbox.journal import Direction, Entry
from sandbox.oauth import BadAuthorization, Question
from sandbox.phones import Phone, PhoneMissing
from sandbox.stage import stage

blueprint = Blueprint("authorize", __name__)


@blueprint.get("/connect/oauth2/authorize")
def authorize() -> ResponseReturnValue:
    here = stage()
    question = oauth.read_question(request.args.to_dict(), account=here.account)
    phone_id = question.phone_id or request.args.get("phone", "")
    with here.memory.transaction() as db:
        if not phone_id:
            return _ask_which_phone(db, question)
        phone = phones.get(db, phone_id=phone_id)
        if question.scope == "snsapi_userinfo":
            return _ask_consent(phone, question)
        return redirect(_granted(db, phone=phone, question=question))


@blueprint.post("/connect/oauth2/authorize")
def consent() -> ResponseReturnValue:
    here = stage()
    question = oauth.read_question(request.form.to_dict(), account=here.account)
    with here.memory.transaction() as db:
        phone = phones.get(db, phone_id=request.form.get("phone", ""))
        return redirect(_granted(db, phone=phone, question=question))


@blueprint.errorhandler(BadAuthorization)
def refuse(error: BadAuthorization) -> ResponseReturnValue:
    _write(result=msg("拒绝"), ok=False, phone_id="", rule=f"{error}。")
    return render_template("sandbox/refused.html", sentence=str(error)), 400


@blueprint.errorhandler(PhoneMissing)
def no_such_phone(error: PhoneMissing) -> ResponseReturnValue:
    _write(result=msg("拒绝"), ok=False, phone_id="", rule=str(error))
    return render_template("sandbox/refused.html", sentence=str(error)), 400


def _granted(db: sqlite3.Connection, *, phone: Phone, question: Question) -> str:
    here = stage()
    is_snapshot = question.scope == "snsapi_userinfo" and faults.strikes(db, "snapshot_user")
    code = oauth.grant_code(
        db,
        openid=oauth.snapshot_openid(db) if is_snapshot else phone.openid,
        scope=question.scope,
        appid=question.appid,
        wall_s=here.wall(),
    )
    journal.add(db, _entry(result=msg("同意"), ok=True, phone_id=phone.id, rule=""))
    return question.answered(code)


def _ask_which_phone(db: sqlite3.Connection, question: Question) -> ResponseReturnValue:
    return render_template("sandbox/which_phone.html", phones=phones.shown(db), question=question)


def _ask_consent(phone: Phone, question: Question) -> ResponseReturnValue:
    return render_template(
        "sandbox/consent.html", phone=phone, question=question, account=stage().account
    )


def _write(*, result: str, ok: bool, phone_id: str, rule: str) -> None:
    with stage().memory.transaction() as db:
        journal.add(db, _entry(result=result, ok=ok, phone_id=phone_id, rule=rule))


def _entry(*, result: str, ok: bool, phone_id: str, rule: str) -> Entry:
    return Entry(
        direction=Direction.PAGE,
        name=f"oauth2/authorize {request.values.get('scope', '')}".strip(),
        phone=phone_id,
        result=result,
        ok=ok,
        at_s=stage().clock.now_s(),
        took_ms=0,
        request=f"{request.method} {request.path}?{request.query_string.decode()}",
        rule=rule,
    )
