"""One control call: its header, its body, its refusal."""

import json
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from kernel.errors import Conflict, Forbidden, Invalid, Missing, Refusal, Unavailable
from kernel.words import msg

HEADER = "X-Sandbox"
_STATUS: dict[type, int] = {
    Invalid: 400,
    Forbidden: 403,
    Missing: 404,
    Conflict: 409,
    Unavailable: 503,
}
_SAFE = frozenset({"GET", "HEAD"})


class HeaderMissing(Forbidden):
    code = "header_missing"
    says = msg("改变沙箱的请求要带请求头 X-Sandbox: 1。")


class BadBody(Invalid):
    code = "bad_body"
    says = msg("正文要是一个 JSON 对象，且只有说明里的字段。")


def blueprint(name: str) -> Blueprint:
    """Return a blueprint under /control whose refusals are JSON with a code and a sentence."""
    made = Blueprint(name, __name__, url_prefix="/control")
    made.before_request(_check_header)
    made.after_request(_never_keep)
    made.register_error_handler(Refusal, _refuse)
    return made


def body(**fields: type) -> dict[str, Any]:
    """Return the JSON object in the body; each of `fields` is optional and of its type.

    An empty body counts as {}. Raises BadBody for another shape, type or an unknown field.
    """
    raw = request.get_data(cache=True)
    try:
        given = json.loads(raw) if raw else {}
    except ValueError as error:
        raise BadBody from error
    if not isinstance(given, dict):
        raise BadBody
    for key, value in given.items():
        if fields.get(key) is float and type(value) is int:
            given[key] = float(value)
        elif key not in fields or type(value) is not fields[key]:
            raise BadBody(field=key)
    return given


def number(name: str) -> int:
    """Return the query's `name` as a whole number, 0 when it is not there. Raises BadBody."""
    text = request.args.get(name, "0")
    if not text.isdigit():
        raise BadBody(field=name)
    return int(text)


def _check_header() -> None:
    if request.method not in _SAFE and request.headers.get(HEADER) != "1":
        raise HeaderMissing


def _refuse(error: Refusal) -> ResponseReturnValue:
    status = next(status for kind, status in _STATUS.items() if isinstance(error, kind))
    return (
        jsonify(error=error.code, sentence=gettext(error.says, **error.facts), field=error.field),
        status,
    )


def _never_keep(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
