"""The account's templates and its subscription notices."""

from flask import jsonify
from flask.typing import ResponseReturnValue

from sandbox import template_list
from sandbox.api import call
from sandbox.stage import stage

_ONE_TIME = 2

blueprint = call.blueprint("templates")


@blueprint.get("/cgi-bin/template/get_all_private_template")
def every() -> ResponseReturnValue:
    with stage().memory.reading() as db:
        kept = template_list.every(db, account=stage().account)
    return jsonify(
        template_list=[
            {
                "template_id": one.template_id,
                "title": one.title,
                "primary_industry": "",
                "deputy_industry": "",
                "content": one.content,
                "example": "",
            }
            for one in kept
        ]
    )


@blueprint.post("/cgi-bin/template/api_add_template")
def add() -> ResponseReturnValue:
    here, body = stage(), call.body()
    with here.memory.transaction() as db:
        template_id = template_list.add(
            db, short=body.get("template_id_short"), account=here.account
        )
    return jsonify(**call.OK, template_id=template_id)


@blueprint.post("/cgi-bin/template/del_private_template")
def delete() -> ResponseReturnValue:
    here, body = stage(), call.body()
    with here.memory.transaction() as db:
        template_list.delete(db, body=body, account=here.account)
    return jsonify(call.OK)


@blueprint.get("/wxaapi/newtmpl/gettemplate")
def subscriptions() -> ResponseReturnValue:
    return jsonify(
        **call.OK,
        data=[
            {
                "priTmplId": one.template_id,
                "title": one.title,
                "content": one.content,
                "example": "",
                "type": _ONE_TIME,
            }
            for one in stage().account.subscriptions
        ],
    )
