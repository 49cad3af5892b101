"""WeChat's callbacks: verified, decrypted, taken in once, answered at once."""

import logging

from flask import Response, current_app, request
from flask.typing import ResponseReturnValue

from conversations import inbox
from faces.chrome import call
from faces.chrome.limits import UNCOUNTED, rated
from faces.chrome.sign_in import public
from faces.wechat.routes import blueprint
from gateways.wechat import replies
from gateways.wechat.crypto import CallbackDoor, Forged, TooLarge, Unreadable
from gateways.wechat.messages import Incoming, TemplateFinished, parse
from kernel.clock import wall_s
from kernel.db import transaction
from kernel.errors import Unavailable
from notifications.operations import record_outcome

log = logging.getLogger(__name__)

SILENCE = "success"


@blueprint.get("/wechat/callback")
@public
@rated(UNCOUNTED)
def handshake() -> ResponseReturnValue:
    """Prove to WeChat that this address is ours."""
    try:
        return _text(_door().handshake(request.args, now_s=wall_s()))
    except Forged:
        return _text("", 403)


@blueprint.post("/wechat/callback")
@public
@rated(UNCOUNTED)
def callback() -> ResponseReturnValue:
    """Take in what a follower did. Forged: 403, empty. Signed but unreadable: logged, `success`,
    since WeChat's sending it again cannot help."""
    door = _door()
    try:
        xml = door.open(request.args, request.get_data(), now_s=wall_s())
        message = parse(xml)
    except TooLarge:
        return _text("", 413)
    except Forged as reason:
        log.warning("a forged callback: %s", reason)
        return _text("", 403)
    except Unreadable as reason:
        log.error("a signed callback could not be read: %s", reason)
        return _text(SILENCE)
    answer = _taken_in(message)
    if not answer:
        return _text(SILENCE)
    reply = replies.text_reply(
        answer, openid=message.openid, account=message.account, now_s=wall_s()
    )
    return _text(door.seal(reply, nonce=request.args.get("nonce", ""), now_s=wall_s()))


def _taken_in(message: Incoming) -> str:
    if isinstance(message, TemplateFinished):
        with transaction() as db:
            is_known = record_outcome(db, msgid=message.msgid, outcome=message.status)
        if not is_known:
            # It overtook the worker that is writing down what was sent: WeChat tells it again.
            raise Unavailable
        return ""
    with transaction() as db:
        return inbox.receive(db, message, public_base=call.settings().public_base, now=call.now())


def _door() -> CallbackDoor:
    door: CallbackDoor = current_app.extensions["doorbell.callback_door"]
    return door


def _text(body: str, status: int = 200) -> Response:
    return Response(
        body, status=status, mimetype="text/plain" if body in ("", SILENCE) else "text/xml"
    )
