"""Who follows the account."""

from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from sandbox import codes, phones
from sandbox.api import call
from sandbox.phones import Phone
from sandbox.stage import stage

OPENIDS_A_PAGE = 10_000

blueprint = call.blueprint("users")


@blueprint.get("/cgi-bin/user/info")
def user_info() -> ResponseReturnValue:
    with stage().memory.reading() as db:
        phone = phones.by_openid(db, openid=request.args.get("openid", ""))
        is_number = codes.is_number(db, scene=phone.qr_scene)
    call.note(phone_id=phone.id)
    if not phone.follows:
        return jsonify(subscribe=0, openid=phone.openid)
    return jsonify(_follower(phone, is_number=is_number))


@blueprint.get("/cgi-bin/user/get")
def user_get() -> ResponseReturnValue:
    with stage().memory.reading() as db:
        total, openids = phones.followers(
            db, after_openid=request.args.get("next_openid", ""), limit=OPENIDS_A_PAGE
        )
    answer: dict[str, Any] = {"total": total, "count": len(openids), "next_openid": ""}
    if openids:
        answer.update(data={"openid": openids}, next_openid=openids[-1])
    return jsonify(answer)


def _follower(phone: Phone, *, is_number: bool) -> dict[str, Any]:
    """Return the documented facts; nickname and avatar are gone since 2021."""
    return {
        "subscribe": 1,
        "openid": phone.openid,
        "language": "zh_CN",
        "subscribe_time": phone.followed_at_s,
        "remark": "",
        "groupid": 0,
        "tagid_list": [],
        "subscribe_scene": phone.follow_scene,
        "qr_scene": int(phone.qr_scene) if is_number else 0,
        "qr_scene_str": "" if is_number else phone.qr_scene,
    }
