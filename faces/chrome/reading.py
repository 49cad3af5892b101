"""What was sent, made readable or refused before any view sees it.

Nothing that a database could choke on gets past here: no NUL, no lone surrogate, no number in an
address beyond its column. Schemas look at the rest (`faces.chrome.schema`).
"""

import json
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from flask import Flask, request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.routing import IntegerConverter, Map

from faces.chrome.schema import LAYOUT, WHOLE_MAX, BadText
from kernel.errors import Invalid, Missing
from kernel.words import msg

DEPTH_MAX = 12
# What is shown for bytes that are no text.
_UNREADABLE = "\ufffd"


class BadEncoding(Invalid):
    """Bytes that are no UTF-8, or half a character."""

    code = "bad_encoding"
    says = msg("内容里有无法识别的字符，请重新输入。")


class Unprintable(BadText):
    """NUL or another character that controls a terminal."""

    says = msg("内容里有看不见的控制字符，请删掉后再试。")


class RepeatedField(Invalid):
    """A parameter that has one value was sent twice."""

    code = "repeated_field"
    says = msg("同一个参数传了两次。")


class BadJson(Invalid):
    """The body is no JSON object: not parsed, nested too deep, or with a number that is none."""

    code = "bad_json"
    says = msg("请求内容不是 JSON 对象，请检查格式。")


class NotJson(Invalid):
    """The body says that it is something else than JSON."""

    code = "not_json"
    says = msg("请求内容要用 JSON，Content-Type 为 application/json。")


class WrongType(Invalid):
    """The body says that it is something else than what is read here."""

    code = "wrong_type"
    says = msg("请求内容的 Content-Type 应为 %(wanted)s。")


# Callers that prove themselves by a signature over their address and body, as they are.
_AS_THEY_ARE = {"wechat.callback", "wechat.handshake"}


def parsed(raw: bytes) -> dict[str, Any]:
    """Return the JSON object of a body. Raises BadJson, BadEncoding, RepeatedField, Unprintable."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise BadEncoding from error
    try:
        found = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BadJson from error
    if not isinstance(found, dict):
        raise BadJson
    for name, value in found.items():
        _check_within(value, field=name, depth=1)
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        check_text(name)
        if name in found:
            raise RepeatedField(field=name)
        found[name] = value
    return found


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _check_within(value: Any, *, field: str, depth: int) -> None:
    if depth > DEPTH_MAX:
        raise BadJson(field=field)
    if isinstance(value, str):
        check_text(value, field=field)
    elif isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            _check_within(inner, field=field, depth=depth + 1)


class WholeNumber(IntegerConverter):
    """A number in an address that a column can hold; a greater one is an address of nothing."""

    def __init__(self, map: Map, *args: Any, **options: Any) -> None:  # noqa: A002  # werkzeug's name
        super().__init__(map, *args, **{"max": WHOLE_MAX, **options})


def register(app: Flask) -> None:
    """Look at each call before its view does."""
    app.before_request(_refuse_unreadable)


def _refuse_unreadable() -> None:
    if request.endpoint in _AS_THEY_ARE:
        return
    if not _is_plain(request.path):
        raise Missing
    _check_bytes(request.query_string)
    for name, given in request.args.lists():
        if len(given) > 1:
            raise RepeatedField(field=name)
        _check_texts(name, given)
    try:
        if request.mimetype == "application/x-www-form-urlencoded":
            _check_bytes(request.get_data())
        for name, given in request.form.lists():
            _check_texts(name, given)
    except RequestEntityTooLarge:
        # Whoever asks for the form is told so: the view, which knows what was too large.
        return


def _check_bytes(quoted: bytes) -> None:
    try:
        unquote_to_bytes(quoted).decode()
    except UnicodeDecodeError as error:
        raise BadEncoding from error


def _check_texts(name: str, given: Iterable[str]) -> None:
    for text in (name, *given):
        check_text(text, field=name)


def check_text(text: str, *, field: str | None = None) -> None:
    """Refuse what no column takes and no page shows. Raises BadEncoding, Unprintable."""
    if _is_plain(text):
        return
    if _UNREADABLE in text or any(unicodedata.category(c) == "Cs" for c in text):
        raise BadEncoding(field=field)
    raise Unprintable(field=field, message=Unprintable.says)


def _is_plain(text: str) -> bool:
    if text.isprintable():
        return _UNREADABLE not in text
    return not any(
        c == _UNREADABLE or (unicodedata.category(c) in ("Cc", "Cs") and c not in LAYOUT)
        for c in text
    )
