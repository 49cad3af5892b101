"""WeChat's callbacks: verified, decrypted, taken in once, answered at once.

They come in bursts, and to each the machinery of a page (who is signed in, how often he came, which
language he reads) is as much work as the callback itself: `Ahead` answers them before Flask does.
"""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from http import HTTPStatus
from operator import attrgetter
from typing import Any
from urllib.parse import parse_qsl
from wsgiref.types import StartResponse

from flask import Flask, Response, current_app, request
from flask.typing import ResponseReturnValue

from conversations import inbox, words
from faces.chrome import errors
from faces.chrome.limits import UNCOUNTED, rated
from faces.chrome.sign_in import public
from faces.wechat.routes import blueprint
from gateways.wechat import replies
from gateways.wechat.crypto import BODY_BYTES_MAX, CallbackDoor, Forged, TooLarge, Unreadable
from gateways.wechat.messages import GrantsChanged, Incoming, TemplateFinished, parse
from kernel.clock import Clock, wall_s
from kernel.db import Session, transaction
from kernel.errors import Conflict, Refusal
from kernel.settings import Settings
from kernel.together import Together
from kernel.words import msg
from notifications import settling
from notifications.operations import record_outcomes

log = logging.getLogger(__name__)

PATH = "/wechat/callback"
SILENCE = "success"
# A status, and a text that is XML when it says anything.
Answer = tuple[HTTPStatus, str]

_KEY = "doorbell.callbacks"


class ToldTooEarly(Conflict):
    """A report on a message that we have not written down as sent: WeChat is to tell it again."""

    code = "told_too_early"
    says = msg("这条消息还没有登记，请稍后再报。")


class Callbacks:
    """Answers the callbacks of one house."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._door: CallbackDoor = app.extensions["doorbell.callback_door"]
        self._settings: Settings = app.extensions["doorbell.settings"]
        self._clock: Clock = app.extensions["doorbell.clock"]
        self._letters = Together(self._received)

    def shake_hands(self, query: Mapping[str, str]) -> Answer:
        """Prove to WeChat that this address is ours."""
        try:
            return HTTPStatus.OK, self._door.handshake(query, now_s=wall_s())
        except Forged:
            return HTTPStatus.FORBIDDEN, ""

    def answer(self, environ: Mapping[str, Any]) -> Answer:
        """Take in what a follower did. Forged: 403, empty. Signed but unreadable: logged, `success`,
        since WeChat's sending it again cannot help."""
        body = _body(environ)
        try:
            query = _query(environ)
            message = parse(self._door.open(query, body, now_s=wall_s()))
            answer = self._taken_in(message)
        except TooLarge:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, ""
        except Forged as reason:
            log.warning("a forged callback: %s", reason)
            return HTTPStatus.FORBIDDEN, ""
        except Unreadable as reason:
            log.error("a signed callback could not be read: %s", reason)
            return HTTPStatus.OK, SILENCE
        except Refusal as refusal:
            return HTTPStatus(errors.status_of(refusal)), ""
        except Exception:
            # The last resort, as for a page: the log gets everything.
            log.exception("a callback failed")
            return HTTPStatus.INTERNAL_SERVER_ERROR, ""
        if not answer:
            return HTTPStatus.OK, SILENCE
        reply = _reply(answer, message)
        return HTTPStatus.OK, self._door.seal(reply, nonce=query.get("nonce", ""), now_s=wall_s())

    def _taken_in(self, message: Incoming) -> str:
        if inbox.goes_alone(message):
            [answer] = self._letters.alone(lambda: self._received([message]))
        else:
            answer = self._letters.write(message)
        if answer is None:
            raise ToldTooEarly
        return answer

    def _settles(self, db: Session, report: TemplateFinished) -> bool:
        return settling.keep_report(
            db,
            msgid=report.msgid,
            openid=report.openid,
            status=report.status,
            now=self._clock.now(),
        )

    def _received(self, messages: Sequence[Incoming]) -> list[str | None]:
        """Take in several people's messages in one transaction; return each one's answer, None for a
        report that overtook the worker which is writing down what was sent."""
        said = [one for one in messages if not isinstance(one, TemplateFinished)]
        with self._app.app_context(), transaction() as db:
            known = record_outcomes(db, dict(_reports(messages)))
            known |= {one.msgid for one in _strays(messages, known) if self._settles(db, one)}
            answers = iter(
                inbox.receive(
                    db, said, public_base=self._settings.public_base, now=self._clock.now()
                )
            )
        return [
            ("" if one.msgid in known else None)
            if isinstance(one, TemplateFinished)
            else next(answers)
            for one in messages
        ]


