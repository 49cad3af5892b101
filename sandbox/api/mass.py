"""Messages to many people."""

from flask import jsonify
from flask.typing import ResponseReturnValue

from kernel.words import msg
from sandbox import mass
from sandbox.api import call
from sandbox.mass import Job
from sandbox.stage import stage

blueprint = call.blueprint("mass")


@blueprint.post("/cgi-bin/message/mass/sendall")
def send_all() -> ResponseReturnValue:
    here, body = stage(), call.body()
    with here.memory.transaction() as db:
        job = mass.send_all(db, body=body, account=here.account, moment=here.moment())
    return _accepted(job)


@blueprint.post("/cgi-bin/message/mass/send")
def send_listed() -> ResponseReturnValue:
    here, body = stage(), call.body()
    with here.memory.transaction() as db:
        job = mass.send_listed(db, body=body, account=here.account, moment=here.moment())
    return _accepted(job)


@blueprint.post("/cgi-bin/message/mass/preview")
def preview() -> ResponseReturnValue:
    here, body = stage(), call.body()
    with here.memory.transaction() as db:
        msg_id = mass.preview(db, body=body, moment=here.moment())
    return jsonify(errcode=0, errmsg="preview success", msg_id=msg_id)


@blueprint.post("/cgi-bin/message/mass/get")
def status() -> ResponseReturnValue:
    msg_id = call.body().get("msg_id")
    with stage().memory.reading() as db:
        return jsonify(msg_id=msg_id, msg_status=mass.status(db, msg_id=msg_id))


@blueprint.post("/cgi-bin/message/mass/delete")
def delete() -> ResponseReturnValue:
    with stage().memory.transaction() as db:
        mass.delete(db, msg_id=call.body().get("msg_id"))
    return jsonify(call.OK)


def _accepted(job: Job) -> ResponseReturnValue:
    stage().pusher.ring()
    call.note(rule=(msg("送到 %(reached)s 人。") % {"reached": job.reached}))
    return jsonify(
        errcode=0, errmsg="send job submission success", msg_id=job.msg_id, msg_data_id=job.msg_id
    )
