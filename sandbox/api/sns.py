"""What the account's server asks after a page was authorised."""

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from kernel.words import msg
from sandbox import oauth, phones
from sandbox.api import access, call
from sandbox.errors import ApiError
from sandbox.stage import stage

_SNAPSHOT_NAME = "微信用户"

blueprint = call.blueprint("sns", needs_token=False)


@blueprint.get("/sns/oauth2/access_token")
def access_token() -> ResponseReturnValue:
    appid = request.args.get("appid", "")
    access.check_account(appid=appid, secret=request.args.get("secret", ""))
    if request.args.get("grant_type") != "authorization_code":
        raise ApiError(40002)
    here = stage()
    with here.memory.transaction() as db:
        grant = oauth.exchange(
            db, code=request.args.get("code", ""), appid=appid, wall_s=here.wall()
        )
        if grant.get("is_snapshotuser"):
            call.note(rule=msg("快照页的虚拟用户：不要当成会员。"))
        else:
            call.note(phone_id=phones.by_openid(db, openid=grant["openid"]).id)
    return jsonify(grant)


@blueprint.get("/sns/oauth2/refresh_token")
def refresh_token() -> ResponseReturnValue:
    if request.args.get("appid") != stage().account.appid:
        raise ApiError(40013)
    here = stage()
    with here.memory.transaction() as db:
        grant = oauth.refresh(
            db, refresh_token=request.args.get("refresh_token", ""), wall_s=here.wall()
        )
    return jsonify(grant)


@blueprint.get("/sns/userinfo")
def profile() -> ResponseReturnValue:
    openid = request.args.get("openid", "")
    if _scope(openid) != "snsapi_userinfo":
        raise ApiError(48001)
    with stage().memory.reading() as db:
        name = _SNAPSHOT_NAME
        if not oauth.is_snapshot(db, openid=openid):
            phone = phones.by_openid(db, openid=openid)
            name = phone.name
            call.note(phone_id=phone.id)
    return jsonify(
        openid=openid,
        nickname=name,
        sex=0,
        province="",
        city="",
        country="",
        headimgurl="",
        privilege=[],
    )


@blueprint.get("/sns/auth")
def auth() -> ResponseReturnValue:
    _scope(request.args.get("openid", ""))
    return jsonify(call.OK)


def _scope(openid: str) -> str:
    here = stage()
    with here.memory.reading() as db:
        return oauth.check_grant(
            db,
            access_token=request.args.get("access_token", ""),
            openid=openid,
            wall_s=here.wall(),
        )
