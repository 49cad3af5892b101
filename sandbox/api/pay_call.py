"""One call of WeChat Pay: proven by the merchant's signature, logged, refused in its own words, signed."""

import json
import time
from typing import Any

from flask import Blueprint, Response, g, jsonify, request

from kernel.words import msg
from sandbox import faults, journal, layout
from sandbox.api.call import BODY_BYTES_MAX, SLOW_S
from sandbox.journal import Direction, Entry
from sandbox.pay import seals
from sandbox.pay.errors import PayRefusal
from sandbox.pay.shop import Shop
from sandbox.stage import stage


def blueprint(name: str) -> Blueprint:
    """Return a blueprint under /v3 whose views are calls of the merchant."""
    made = Blueprint(name, __name__, url_prefix="/v3")
    made.before_request(_begin)
    made.after_request(_end)
    made.register_error_handler(PayRefusal, _refuse)
    return made


def body() -> dict[str, Any]:
    """Return the JSON object in the body. Raises PayRefusal PARAM_ERROR."""
    try:
        given = json.loads(request.get_data(cache=True)[:BODY_BYTES_MAX])
    except ValueError as error:
        raise PayRefusal("PARAM_ERROR", message="请求体不是合法的JSON") from error
    if not isinstance(given, dict):
        raise PayRefusal("PARAM_ERROR", message="请求体不是JSON对象")
    return given


def shop() -> Shop:
    """Return the merchant. Raises PayRefusal SIGN_ERROR when the sandbox knows none."""
    known = stage().settings.shop
    if known is None:
        raise PayRefusal("SIGN_ERROR", rule=msg("沙箱没有配置微信支付商户（SANDBOX_PAY）。"))
    return known


def note(*, phone_id: str) -> None:
    """Add to this call's line in the log."""
    g.phone_id = phone_id


def _begin() -> None:
    g.started_s = time.monotonic()
    g.phone_id, g.code, g.rule = "", "", ""
    g.is_slow = False
    memory = stage().memory
    with memory.reading() as db:
        struck = faults.pending(db)
    if "busy" in struck or "slow" in struck:
        with memory.transaction() as db:
            g.is_slow = faults.strikes(db, "slow")
            is_busy = faults.strikes(db, "busy")
        if is_busy:
            raise PayRefusal("SYSTEM_ERROR")
    _check_signature(shop())


def _check_signature(known: Shop) -> None:
    serial = request.headers.get("Wechatpay-Serial", known.platform_key_id)
    if serial != known.platform_key_id:
        raise PayRefusal(
            "SIGN_ERROR",
            rule=(msg("Wechatpay-Serial 不是微信支付公钥的 ID：%(serial)s。") % {"serial": serial}),
        )
    path = request.full_path if request.query_string else request.path
    try:
        seals.check_call(
            request.headers.get("Authorization", ""),
            method=request.method,
            path=path,
            body=request.get_data(cache=True),
            shop=known,
            wall_s=stage().wall(),
        )
    except seals.Unproven as error:
        raise PayRefusal(
            "SIGN_ERROR", message="错误的签名，导致验签失败", rule=f"{error}。"
        ) from error


def _refuse(error: PayRefusal) -> Response:
    g.code, g.rule = error.code, error.rule
    refusal = jsonify(error.answer())
    refusal.status_code = error.status
    return refusal


def _end(response: Response) -> Response:
    if g.is_slow:
        # The work is done and kept; only the answer is late, so that a caller who gives up
        # cannot know what happened.
        time.sleep(SLOW_S)
    here = stage()
    # WeChat signs no files: their hash was told, signed, before.
    is_file = not response.is_json and bool(response.get_data())
    if here.settings.shop is not None and not is_file:
        response.headers.update(
            seals.headers_of(response.get_data(), shop=here.settings.shop, wall_s=here.wall())
        )
    head = f"{request.method} {request.full_path.rstrip('?')}"
    with here.memory.transaction() as db:
        journal.add(
            db,
            Entry(
                direction=Direction.CALL,
                name=request.path.removeprefix("/v3/"),
                phone=g.phone_id,
                result=g.code or str(response.status_code),
                ok=not g.code,
                at_s=here.clock.now_s(),
                took_ms=round((time.monotonic() - g.started_s) * 1_000),
                request=f"{head}\n\n{_readable(request.get_data(as_text=True))}".strip(),
                answer="" if is_file else _readable(response.get_data(as_text=True)),
                rule=g.rule,
            ),
        )
    return response


def _readable(text: str) -> str:
    try:
        return layout.readable(json.loads(text))
    except ValueError:
        return text
