"""The account's menu."""

from flask import jsonify
from flask.typing import ResponseReturnValue

from sandbox import menus
from sandbox.api import call
from sandbox.errors import ApiError
from sandbox.stage import stage

blueprint = call.blueprint("menus")


@blueprint.post("/cgi-bin/menu/create")
def create() -> ResponseReturnValue:
    with stage().memory.transaction() as db:
        menus.create(db, body=call.body())
    return jsonify(call.OK)


@blueprint.get("/cgi-bin/menu/get")
def get() -> ResponseReturnValue:
    with stage().memory.reading() as db:
        menu = menus.get(db)
    if menu is None:
        raise ApiError(46003)
    return jsonify(menu=menu)


@blueprint.route("/cgi-bin/menu/delete", methods=["GET", "POST"])
def delete() -> ResponseReturnValue:
    with stage().memory.transaction() as db:
        menus.delete(db)
    return jsonify(call.OK)
