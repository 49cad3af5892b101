"""/console/sign-in: password, one-time code, what is still to be set up; and out again."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from faces.chrome import call, limits, qr, sign_in
from faces.chrome.errors import headers_of, sentence_of, status_of
from faces.chrome.limits import SIGN_IN, rated
from faces.chrome.paths import safe_path
from faces.chrome.sign_in import public, signed_in
from faces.console.forms import NoForm, ProofForm, SignInForm, StepForm
from faces.console.routes import STAFF
from kernel.db import Session, transaction
from kernel.errors import Refusal
from members import queries
from members.operations import entering, sign_ins
from members.operations.entering import NotAtThatStage, Stage, WrongCode
from members.operations.sign_ins import Opened, WrongPassword

blueprint = Blueprint("console_sign_in", __name__, url_prefix="/console")

# What a browser shall forget of somebody who leaves; his language may stay.
_FORGET = '"cache", "storage"'


@blueprint.get("/sign-in")
@public
def page() -> ResponseReturnValue:
    """Ask for login and password; who has come in already goes on."""
    path = request.args.get("next", "")
    if g.actor is not None and g.actor.role in STAFF:
        return redirect(_way_on(path))
    return _form(login="", path=path)


@blueprint.post("/sign-in")
@public
@rated(SIGN_IN)
def enter() -> ResponseReturnValue:
    """Take login and password, or say what is wrong with them."""
    typed = {"login": request.form.get("login", ""), "path": request.form.get("next", "")}
    try:
        given = call.form(SignInForm())
        opened = _begun(given["login"].strip(), given["password"])
    except Refusal as refusal:
        return _form(**typed, refusal=refusal), status_of(refusal), headers_of(refusal)
    return _go_on(opened, given["next"])


@blueprint.get("/sign-in/step")
@public
def step() -> ResponseReturnValue:
    """Ask for what comes next: the code, a password of his own, or to set up an authenticator."""
    path = request.args.get("next", "")
    if not _is_under_way():
        return redirect(url_for("console_sign_in.page", next=path))
    return _step(path)


@blueprint.post("/sign-in/step")
@public
@rated(SIGN_IN)
def take_step() -> ResponseReturnValue:
    """Take the step, or say what is wrong with what was typed."""
    path = request.form.get("next", "")
    if not _is_under_way():
        return redirect(url_for("console_sign_in.page", next=path), 303)
    try:
        given = call.form(StepForm())
        opened = _taken(Stage(g.sign_in.stage), given["code"], given["new_password"])
    except NotAtThatStage:
        return redirect(url_for("console_sign_in.page", next=path), 303)
    except Refusal as refusal:
        return _step(path, refusal=refusal), status_of(refusal), headers_of(refusal)
    return _go_on(opened, path)


@blueprint.get("/prove")
@signed_in(*STAFF)
def prove() -> ResponseReturnValue:
    """Ask once more for password and code, before something grave."""
    return _proof(request.args.get("next", ""))


@blueprint.post("/prove")
@signed_in(*STAFF)
@rated(SIGN_IN)
def prove_again() -> ResponseReturnValue:
    """Take the proof and lead back to what he wanted."""
    given = call.form(ProofForm())
    try:
        # A wrong one leaves its count behind, so the transaction ends before it is said.
        with call.once(again=lambda: redirect(_way_on(given["next"]), 303)) as db:
            is_he = entering.prove(
                db,
                token=g.sign_in_token,
                password=given["password"],
                code=given["code"],
                now=call.true_now(),
            )
        if not is_he:
            raise WrongPassword(field="password")
    except Refusal as refusal:
        page = _proof(given["next"], refusal=refusal)
        return page, status_of(refusal), headers_of(refusal)
    return redirect(_way_on(given["next"]), 303)


@blueprint.post("/sign-out")
@public
def leave() -> ResponseReturnValue:
    """Close the session."""
    call.form(NoForm())
    with transaction() as db:
        sign_ins.close_sign_in(db, token=g.sign_in_token)
    answer = redirect(url_for("console_sign_in.page"), 303)
    sign_in.drop_cookie(answer)
    answer.headers["Clear-Site-Data"] = _FORGET
    return answer


def _begun(login: str, password: str) -> Opened:
    """Return a session at its first stage. A wrong password leaves its count behind, so the
    transaction ends first. Raises WrongPassword, TooManyTries."""
    limits.check_login(login)
    now = call.true_now()
    with transaction() as db:
        staff = sign_ins.check_password(db, login=login, password=password, now=now)
        if staff is not None:
            sign_ins.close_sign_in(db, token=g.sign_in_token)
            return entering.begin(db, staff=staff, now=now)
    limits.count_wrong(login)
    raise WrongPassword(field="password")


def _taken(stage: Stage, code: str, password: str) -> Opened:
    """Take one step; a wrong code leaves its count behind. Raises what the step raises, WrongCode."""
    token, now = g.sign_in_token, call.true_now()
    with transaction() as db:
        if stage is Stage.RENEW:
            return entering.renew_password(db, token=token, password=password, now=now)
        take = entering.enrol if stage is Stage.ENROL else entering.pass_code
        opened = take(db, token=token, code=code, now=now)
    if opened is None:
        raise WrongCode(field="code")
    return opened


def _is_under_way() -> bool:
    return g.sign_in is not None and g.sign_in.stage != Stage.OPEN


def _go_on(opened: Opened, path: str) -> ResponseReturnValue:
    is_in = opened.stage == Stage.OPEN
    to = _way_on(path) if is_in else url_for("console_sign_in.step", next=path)
    answer = redirect(to, 303)
    sign_in.set_cookie(answer, opened)
    return answer


def _form(*, login: str, path: str, refusal: Refusal | None = None) -> str:
    return render_template(
        "console/sign_in.html", login=login, next=path, errors=_errors(refusal, "password")
    )


def _step(path: str, *, refusal: Refusal | None = None) -> str:
    stage, now = Stage(g.sign_in.stage), call.true_now()
    login, secret = "", ""
    if stage is Stage.ENROL:
        with transaction() as db:
            login, secret = entering.secret_to_enrol(db, token=g.sign_in_token, now=now)
    return render_template(
        "console/sign_in_step.html",
        stage=stage.value,
        next=path,
        secret=secret,
        picture=qr.picture(entering.uri_of(login, secret)) if secret else "",
        errors=_errors(refusal, "code"),
        **_filled(),
    )


def _proof(path: str, *, refusal: Refusal | None = None) -> str:
    with transaction(reads_only=True) as db:
        staff = queries.staff(db, call.actor().id)
    assert staff is not None, "behind signed_in"
    return render_template(
        "console/prove.html",
        next=path,
        has_code=staff.has_totp,
        errors=_errors(refusal, "password"),
        **_filled(),
    )


def _filled() -> dict[str, object]:
    """In the demo nobody has an authenticator at hand: there a press fills the code in."""
    if not call.settings().is_demo:
        return {"may_fill": False, "code": ""}
    code = ""
    if "fill" in request.args:
        with transaction(reads_only=True) as db:
            code = _present_code(db)
    return {"may_fill": True, "code": code}


def _present_code(db: Session) -> str:
    staff = queries.staff(db, g.sign_in.subject_id)
    assert staff is not None, "the sign-in names him"
    return entering.present_code(staff, now=call.true_now())


def _errors(refusal: Refusal | None, field: str) -> dict[str, str]:
    return {refusal.field or field: sentence_of(refusal)} if refusal else {}


def _way_on(path: str) -> str:
    """Return the console's page to go on to; anywhere else is the first one."""
    safe = safe_path(path)
    if safe.startswith("/console/") and ".." not in safe:
        return safe
    return url_for("console.home")
