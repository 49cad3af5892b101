"""Reading WeChat's answers: JSON objects of which an `errcode` other than 0 is a refusal."""

import json
from typing import Any

from gateways.http import ANSWER_BYTES_MAX, Answer, Caller, MaybeSent, Unsent
from gateways.wechat.errors import refused, unclear, unsent

HTTP_OK = 200
JSON = "application/json; charset=utf-8"


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
    return read(ask_raw(caller, method, url, params=params, body=body))


def ask_raw(
    caller: Caller,
    method: str,
    url: str,
    *,
    params: dict[str, str] | None,
    body: bytes | None,
    content_type: str = JSON,
    bytes_max: int = ANSWER_BYTES_MAX,
) -> Answer:
    """Send one request with a ready body; return what came back. Raises WeChatError."""
    headers = {"Content-Type": content_type} if body is not None else None
    try:
        return caller.call(
            method, url, params=params, body=body, headers=headers, bytes_max=bytes_max
        )
    except Unsent as error:
        raise unsent(f"not reached: {error}") from error
    except MaybeSent as error:
        raise unclear(f"no answer: {error}") from error


def read_file(answer: Answer) -> bytes:
    """Return the file in `answer`; WeChat says in JSON that there is none. Raises WeChatError."""
    kind = answer.headers.get("Content-Type", "")
    if answer.status != HTTP_OK or not kind or kind.startswith(("application/json", "text/")):
        read(answer)
        raise unclear("no file in the answer")
    return answer.body


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
