"""Small calls about the account itself."""

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from kernel.words import msg
from sandbox import jssdk, quotas
from sandbox.api import call
from sandbox.errors import ApiError
from sandbox.stage import stage

blueprint = call.blueprint("account")


@blueprint.get("/cgi-bin/ticket/getticket")
def ticket() -> ResponseReturnValue:
    if request.args.get("type") != "jsapi":
        raise ApiError(40035, rule=msg("type 只能是 jsapi。"))
    here = stage()
    with here.memory.transaction() as db:
        text, expires_in_s = jssdk.ticket(db, wall_s=here.wall())
    return jsonify(**call.OK, ticket=text, expires_in=expires_in_s)


@blueprint.get("/cgi-bin/getcallbackip")
def callback_addresses() -> ResponseReturnValue:
    return jsonify(ip_list=["127.0.0.1"])


@blueprint.get("/cgi-bin/get_api_domain_ip")
def api_addresses() -> ResponseReturnValue:
    return jsonify(ip_list=["127.0.0.1"])


@blueprint.get("/cgi-bin/customservice/getkflist")
def agents() -> ResponseReturnValue:
    return jsonify(
        kf_list=[
            {"kf_account": name, "kf_nick": nick, "kf_id": str(1000 + number), "kf_headimgurl": ""}
            for number, (name, nick) in enumerate(stage().account.agents.items(), start=1)
        ]
    )


@blueprint.post("/cgi-bin/clear_quota")
def clear_quota() -> ResponseReturnValue:
    if call.body().get("appid") != stage().account.appid:
        raise ApiError(40013)
    here = stage()
    with here.memory.transaction() as db:
        quotas.clear(db, at_s=here.clock.now_s())
    return jsonify(call.OK)


@blueprint.post("/cgi-bin/openapi/quota/get")
def quota() -> ResponseReturnValue:
    here, path = stage(), call.body().get("cgi_path")
    with here.memory.reading() as db:
        told = quotas.told(db, path=path, at_s=here.clock.now_s())
    return jsonify(**call.OK, quota=told)
