"""One call of the API: its body, its faults, its refusal and its line in the log."""

import json
import time
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, g, jsonify, request

from sandbox import faults, journal, layout, quotas, tokens
from sandbox.errors import ApiError
from sandbox.fields import Finding
from sandbox.journal import Direction, Entry
from sandbox.stage import stage

SLOW_S = 6.0
BODY_BYTES_MAX = 1 << 20
_SECRETS = frozenset({"access_token", "secret", "code", "refresh_token"})
_SHOWN_OF_SECRET = 8
_STRIKES_HERE = frozenset({"busy", "slow", "block_account"})
OK = {"errcode": 0, "errmsg": "ok"}
OPENIDS_A_PAGE = 10_000


def blueprint(name: str, *, needs_token: bool = True) -> Blueprint:
    """Return a blueprint whose views are API calls: timed, logged, and refused in WeChat's way."""
    made = Blueprint(name, __name__)
    made.before_request(_begin)
    if needs_token:
        made.before_request(_check_token)
    made.after_request(_write)
    made.register_error_handler(ApiError, _refuse)
    return made


def body() -> dict[str, Any]:
    """Return the JSON object in the body. Raises ApiError 44002, 47001."""
    raw = request.get_data(cache=True)
    if not raw:
        raise ApiError(44002)
    try:
        given = json.loads(raw[:BODY_BYTES_MAX])
    except ValueError as error:
        raise ApiError(47001) from error
    if not isinstance(given, dict):
        raise ApiError(47001)
    return given


def note(
    *,
    phone_id: str | None = None,
    findings: Sequence[Finding] | None = None,
    rule: str | None = None,
) -> None:
    """Add to this call's line in the log."""
    told = {
        "phone_id": phone_id,
        "findings": findings,
        "rule": rule,
    }
    g.noted.update({key: value for key, value in told.items() if value is not None})


def page_of(openids: Sequence[str], *, after: str) -> dict[str, Any]:
    """Return the page of a list of people that begins behind `after`, as WeChat turns them."""
    start = openids.index(after) + 1 if after in openids else 0
    page = list(openids[start : start + OPENIDS_A_PAGE])
    answer: dict[str, Any] = {"count": len(page), "next_openid": ""}
    return answer | ({"data": {"openid": page}, "next_openid": page[-1]} if page else {})


def _begin() -> None:
    g.started_s = time.monotonic()
    g.noted = {}
    g.is_slow = False
    g.is_counted = False
    memory = stage().memory
    with memory.reading() as db:
        struck = faults.pending(db)
    if not _STRIKES_HERE & struck.keys():
        return
    with memory.transaction() as db:
        g.is_slow = faults.strikes(db, "slow")
        is_busy = faults.strikes(db, "busy")
        is_blocked = not is_busy and faults.strikes(db, "block_account")
    if is_busy:
        raise ApiError(-1)
    if is_blocked:
        raise ApiError(50002)


def _check_token() -> None:
    here = stage()
    with here.memory.reading() as db:
        tokens.check(db, token=request.args.get("access_token", ""), wall_s=here.wall())
        quotas.check(db, path=request.path, at_s=here.clock.now_s())
    g.is_counted = True


def _refuse(error: ApiError) -> Response:
    note(rule=error.rule)
    return jsonify(error.answer())


def _write(response: Response) -> Response:
    if g.is_slow:
        # The work is done and kept; only the answer is late, so that a caller who gives up
        # cannot know what happened.
        time.sleep(SLOW_S)
    if response.is_json:
        # WeChat ends its answers at the brace; there are clients that cannot read a line's end.
        response.set_data(response.get_data().rstrip())
    here = stage()
    text = response.get_data(as_text=True) if response.is_json else f"<{response.mimetype}>"
    errcode = _errcode(text)
    with here.memory.transaction() as db:
        if g.is_counted:
            quotas.count(db, path=request.path, at_s=here.clock.now_s())
        journal.add(
            db,
            Entry(
                direction=Direction.CALL,
                name=request.path.removeprefix("/cgi-bin/").removeprefix("/"),
                phone=g.noted.get("phone_id", ""),
                result=str(errcode),
                ok=errcode == 0,
                at_s=here.clock.now_s(),
                took_ms=round((time.monotonic() - g.started_s) * 1_000),
                request=_readable_request(),
                answer=_readable_answer(text),
                rule=g.noted.get("rule", ""),
                client_msg_id=_client_msg_id(),
                findings=g.noted.get("findings", ()),
            ),
        )
    return response


def _errcode(text: str) -> int:
    try:
        answer = json.loads(text)
    except ValueError:
        return 0
    return int(answer.get("errcode", 0)) if isinstance(answer, dict) else 0


def _client_msg_id() -> str:
    """Return the body's own, so that a call refused at the door can be traced to its repetition."""
    try:
        given = json.loads(request.get_data(cache=True) or b"{}")
    except ValueError:
        return ""
    return str(given.get("client_msg_id") or "") if isinstance(given, dict) else ""


def _readable_request() -> str:
    query = "&".join(
        f"{key}={_shortened(value) if key in _SECRETS else value}"
        for key, value in request.args.items()
    )
    head = f"{request.method} {request.path}" + (f"?{query}" if query else "")
    if request.mimetype == "multipart/form-data":
        return f"{head}\n\n（上传的文件）"
    raw = request.get_data(as_text=True, cache=True)
    return f"{head}\n\n{_readable_answer(raw)}".strip()


def _readable_answer(text: str) -> str:
    try:
        told = json.loads(text)
    except ValueError:
        return text
    if isinstance(told, dict):
        told = {
            key: _shortened(value) if key in _SECRETS and isinstance(value, str) else value
            for key, value in told.items()
        }
    return layout.readable(told)


def _shortened(secret: str) -> str:
    return secret if len(secret) <= _SHOWN_OF_SECRET else f"{secret[:_SHOWN_OF_SECRET]}…"
