"""Reading WeChat's answers: JSON objects of which an `errcode` other than 0 is a refusal."""

import json
from typing import Any

from gateways.http import Answer, Caller, MaybeSent, Unsent
from gateways.wechat.errors import refused, unclear, unsent

HTTP_OK = 200


def ask(
    caller: Caller,
    method: str,
    url: str,
    *,
    params: dict[str, str] | None = None,
    message: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Send one request, `message` as JSON; return WeChat's answer. Raises WeChatError."""
    body = None if message is None else json.dumps(message, ensure_ascii=False).encode()
    return ask_raw(caller, method, url, params=params, body=body)


def ask_raw(
    caller: Caller, method: str, url: str, *, params: dict[str, str] | None, body: bytes | None
) -> dict[str, Any]:
    """Send one request with a ready body; return WeChat's answer. Raises WeChatError."""
    headers = {"Content-Type": "application/json; charset=utf-8"} if body is not None else None
    try:
        answer = caller.call(method, url, params=params, body=body, headers=headers)
    except Unsent as error:
        raise unsent(f"not reached: {error}") from error
    except MaybeSent as error:
        raise unclear(f"no answer: {error}") from error
    return read(answer)


def read(answer: Answer) -> dict[str, Any]:
    """Return the JSON object in `answer`. Raises WeChatError for anything but a success."""
    if answer.status != HTTP_OK:
        raise unclear(f"HTTP {answer.status}")
    try:
        told = json.loads(answer.body)
    except ValueError as error:  # undecodable bytes are a ValueError too
        raise unclear("the answer is not JSON") from error
    if not isinstance(told, dict):
        raise unclear("the answer is not an object")
    code = told.get("errcode", 0)
    if not isinstance(code, int):
        raise unclear("errcode is not a number")
    if code != 0:
        raise refused(code, str(told.get("errmsg", "")))
    return told
