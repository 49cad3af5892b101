"""/console/sign-in: login and password, and out again."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from faces.chrome import call, sign_in
from faces.chrome.errors import headers_of, sentence_of, status_of
from faces.chrome.limits import SIGN_IN, rated
from faces.chrome.paths import safe_path
from faces.chrome.sign_in import public
from faces.console.forms import NoForm, SignInForm
from faces.console.routes import READERS
from kernel.db import transaction
from kernel.errors import Forbidden, Refusal
from kernel.words import msg
from members.operations import sign_ins
from members.operations.sign_ins import Opened, WrongPassword

blueprint = Blueprint("console_sign_in", __name__, url_prefix="/console")


class NoConsole(Forbidden):
    """The account exists, but its role has no pages here."""

    code = "no_console"
    says = msg("这个账号不能进入控制台，请联系管理员。")


@blueprint.get("/sign-in")
@public
def page() -> ResponseReturnValue:
    """Ask for login and password; who is signed in already goes on."""
    path = _way_on(request.args.get("next", ""))
    if g.actor is not None and g.actor.role in READERS:
        return redirect(path)
    return _form(login="", path=path)


@blueprint.post("/sign-in")
@public
@rated(SIGN_IN)
def enter() -> ResponseReturnValue:
    """Open a session, or say what is wrong with what was typed."""
    typed = {"login": request.form.get("login", ""), "path": request.form.get("next", "")}
    try:
        given = call.form(SignInForm())
        opened = _opened(given["login"].strip(), given["password"])
    except Refusal as refusal:
        return _form(**typed, refusal=refusal), status_of(refusal), headers_of(refusal)
    answer = redirect(_way_on(given["next"]), 303)
    sign_in.set_cookie(answer, opened)
    return answer


@blueprint.post("/sign-out")
@public
def leave() -> ResponseReturnValue:
    """Close the session."""
    call.form(NoForm())
    with transaction() as db:
        sign_ins.close_sign_in(db, token=g.sign_in_token)
    answer = redirect(url_for("console_sign_in.page"), 303)
    sign_in.drop_cookie(answer)
    return answer


def _opened(login: str, password: str) -> Opened:
    """Return a fresh session. A wrong password leaves its count behind, so the transaction ends first.

    Raises WrongPassword, TooManyTries, NoConsole.
    """
    with transaction() as db:
        staff = sign_ins.check_password(db, login=login, password=password, now=call.true_now())
        if staff is not None and staff.role in READERS:
            return sign_ins.open_sign_in(
                db, role=staff.role, subject_id=staff.id, now=call.true_now()
            )
    if staff is None:
        raise WrongPassword(field="password")
    raise NoConsole(field="login")


def _form(*, login: str, path: str, refusal: Refusal | None = None) -> str:
    errors = {refusal.field or "password": sentence_of(refusal)} if refusal else {}
    return render_template("console/sign_in.html", login=login, next=_way_on(path), errors=errors)


def _way_on(path: str) -> str:
    """Return the console's page to go on to; anywhere else is the board."""
    safe = safe_path(path)
    return safe if safe.startswith("/console/") and ".." not in safe else url_for("console.board")
