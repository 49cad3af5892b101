"""The demo clock over HTTP, for the sandbox; registered in MODE=demo only."""

import hmac
from datetime import datetime, timedelta

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from faces.chrome import call
from faces.chrome.limits import UNCOUNTED, rated
from faces.chrome.sign_in import public
from kernel.clock import SHANGHAI, SystemClock
from kernel.db import transaction
from kernel.demo import next_nine, now_in, set_now
from kernel.errors import Forbidden, Invalid

blueprint = Blueprint("demo_clock", __name__)

ADVANCE_S_MAX = 31 * 86_400


@blueprint.get("/demo/clock")
@public
@rated(UNCOUNTED)
def read() -> ResponseReturnValue:
    """Tell the business time."""
    return _answer(call.clock().now())


@blueprint.post("/demo/clock")
@public
@rated(UNCOUNTED)
def move() -> ResponseReturnValue:
    """Move the clock on by {"advance_s": n} or to {"to": "next_0900"}; the sandbox's key is needed."""
    key = request.headers.get("X-Control-Key", "")
    if not hmac.compare_digest(key.encode(), call.settings().control_key.encode()):
        raise Forbidden
    body = request.get_json()
    advance_s = body.get("advance_s")
    is_to_nine = body.get("to") == "next_0900"
    if not is_to_nine and (type(advance_s) is not int or not 0 < advance_s <= ADVANCE_S_MAX):
        raise Invalid(field="advance_s")
    with transaction() as db:
        # Read where it is written: two presses in a row must not count as one.
        now = now_in(db)
        target = next_nine(now) if is_to_nine else now + timedelta(seconds=advance_s)
        set_now(db, to=target)
    return _answer(target)


def _answer(now: datetime) -> ResponseReturnValue:
    """Return the business time and how many whole seconds it runs ahead of true time."""
    ahead_s = round((now - SystemClock().now()).total_seconds())
    return {"now": now.astimezone(SHANGHAI).isoformat(), "offset_s": ahead_s}