def _strays(messages: Sequence[Incoming], known: Collection[str]) -> list[TemplateFinished]:
    """Return the reports that no message has the id of: it overtook our writing it down, or the answer
    that would have told us was lost."""
    found = [
        one for one in messages if isinstance(one, TemplateFinished) and one.msgid not in known
    ]
    # In one order everywhere: two processes with the same repetitions must not wait for each other.
    return sorted(found, key=attrgetter("msgid"))


def _reports(messages: Sequence[Incoming]) -> Iterable[tuple[str, str]]:
    for one in messages:
        if isinstance(one, TemplateFinished):
            yield one.msgid, one.status
        elif isinstance(one, GrantsChanged) and one.kind == "sent":
            # One that is not ours is nothing.
            yield from ((grant.msgid, grant.status) for grant in one.grants)


def _body(environ: Mapping[str, Any]) -> bytes:
    """Return what was sent, one byte more than is allowed at most: then it is refused."""
    length, is_ended = environ.get("CONTENT_LENGTH") or "", environ.get("wsgi.input_terminated")
    # What does not say where it ends is read only where the server knows.
    room = min(int(length), BODY_BYTES_MAX + 1) if length.isdecimal() else BODY_BYTES_MAX + 1
    raw: bytes = environ["wsgi.input"].read(room) if length.isdecimal() or is_ended else b""
    return raw


def _query(environ: Mapping[str, Any]) -> dict[str, str]:
    """Return the address's parameters; of one that comes twice the first, as Flask does."""
    text = environ.get("QUERY_STRING", "").encode("latin-1").decode("utf-8", "replace")
    return dict(reversed(parse_qsl(text, keep_blank_values=True)))


def _reply(answer: str, message: Incoming) -> str:
    to, account, now_s = message.openid, message.account, wall_s()
    card = words.card_of(answer)
    if card is None:
        return replies.text_reply(answer, openid=to, account=account, now_s=now_s)
    title, about, url = card
    article = replies.Article(title, about, "", url)
    return replies.news_reply([article], openid=to, account=account, now_s=now_s)


# --- The ways in ----------------------------------------------------------------------------


class Ahead:
    """Answers callbacks, and hands everything else on to Flask."""

    def __init__(self, app: Flask) -> None:
        self._flask = app.wsgi_app
        self._callbacks = app.extensions[_KEY] = Callbacks(app)

    def __call__(self, environ: dict[str, Any], start: StartResponse, /) -> Iterable[bytes]:
        if environ.get("PATH_INFO") != PATH or environ["REQUEST_METHOD"] != "POST":
            return self._flask(environ, start)
        status, text = self._callbacks.answer(environ)
        body = text.encode()
        headers = [
            ("Content-Type", _type_of(text)),
            ("Content-Length", str(len(body))),
            ("X-Content-Type-Options", "nosniff"),
            ("Cache-Control", "no-store"),
        ]
        start(f"{status.value} {status.phrase}", headers)
        return [body]


def register(app: Flask) -> None:
    """Answer callbacks ahead of Flask."""
    app.wsgi_app = Ahead(app)  # type: ignore[assignment, method-assign]  # as Flask documents


@blueprint.get(PATH)
@public
@rated(UNCOUNTED)
def handshake() -> ResponseReturnValue:
    """Prove to WeChat that this address is ours."""
    return _response(_callbacks().shake_hands(request.args))


@blueprint.post(PATH)
@public
@rated(UNCOUNTED)
def callback() -> ResponseReturnValue:
    """Stand among the house's addresses: `Ahead` answers in its place."""
    return _response(_callbacks().answer(request.environ))


def _callbacks() -> Callbacks:
    callbacks: Callbacks = current_app.extensions[_KEY]
    return callbacks


def _response(answer: Answer) -> Response:
    status, text = answer
    return Response(text, status=status.value, content_type=_type_of(text))


def _type_of(text: str) -> str:
    return f"text/{'plain' if text in ('', SILENCE) else 'xml'}; charset=utf-8"
