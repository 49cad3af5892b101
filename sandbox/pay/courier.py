"""The courier: carries notices to the merchant, signed and sealed anew for each try.

Only a 200 or 204 within `callback_timeout_s` counts as received; else the next try follows on
WeChat's schedule, in true time.
"""

import json
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass

from kernel.words import msg
from sandbox import faults, journal, layout, phones, sentences, wire
from sandbox.business_clock import BusinessClock
from sandbox.carrier import Carrier
from sandbox.errors import ApiError
from sandbox.journal import Direction, Entry
from sandbox.pay import notices, orders, seals
from sandbox.pay.notices import Notice
from sandbox.pay.shop import Shop
from sandbox.pay.times import rfc3339
from sandbox.settings import Settings
from sandbox.store import Store

THREADS = 2
DELAY_S = 60
RECEIVED = (200, 204)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Try:
    result: str
    ok: bool
    took_ms: int
    request: str
    answer: str
    rule: str


class Courier(Carrier):
    """Threads that claim notices from the store and deliver them."""

    def __init__(
        self,
        settings: Settings,
        shop: Shop,
        memory: Store,
        clock: BusinessClock,
        *,
        wall: Callable[[], float],
    ) -> None:
        super().__init__("courier", memory, threads=THREADS, try_s=settings.callback_timeout_s)
        self._settings = settings
        self._shop = shop
        self._clock = clock
        self._wall = wall

    def _release(self, db: sqlite3.Connection) -> None:
        notices.release_all(db, wall_s=self._wall())

    def _is_settled(self, db: sqlite3.Connection) -> bool:
        """Return whether nothing is under way or due; what waits for its next try is settled."""
        due_s = notices.due_s(db)
        return due_s is None or due_s > self._wall()

    def _carry_one(self) -> bool:
        with self._memory.reading() as db:
            if not notices.is_due(db, wall_s=self._wall()):
                return False
        with self._memory.transaction() as db:
            notice = notices.claim(db, wall_s=self._wall(), lease_s=self.lease_s)
            if notice is None:
                return False
            if faults.strikes(db, "delay_notice"):
                notices.put_off(db, notice, due_wall_s=self._wall() + DELAY_S)
                return True
            is_dropped = faults.strikes(db, "drop_notice")
            is_forged = not is_dropped and faults.strikes(db, "forge_notice")
        if is_forged:
            self._finish(notice, self._post(notice, forged=True), forged=True)
        self._finish(notice, _dropped(notice) if is_dropped else self._post(notice))
        return True

    def _finish(self, notice: Notice, done: _Try, *, forged: bool = False) -> None:
        with self._memory.transaction() as db:
            self._write(db, notice, done, forged=forged)
            if forged:
                return
            notices.finish(db, notice, is_received=done.ok, wall_s=self._wall())
            if done.ok and faults.strikes(db, "duplicate_notice"):
                notices.send_again(db, notice_row=notice.id, wall_s=self._wall())

    def _post(self, notice: Notice, *, forged: bool = False) -> _Try:
        kind = "transaction" if notice.event.startswith("TRANSACTION.") else "refund"
        told = {
            "id": notice.notice_id,
            "create_time": rfc3339(notice.made_at_s),
            "resource_type": "encrypt-resource",
            "event_type": notice.event,
            "summary": notices.SUMMARIES[notice.event],
            "resource": seals.sealed(notice.resource, kind=kind, shop=self._shop),
        }
        body = json.dumps(told, ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Mozilla/4.0",
            **seals.headers_of(body, shop=self._shop, wall_s=self._wall(), forged=forged),
        }
        request = f"POST {notice.url}\n\n{layout.readable({**told, 'resource': notice.resource})}"
        started_s = time.monotonic()
        try:
            answer = wire.call(
                notice.url,
                method="POST",
                body=body,
                headers=headers,
                timeout_s=self._settings.callback_timeout_s,
            )
        except wire.NoAnswer as error:
            return _Try(
                result=msg("没有应答"),
                ok=False,
                took_ms=_ms_since(started_s),
                request=request,
                answer="",
                rule=f"{error}。",
            )
        ok = answer.status in RECEIVED
        return _Try(
            result=str(answer.status),
            ok=ok,
            took_ms=_ms_since(started_s),
            request=request,
            answer=answer.text,
            rule=""
            if ok
            else (
                msg("服务器应答 %(status)s，只有 200 或 204 算收到。") % {"status": answer.status}
            ),
        )

    def _write(self, db: sqlite3.Connection, notice: Notice, done: _Try, *, forged: bool) -> None:
        name = f"{notice.event} {notice.out_trade_no}"
        if forged:
            name = sentences.FORGED % {"name": name}
        elif notice.tries > 1:
            name = sentences.AGAIN % {"tries": notice.tries, "name": name}
        journal.add(
            db,
            Entry(
                direction=Direction.CALLBACK,
                name=name,
                phone=_phone_of(db, notice),
                notice_row=notice.id,
                result=done.result,
                ok=done.ok,
                at_s=self._clock.now_s(),
                took_ms=done.took_ms,
                request=done.request,
                answer=done.answer,
                rule=done.rule,
            ),
        )


def _dropped(notice: Notice) -> _Try:
    return _Try(
        result=msg("丢失"),
        ok=False,
        took_ms=0,
        request=f"POST {notice.url}\n\n{layout.readable(notice.resource)}",
        answer="",
        rule=msg("注入的故障：这次通知没有送出，微信会按节奏重发。"),
    )


def _phone_of(db: sqlite3.Connection, notice: Notice) -> str:
    try:
        order = orders.find(db, out_trade_no=notice.out_trade_no)
        return phones.by_openid(db, openid=order.openid).id
    except (orders.PaymentMissing, ApiError):
        return ""


def _ms_since(started_s: float) -> int:
    return round((time.monotonic() - started_s) * 1_000)
