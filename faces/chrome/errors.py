"""Refusals into statuses and pages: the one table."""

import logging
import secrets
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from flask import Flask, Response, g, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from faces.chrome import call
from faces.chrome.filters import said
from faces.chrome.sign_in import API, ForgedRequest, NotSignedIn
from kernel.errors import Conflict, Forbidden, Invalid, Missing, Refusal, Unavailable
from kernel.words import msg

log = logging.getLogger(__name__)

STATUS_OF_KIND: dict[type[Refusal], int] = {
    Invalid: 400,
    Forbidden: 403,
    Missing: 404,
    Conflict: 409,
    Unavailable: 503,
}
# Where a code says it better than its kind.
STATUS_OF_CODE = {
    "out_of_area": 422,
    "slot_past": 422,
    "lead_time": 422,
    "horizon": 422,
    "not_signed_in": 401,
    "too_many_tries": 429,
    "too_fast": 429,
    "hold_expired": 410,
    "bad_photo": 422,
    "media_gone": 422,
    "checksum": 422,
    "too_large": 413,
    "key_reused": 422,
    "not_json": 415,
    "wrong_type": 415,
    "unreadable_list": 422,
    "list_too_long": 422,
    "bad_columns": 422,
    "bad_rows": 422,
    "urged_just_now": 429,
}
_SENTENCES = {
    400: msg("页面没有看懂这次请求，请返回重试。"),
    401: msg("请先登录。"),
    403: msg("您没有权限做这个操作。"),
    404: msg("没有找到您要看的内容。"),
    405: msg("这个页面不支持这样操作。"),
    413: msg("内容太大，放不下。"),
    429: msg("操作太快了，请稍后再试。"),
    500: msg("系统出了点问题，您填的内容都还在，请稍后再试。"),
}
# Where the framework's name for a status is not ours.
_CODES = {413: "too_large"}
RETRY_AFTER_S = 5


def register(app: Flask) -> None:
    """Answer refusals, HTTP errors and surprises, as JSON or as a page."""
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _surprised)


def status_of(refusal: Refusal) -> int:
    """Return the HTTP status of a refusal."""
    if refusal.code in STATUS_OF_CODE:
        return STATUS_OF_CODE[refusal.code]
    return next(status for kind, status in STATUS_OF_KIND.items() if isinstance(refusal, kind))


def sentence_of(refusal: Refusal) -> str:
    """Return the refusal's sentence in the reader's language."""
    return said(refusal.says, refusal.facts)


def headers_of(refusal: Refusal) -> dict[str, str]:
    """Return the headers that belong to a refusal: after how many seconds to come again, or how the
    API's callers say who they are."""
    if isinstance(refusal, NotSignedIn) and request.path.startswith(API):
        return {"WWW-Authenticate": "Bearer"}
    retry_after_s = refusal.facts.get("retry_after_s")
    if retry_after_s is None and status_of(refusal) in (429, 503):
        retry_after_s = RETRY_AFTER_S
    return {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}


def _refused(refusal: Refusal) -> Response:
    answer = _answer(
        status_of(refusal),
        refusal.code,
        sentence_of(refusal),
        field=refusal.field,
        facts=refusal.facts,
    )
    answer.headers.update(headers_of(refusal))
    return answer


def _http(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if 300 <= status < 400:
        return error
    known = _SENTENCES.get(status, _SENTENCES[400] if status < 500 else _SENTENCES[500])
    code = _CODES.get(status, error.name.lower().replace(" ", "_"))
    answer = _answer(status, code, gettext(known))
    if isinstance(error, MethodNotAllowed):
        answer.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    return answer


def _surprised(error: Exception) -> Response:
    # The last resort: the person gets a number, the log everything.
    number = request_number()
    log.error("request %s failed: %s %s", number, request.method, request.path, exc_info=error)
    return _answer(500, "internal", gettext(_SENTENCES[500]))


def request_number() -> str:
    """Return this request's number, shown to people who report trouble."""
    if "request_number" not in g:
        g.request_number = secrets.token_hex(4)
    return str(g.request_number)


def _answer(
    status: int,
    code: str,
    message: str,
    *,
    field: str | None = None,
    facts: Mapping[str, object] = MappingProxyType({}),
) -> Response:
    if call.wants_json():
        told = {name: _plain(value) for name, value in facts.items()}
        named = {"error": code, "message": message, "field": field, "request": request_number()}
        answer = jsonify(told | named)
    else:
        page = render_template(
            "errors/error.html",
            status=status,
            code=code,
            message=message,
            number=request_number(),
            is_console=request.path.startswith("/console"),
        )
        answer = Response(page, mimetype="text/html")
    answer.status_code = status
    return answer


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | list) else str(value)


__all__ = [
    "ForgedRequest",
    "NotSignedIn",
    "register",
    "request_number",
    "sentence_of",
    "status_of",
]
