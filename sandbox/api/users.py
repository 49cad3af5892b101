"""Who follows the account."""

import sqlite3
from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from kernel.words import msg
from sandbox import codes, phones, tags
from sandbox.api import call
from sandbox.errors import ApiError
from sandbox.phones import Phone
from sandbox.stage import stage

PEOPLE_A_CALL_MAX = 100

blueprint = call.blueprint("users")


@blueprint.get("/cgi-bin/user/info")
def user_info() -> ResponseReturnValue:
    with stage().memory.reading() as db:
        phone = phones.by_openid(db, openid=request.args.get("openid", ""))
        call.note(phone_id=phone.id)
        return jsonify(_person(db, phone))


@blueprint.post("/cgi-bin/user/info/batchget")
def user_infos() -> ResponseReturnValue:
    asked = call.body().get("user_list")
    if not isinstance(asked, list) or not 1 <= len(asked) <= PEOPLE_A_CALL_MAX:
        raise ApiError(
            40032,
            rule=(msg("user_list 为 1 到 %(most)s 个。") % {"most": PEOPLE_A_CALL_MAX}),
        )
    if not all(isinstance(one, dict) for one in asked):
        raise ApiError(47001)
    with stage().memory.reading() as db:
        people = [phones.by_openid(db, openid=str(one.get("openid", ""))) for one in asked]
        return jsonify(user_info_list=[_person(db, phone) for phone in people])


@blueprint.post("/cgi-bin/user/info/updateremark")
def update_remark() -> ResponseReturnValue:
    body = call.body()
    with stage().memory.transaction() as db:
        tags.set_remark(db, openid=str(body.get("openid", "")), remark=body.get("remark"))
    return jsonify(call.OK)


@blueprint.get("/cgi-bin/user/get")
def user_get() -> ResponseReturnValue:
    with stage().memory.reading() as db:
        total, openids = phones.followers(
            db, after_openid=request.args.get("next_openid", ""), limit=call.OPENIDS_A_PAGE
        )
    answer: dict[str, Any] = {"total": total, "count": len(openids), "next_openid": ""}
    if openids:
        answer.update(data={"openid": openids}, next_openid=openids[-1])
    return jsonify(answer)


def _person(db: sqlite3.Connection, phone: Phone) -> dict[str, Any]:
    """Return the documented facts; nickname and avatar are gone since 2021."""
    if not phone.follows:
        return {"subscribe": 0, "openid": phone.openid}
    is_number = codes.is_number(db, scene=phone.qr_scene)
    carried = tags.of(db, openid=phone.openid)
    return {
        "subscribe": 1,
        "openid": phone.openid,
        "language": "zh_CN",
        "subscribe_time": phone.followed_at_s,
        "remark": tags.remark_of(db, openid=phone.openid),
        "groupid": carried[0] if carried else 0,
        "tagid_list": carried,
        "subscribe_scene": phone.follow_scene,
        "qr_scene": int(phone.qr_scene) if is_number else 0,
        "qr_scene_str": "" if is_number else phone.qr_scene,
    }
