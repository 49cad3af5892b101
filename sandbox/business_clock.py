"""Business time: what the phones show. The product owns it; the sandbox follows and moves it."""

import json
import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from kernel.clock import SHANGHAI
from kernel.errors import Invalid, Unavailable
from kernel.words import msg
from sandbox import store, wire
from sandbox.settings import Account

REFRESH_AFTER_S = 3.0
ADVANCE_MAX_S = 31 * 86_400
_TIMEOUT_S = 1.0
_MOVE_TIMEOUT_S = 8.0

log = logging.getLogger(__name__)


class BadClockMove(Invalid):
    code = "bad_clock_move"
    says = msg("时间只能往前拨：advance_s 为 1 秒到 31 天，或 to 为 next_0900。")


class ClockUnreachable(Unavailable):
    code = "clock_unreachable"
    says = msg("系统没有应答，时间没有变。")


class BusinessClock:
    """Business time as the true time plus an offset, kept in step with the product's clock.

    The offset is read again from the product when it is older than REFRESH_AFTER_S and somebody
    asks through `refresh`; `now` itself never waits for anybody. Without a clock_url the sandbox
    keeps an offset of its own.
    """

    def __init__(self, account: Account, memory: store.Store, *, wall: Callable[[], float]) -> None:
        self._account = account
        self._memory = memory
        self._wall = wall
        self._refreshed_wall_s = 0.0
        self._lock = threading.Lock()
        with memory.reading() as db:
            kept = store.setting(db, "clock_offset_s")
        self._offset_s = float(kept) if kept else account.clock_offset_s

    def now(self) -> datetime:
        """Return the business time, aware, in UTC."""
        return datetime.fromtimestamp(self._wall(), UTC) + timedelta(seconds=self._offset_s)

    def now_s(self) -> int:
        """Return the business time in whole seconds since 1970, as WeChat's CreateTime."""
        return int(self.now().timestamp())

    def refresh(self) -> None:
        """Follow the product's clock when it was not asked for a while; keep the old on silence."""
        if not self._account.clock_url or not self._lock.acquire(blocking=False):
            return
        try:
            age_s = self._wall() - self._refreshed_wall_s
            if 0 <= age_s < REFRESH_AFTER_S:
                return
            self._refreshed_wall_s = self._wall()
            self._follow(self._ask("GET", timeout_s=_TIMEOUT_S))
        except (wire.NoAnswer, ValueError) as error:
            log.debug("the product's clock does not answer: %s", error)
        finally:
            self._lock.release()

    def move(self, order: dict[str, Any]) -> None:
        """Move the time: {"advance_s": seconds} or {"to": "next_0900"}.

        Raises BadClockMove; ClockUnreachable when the product, who owns the clock, is silent.
        """
        target = self._target(order)
        # Under the lock: who asked before the move must not set what he heard after it.
        with self._lock:
            if not self._account.clock_url:
                ahead = target - datetime.fromtimestamp(self._wall(), UTC)
                self._set_offset(ahead.total_seconds())
                return
            try:
                self._follow(self._ask("POST", order=order, timeout_s=_MOVE_TIMEOUT_S))
            except (wire.NoAnswer, ValueError) as error:
                raise ClockUnreachable from error

    def _target(self, order: dict[str, Any]) -> datetime:
        if order == {"to": "next_0900"}:
            return next_nine(self.now())
        advance_s = order.get("advance_s")
        if set(order) != {"advance_s"} or type(advance_s) is not int:
            raise BadClockMove
        if not 1 <= advance_s <= ADVANCE_MAX_S:
            raise BadClockMove
        return self.now() + timedelta(seconds=advance_s)

    def _ask(self, method: str, *, timeout_s: float, order: dict[str, Any] | None = None) -> Any:
        answer = wire.call(
            self._account.clock_url,
            method=method,
            body=b"" if order is None else json.dumps(order).encode(),
            headers={
                "Content-Type": "application/json",
                "X-Control-Key": self._account.control_key,
            },
            timeout_s=timeout_s,
        )
        if answer.status != 200:
            raise wire.NoAnswer(msg("时钟应答 %(status)s") % {"status": answer.status})
        return json.loads(answer.body)

    def _follow(self, said: Any) -> None:
        if not isinstance(said, dict) or not isinstance(said.get("offset_s"), int | float):
            raise wire.NoAnswer(msg("时钟的应答里没有 offset_s"))
        self._set_offset(float(said["offset_s"]))

    def _set_offset(self, offset_s: float) -> None:
        self._refreshed_wall_s = self._wall()
        if offset_s == self._offset_s:
            return
        self._offset_s = offset_s
        with self._memory.transaction() as db:
            store.set_setting(db, "clock_offset_s", repr(offset_s))


def next_nine(now: datetime) -> datetime:
    """Return the first 09:00 in Asia/Shanghai after `now`."""
    local = now.astimezone(SHANGHAI)
    nine = local.replace(hour=9, minute=0, second=0, microsecond=0)
    return nine if nine > local else nine + timedelta(days=1)
