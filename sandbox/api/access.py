"""Getting a token, and what there is without one."""

from flask import current_app, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox import tokens
from sandbox.api import call
from sandbox.errors import ApiError
from sandbox.stage import stage
from sandbox.tokens import Token

blueprint = call.blueprint("access", needs_token=False)


@blueprint.get("/cgi-bin/token")
def token() -> ResponseReturnValue:
    check_credentials(
        appid=request.args.get("appid", ""),
        secret=request.args.get("secret", ""),
        grant_type=request.args.get("grant_type", ""),
    )
    here = stage()
    with here.memory.transaction() as db:
        return _told(tokens.issue_plain(db, wall_s=here.wall()))


@blueprint.post("/cgi-bin/stable_token")
def stable_token() -> ResponseReturnValue:
    body = call.body()
    check_credentials(
        appid=str(body.get("appid", "")),
        secret=str(body.get("secret", "")),
        grant_type=str(body.get("grant_type", "")),
    )
    here = stage()
    with here.memory.transaction() as db:
        force = body.get("force_refresh") is True
        return _told(tokens.issue_stable(db, force=force, wall_s=here.wall()))


@blueprint.route("/cgi-bin/<path:rest>", methods=["GET", "POST"])
def unknown(rest: str) -> ResponseReturnValue:
    """Say that the method is wrong, or that the sandbox does not play this call."""
    known = {rule.rule for rule in current_app.url_map.iter_rules()}
    if f"/cgi-bin/{rest}" in known:
        raise ApiError(43001 if request.method == "POST" else 43002)
    raise ApiError(40066)


def check_credentials(*, appid: str, secret: str, grant_type: str) -> None:
    """Raise ApiError 40002, 40013, 40125, 40164, 41002, 41004 unless these are the account's, told from
    where its list allows."""
    if grant_type != "client_credential":
        raise ApiError(40002)
    check_account(appid=appid, secret=secret)
    allowed, address = stage().account.ip_list, request.remote_addr
    if allowed and address not in allowed:
        raise ApiError(40164, errmsg=f"invalid ip {address}, not in whitelist")


def check_account(*, appid: str, secret: str) -> None:
    """Raise ApiError 40013, 40125, 41002, 41004 unless these are the account's."""
    account = stage().account
    if not appid:
        raise ApiError(41002)
    if not secret:
        raise ApiError(41004)
    if appid != account.appid:
        raise ApiError(40013)
    if secret != account.secret:
        raise ApiError(40125)


def _told(token: Token) -> ResponseReturnValue:
    return jsonify(access_token=token.text, expires_in=token.expires_in_s)
