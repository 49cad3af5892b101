"""Messages to one person."""

from flask import jsonify
from flask.typing import ResponseReturnValue

from kernel.words import msg
from sandbox import message_templates, sending, subscriptions, template_list
from sandbox.api import call
from sandbox.errors import ApiError
from sandbox.stage import stage

blueprint = call.blueprint("messages")


@blueprint.post("/cgi-bin/message/template/send")
def send_template() -> ResponseReturnValue:
    here, body = stage(), call.body()
    _note_findings(body)
    with here.memory.transaction() as db:
        sent = sending.send_template(db, body=body, account=here.account, moment=here.moment())
    here.pusher.ring()
    call.note(phone_id=sent.phone_id)
    if sent.is_repeated:
        call.note(rule=msg("10 分钟内发过同一 client_msg_id：没有再次送达，应答原来的 msgid。"))
    return jsonify(**call.OK, msgid=sent.msgid)


@blueprint.post("/cgi-bin/message/custom/send")
def send_custom() -> ResponseReturnValue:
    here, body = stage(), call.body()
    with here.memory.transaction() as db:
        phone_id = sending.send_custom(db, body=body, moment=here.moment())
    call.note(phone_id=phone_id)
    return jsonify(call.OK)


@blueprint.post("/cgi-bin/message/custom/typing")
def typing() -> ResponseReturnValue:
    here, body = stage(), call.body()
    with here.memory.reading() as db:
        phone_id = sending.check_typing(db, body=body, moment=here.moment())
    call.note(phone_id=phone_id)
    return jsonify(call.OK)


@blueprint.post("/cgi-bin/message/subscribe/bizsend")
def send_subscription() -> ResponseReturnValue:
    here, body = stage(), call.body()
    with here.memory.transaction() as db:
        phone = subscriptions.send(db, body=body, account=here.account, moment=here.moment())
    here.pusher.ring()
    call.note(phone_id=phone.id)
    return jsonify(call.OK)


def _note_findings(body: dict[str, object]) -> None:
    """Let the log show the linter's findings, whatever the send will be answered."""
    try:
        with stage().memory.reading() as db:
            template = template_list.find(db, body=body, account=stage().account)
        values = message_templates.values_of(body)
    except ApiError:
        return
    call.note(findings=message_templates.lint(template, values))
