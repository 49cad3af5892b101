"""Tags and the blacklist."""

from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue

from kernel.words import msg
from sandbox import phones, tags
from sandbox.api import call
from sandbox.errors import ApiError
from sandbox.stage import stage

blueprint = call.blueprint("tags")


@blueprint.post("/cgi-bin/tags/create")
def create() -> ResponseReturnValue:
    with stage().memory.transaction() as db:
        return jsonify(tag=tags.create(db, name=_tag().get("name")))


@blueprint.get("/cgi-bin/tags/get")
def every() -> ResponseReturnValue:
    with stage().memory.reading() as db:
        return jsonify(tags=tags.every(db))


@blueprint.post("/cgi-bin/tags/update")
def update() -> ResponseReturnValue:
    told = _tag()
    with stage().memory.transaction() as db:
        tags.rename(db, tag_id=told.get("id"), name=told.get("name"))
    return jsonify(call.OK)


@blueprint.post("/cgi-bin/tags/delete")
def delete() -> ResponseReturnValue:
    with stage().memory.transaction() as db:
        tags.delete(db, tag_id=_tag().get("id"))
    return jsonify(call.OK)


@blueprint.post("/cgi-bin/tags/members/batchtagging")
def put_on() -> ResponseReturnValue:
    body = call.body()
    with stage().memory.transaction() as db:
        tags.put_on(db, tag_id=body.get("tagid"), openids=body.get("openid_list"))
    return jsonify(call.OK)


@blueprint.post("/cgi-bin/tags/members/batchuntagging")
def take_off() -> ResponseReturnValue:
    body = call.body()
    with stage().memory.transaction() as db:
        tags.take_off(db, tag_id=body.get("tagid"), openids=body.get("openid_list"))
    return jsonify(call.OK)


@blueprint.post("/cgi-bin/tags/getidlist")
def of_person() -> ResponseReturnValue:
    with stage().memory.reading() as db:
        phone = phones.by_openid(db, openid=str(call.body().get("openid", "")))
        call.note(phone_id=phone.id)
        return jsonify(tagid_list=tags.of(db, openid=phone.openid))


@blueprint.post("/cgi-bin/user/tag/get")
def carriers() -> ResponseReturnValue:
    body = call.body()
    with stage().memory.reading() as db:
        return jsonify(
            call.page_of(
                tags.carriers(db, tag_id=body.get("tagid")),
                after=str(body.get("next_openid") or ""),
            )
        )


@blueprint.post("/cgi-bin/tags/members/getblacklist")
def blacklist() -> ResponseReturnValue:
    body = call.body()
    with stage().memory.reading() as db:
        people = tags.blacked(db)
    page = call.page_of(people, after=str(body.get("begin_openid") or ""))
    return jsonify(total=len(people), **page)


@blueprint.post("/cgi-bin/tags/members/batchblacklist")
def shut_out() -> ResponseReturnValue:
    return _set_blacked(blacked=True)


@blueprint.post("/cgi-bin/tags/members/batchunblacklist")
def let_in() -> ResponseReturnValue:
    return _set_blacked(blacked=False)


def _set_blacked(*, blacked: bool) -> ResponseReturnValue:
    openids = call.body().get("openid_list")
    with stage().memory.transaction() as db:
        tags.set_blacked(db, openids=openids, blacked=blacked)
    return jsonify(call.OK)


def _tag() -> dict[str, Any]:
    told = call.body().get("tag")
    if not isinstance(told, dict):
        raise ApiError(47001, rule=msg('正文要写成 {"tag": {…}}。'))
    return told
