"""WeChat's callbacks: verified, decrypted, taken in once, answered at once."""

import logging
from collections.abc import Sequence

from flask import Response, current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from conversations import inbox, words
from faces.chrome import call
from faces.chrome.limits import UNCOUNTED, rated
from faces.chrome.sign_in import public
from faces.wechat.routes import blueprint
from gateways.wechat import replies
from gateways.wechat.crypto import BODY_BYTES_MAX, CallbackDoor, Forged, TooLarge, Unreadable
from gateways.wechat.messages import GrantsChanged, Incoming, TemplateFinished, parse
from kernel.clock import wall_s
from kernel.db import transaction
from kernel.errors import Conflict
from kernel.together import Together
from kernel.words import msg
from notifications.operations import record_outcomes

log = logging.getLogger(__name__)

SILENCE = "success"


class ToldTooEarly(Conflict):
    """A report on a message that we have not written down as sent: WeChat is to tell it again."""

    code = "told_too_early"
    says = msg("这条消息还没有登记，请稍后再报。")


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
        request.max_content_length = BODY_BYTES_MAX
        xml = door.open(request.args, request.get_data(), now_s=wall_s())
        message = parse(xml)
    except (TooLarge, RequestEntityTooLarge):
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
    reply = _reply(answer, message)
    return _text(door.seal(reply, nonce=request.args.get("nonce", ""), now_s=wall_s()))


def _reply(answer: str, message: Incoming) -> str:
    to, account, now_s = message.openid, message.account, wall_s()
    card = words.card_of(answer)
    if card is None:
        return replies.text_reply(answer, openid=to, account=account, now_s=now_s)
    title, about, url = card
    article = replies.Article(title, about, "", url)
    return replies.news_reply([article], openid=to, account=account, now_s=now_s)


def _taken_in(message: Incoming) -> str:
    if isinstance(message, TemplateFinished):
        if not _outcomes.write((message.msgid, message.status)):
            # It overtook the worker that is writing down what was sent.
            raise ToldTooEarly
        return ""
    said = inbox.said(message, public_base=call.settings().public_base)
    if said is not None:
        if isinstance(message, GrantsChanged) and message.kind == "sent":
            for grant in message.grants:
                # One that is not ours is nothing.
                _outcomes.write((grant.msgid, grant.status))
        return _things.write(said)
    return _things.alone(lambda: _received(message))


def _received(message: Incoming) -> str:
    with transaction() as db:
        return inbox.receive(db, message, public_base=call.settings().public_base, now=call.now())


def _note(things: Sequence[inbox.Said]) -> Sequence[str]:
    with transaction() as db:
        return inbox.note(db, things)


def _record(reports: Sequence[tuple[str, str]]) -> Sequence[bool]:
    with transaction() as db:
        known = record_outcomes(db, dict(reports))
    return [msgid in known for msgid, _ in reports]


_things, _outcomes = Together(_note), Together(_record)


def _door() -> CallbackDoor:
    door: CallbackDoor = current_app.extensions["doorbell.callback_door"]
    return door


def _text(body: str, status: int = 200) -> Response:
    return Response(
        body, status=status, mimetype="text/plain" if body in ("", SILENCE) else "text/xml"
    )
