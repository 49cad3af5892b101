"""One try at reaching the account's server: signed, sealed when the account wants it, timed."""

import secrets
import time
from dataclasses import dataclass
from urllib.parse import urlencode

from kernel.words import msg
from sandbox import callbacks, crypto, replies, wire
from sandbox.callbacks import Callback
from sandbox.settings import Account

_HEADERS = {"Content-Type": "text/xml", "User-Agent": "Mozilla/4.0", "Pragma": "no-cache"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """How it went. `result` is the HTTP status or a word; `reply` is there when it was readable."""

    result: str
    ok: bool
    took_ms: int
    request: str
    answer: str
    rule: str = ""
    reply: replies.Reply = replies.SILENCE
    is_bad_reply: bool = False


def post(
    callback: Callback, *, account: Account, wall_s: float, timeout_s: float, forged: bool = False
) -> Try:
    """Push the callback once. A 200 is success, even when its body cannot be read."""
    query = _signed(account, wall_s=wall_s, forged=forged)
    query["openid"] = callback.openid
    body = callback.xml
    if account.aes:
        sealed = crypto.seal(callback.xml, aes_key=account.aes_key, appid=account.appid)
        query["encrypt_type"] = "aes"
        query["msg_signature"] = crypto.signature(
            account.token, query["timestamp"], query["nonce"], sealed
        )
        if forged:
            query["msg_signature"] = query["signature"]
        body = callbacks.xml_of({"ToUserName": account.original_id, "Encrypt": sealed})
    done = _send(account, "POST", query, body=body, readable=callback.xml, timeout_s=timeout_s)
    return _with_reply(done, account=account) if done.ok else done


def ask_handshake(*, account: Account, wall_s: float, timeout_s: float) -> Try:
    """Send the GET that WeChat sends when an account's address is saved; expect its echostr."""
    echo = str(secrets.randbelow(10**19))
    query = {**_signed(account, wall_s=wall_s), "echostr": echo}
    done = _send(account, "GET", query, body="", readable="", timeout_s=timeout_s)
    if done.ok and done.answer.strip() != echo:
        return Try(
            result="echostr",
            ok=False,
            took_ms=done.took_ms,
            request=done.request,
            answer=done.answer,
            rule=msg("服务器没有原样返回 echostr。"),
        )
    return done


def _signed(account: Account, *, wall_s: float, forged: bool = False) -> dict[str, str]:
    timestamp = str(int(wall_s))
    nonce = str(secrets.randbelow(10**10))
    token = secrets.token_hex(8) if forged else account.token
    return {
        "signature": crypto.signature(token, timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
    }


def _send(
    account: Account,
    method: str,
    query: dict[str, str],
    *,
    body: str,
    readable: str,
    timeout_s: float,
) -> Try:
    joint = "&" if "?" in account.callback_url else "?"
    address = account.callback_url + joint + urlencode(query)
    request = f"{method} {address}\n\n{readable}".strip()
    started_s = time.monotonic()
    try:
        answer = wire.call(
            address, method=method, body=body.encode(), headers=_HEADERS, timeout_s=timeout_s
        )
    except wire.NoAnswer as error:
        return Try(
            result=msg("超时") if isinstance(error, wire.TooLate) else msg("断线"),
            ok=False,
            took_ms=_ms_since(started_s),
            request=request,
            answer="",
            rule=f"{error}。",
        )
    ok = answer.status == 200
    return Try(
        result=str(answer.status),
        ok=ok,
        took_ms=_ms_since(started_s),
        request=request,
        answer=answer.text,
        rule=""
        if ok
        else (msg("服务器应答 %(status)s，只有 200 算收到。") % {"status": answer.status}),
    )


def _with_reply(done: Try, *, account: Account) -> Try:
    try:
        reply, rule, bad = replies.read(done.answer, account=account), "", False
    except replies.BadReply as error:
        reply, rule, bad = replies.SILENCE, f"{error}。", True
    return Try(
        result=done.result,
        ok=True,
        took_ms=done.took_ms,
        request=done.request,
        answer=reply.opened or done.answer,
        rule=rule,
        reply=reply,
        is_bad_reply=bad,
    )


def _ms_since(started_s: float) -> int:
    return round((time.monotonic() - started_s) * 1_000)
