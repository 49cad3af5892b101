"""The trip to WeChat's sign-in and back (OAuth, snsapi_base: silent, gives the openid)."""

from urllib.parse import urlsplit

from flask import current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dispatch import queries as dispatch
from faces.chrome import call, sign_in
from faces.chrome.paths import safe_path
from faces.chrome.sign_in import public
from faces.wechat.routes import blueprint
from gateways.wechat.errors import WeChatError
from gateways.wechat.oauth import OAuth, Visitor
from kernel.actor import Role
from kernel.db import transaction
from kernel.errors import Missing
from kernel.numbers import new_token
from members.operations import merging, sign_ins
from members.operations.sign_ins import LoginExpired, Opened

SCOPE = "snsapi_base"


@blueprint.get("/wechat/sign-in")
@public
def start() -> ResponseReturnValue:
    """Send the person to WeChat; he comes back to `done` and then to ?next."""
    cookie = request.cookies.get(sign_in.TRIP_COOKIE) or new_token()
    path = safe_path(request.args.get("next", "/c/"))
    if request.args.get("role") == "technician":
        path = f"technician {path}"
    with transaction() as db:
        state = sign_ins.start_trip(db, cookie=cookie, return_path=path, now=call.true_now())
    answer = redirect(
        _oauth().authorize_url(redirect_uri=_return_address(), state=state, scope=SCOPE)
    )
    answer.set_cookie(
        sign_in.TRIP_COOKIE, cookie, max_age=600, secure=True, httponly=True, samesite="Lax"
    )
    return answer


@blueprint.get("/wechat/signed-in")
@public
def done() -> ResponseReturnValue:
    """Come back from WeChat: check the state, learn the openid, open the session."""
    cookie = request.cookies.get(sign_in.TRIP_COOKIE, "")
    with transaction() as db:
        wanted = sign_ins.end_trip(
            db, state=request.args.get("state", ""), cookie=cookie, now=call.true_now()
        )
    try:
        visitor = _oauth().exchange(request.args.get("code", ""))
    except WeChatError as error:
        raise LoginExpired from error
    if visitor.is_snapshot:
        # A virtual openid: never make a member of it.
        raise LoginExpired
    role, _, path = wanted.rpartition(" ")
    opened = _opened(visitor, wants_technician=role == "technician")
    if opened is None:
        return render_template("technician/unbound.html"), 403
    answer = redirect(path)
    sign_in.set_cookie(answer, opened)
    return answer


def _opened(visitor: Visitor, *, wants_technician: bool) -> Opened | None:
    now = call.true_now()
    with transaction() as db:
        if not wants_technician:
            member = merging.meet_again(
                db, openid=visitor.openid, unionid=visitor.unionid, now=call.now()
            )
            return sign_ins.open_sign_in(db, role=Role.MEMBER, subject_id=member.id, now=now)
        technician = dispatch.technician_by_openid(db, visitor.openid)
        if technician is None:
            return None
        return sign_ins.open_sign_in(db, role=Role.TECHNICIAN, subject_id=technician.id, now=now)


def _return_address() -> str:
    """Return our `done` on the host the person came by, which must be ours."""
    base = urlsplit(call.settings().public_base)
    host = request.host
    is_phone = call.settings().is_demo and host.partition(".")[2] == base.netloc
    if host != base.netloc and not is_phone:
        raise Missing
    return f"{base.scheme}://{host}{url_for('wechat.done')}"


def _oauth() -> OAuth:
    oauth: OAuth = current_app.extensions["doorbell.oauth"]
    return oauth
