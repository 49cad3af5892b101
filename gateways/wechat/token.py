"""Secrets that WeChat lends for two hours, shared by all processes through a leased row.

WeChat keeps one access token alive at a time, so processes that each fetch their own kill one
another's. Here one process holds the row's lease while it asks WeChat, outside any transaction;
the others wait and read. Times are true time: the demo clock does not age a token.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from gateways.http import Caller
from gateways.wechat.account import Account
from gateways.wechat.answers import ask
from gateways.wechat.errors import Category, Retry, WeChatError, unclear
from kernel.clock import wall_s
from kernel.db import Base, Session, transaction
from kernel.errors import Unavailable

# Under five minutes before the end WeChat hands out a new token while the old one still works.
MARGIN_S = 200.0
# The holder's connect and read timeouts (3 + 8 s), and time to write.
LEASE_S = 20.0
# After a failed fetch nobody tries again at once.
PAUSE_AFTER_FAILURE_S = 1.0
WAIT_MAX_S = 12.0
WAIT_STEP_S = 0.05
# WeChat forces a refresh 20 times a day, at least 30 s apart.
FORCE_GATE_S = 60.0


class GatewayToken(Base):
    """One lent secret of one account, and who is fetching it; `_s` are true seconds since 1970."""

    __tablename__ = "gateway_token"

    name: Mapped[str] = mapped_column(primary_key=True)
    secret: Mapped[str] = mapped_column(default="")
    fresh_until_s: Mapped[float] = mapped_column(default=0.0)
    lease_until_s: Mapped[float] = mapped_column(default=0.0)
    fence: Mapped[int] = mapped_column(default=0)
    forced_s: Mapped[float] = mapped_column(default=0.0)


@dataclass(frozen=True, slots=True)
class Lent:
    """A secret just fetched; it ends `expires_in_s` from now."""

    secret: str
    expires_in_s: float


class _Seen(NamedTuple):
    secret: str
    fresh_until_s: float

    @property
    def is_fresh(self) -> bool:
        return self.fresh_until_s > wall_s()


_NOTHING = _Seen("", fresh_until_s=0.0)


class SharedSecret:
    """A secret that all processes share: read from its row, fetched by one of them when stale.

    Needs an application context, and must not be used inside a transaction.
    """

    def __init__(self, name: str, fetch: Callable[[], Lent]) -> None:
        """`fetch` asks WeChat and raises WeChatError; `name` is the row's key."""
        self._name = name
        self._fetch = fetch
        # What the row said last: as long as nobody says that it is dead, it need not be read again.
        self._known = _NOTHING
        # One thread of a process at a time looks into the database, and waits there for others.
        self._turn = threading.Lock()

    def current(self) -> str:
        """Return a secret with MARGIN_S or more to live. Raises WeChatError."""
        known = self._known
        return known.secret if known.is_fresh else self.other_than("")

    def other_than(self, dead: str) -> str:
        """Return a fresh secret that is not `dead`, fetching at most once; others' fetches count.

        What WeChat answers is returned even when it is `dead` again. Raises WeChatError.
        """
        deadline_s = time.monotonic() + WAIT_MAX_S
        if not self._turn.acquire(timeout=WAIT_MAX_S):
            raise _not_now("another thread is fetching the token")
        try:
            with _a_busy_database_is_safe():
                return self._other_than(dead, deadline_s=deadline_s)
        finally:
            self._turn.release()

    def _other_than(self, dead: str, *, deadline_s: float) -> str:
        while True:
            seen = self._seen()
            self._known = seen if seen.secret != dead else _NOTHING
            if self._known.is_fresh:
                return seen.secret
            fence = self._claimed(dead)
            if fence is not None:
                return self._fetched(fence)
            if time.monotonic() >= deadline_s:
                raise _not_now("another process is fetching the token")
            time.sleep(WAIT_STEP_S)

    def claim_force(self, *, now_s: float) -> bool:
        """Take the right to force a refresh, which is given once in FORCE_GATE_S."""
        with transaction() as db:
            taken = db.execute(
                update(GatewayToken)
                .where(
                    GatewayToken.name == self._name,
                    GatewayToken.forced_s <= now_s - FORCE_GATE_S,
                )
                .values(forced_s=now_s)
            )
            return bool(taken.rowcount)  # type: ignore[attr-defined]  # an UPDATE's result has it

    def store(self, lent: Lent, *, fence: int | None = None) -> None:
        """Write what WeChat lent; with `fence`, only while that lease is still ours."""
        with transaction() as db:
            rows = update(GatewayToken).where(GatewayToken.name == self._name)
            if fence is not None:
                rows = rows.where(GatewayToken.fence == fence)
            db.execute(
                rows.values(
                    secret=lent.secret,
                    fresh_until_s=wall_s() + _useful_s(lent.expires_in_s),
                    lease_until_s=0.0,
                )
            )

    def _seen(self) -> _Seen:
        with transaction(reads_only=True) as db:
            row = db.execute(
                select(GatewayToken.secret, GatewayToken.fresh_until_s).where(
                    GatewayToken.name == self._name
                )
            ).one_or_none()
        return _NOTHING if row is None else _Seen(row.secret, row.fresh_until_s)

    def _claimed(self, dead: str) -> int | None:
        """Take the lease unless somebody holds it or has meanwhile refreshed; return our fence."""
        now_s = wall_s()
        with transaction() as db:
            _lay_row(db, self._name)
            return db.execute(
                update(GatewayToken)
                .where(
                    GatewayToken.name == self._name,
                    GatewayToken.lease_until_s <= now_s,
                    (GatewayToken.fresh_until_s <= now_s) | (GatewayToken.secret == dead),
                )
                .values(lease_until_s=now_s + LEASE_S, fence=GatewayToken.fence + 1)
                .returning(GatewayToken.fence)
            ).scalar_one_or_none()

    def _fetched(self, fence: int) -> str:
        try:
            lent = self._fetch()
        except WeChatError:
            self._give_up(fence)
            raise
        self.store(lent, fence=fence)
        return lent.secret

    def _give_up(self, fence: int) -> None:
        with transaction() as db:
            db.execute(
                update(GatewayToken)
                .where(GatewayToken.name == self._name, GatewayToken.fence == fence)
                .values(lease_until_s=wall_s() + PAUSE_AFTER_FAILURE_S)
            )


class AccessTokens:
    """The account's access token, by WeChat's `stable_token`."""

    def __init__(self, account: Account, caller: Caller) -> None:
        self._account = account
        self._caller = caller
        self._shared = SharedSecret(f"access:{account.appid}", self._lend)

    def current(self) -> str:
        """Return a token with MARGIN_S or more to live. Raises WeChatError."""
        return self._shared.current()

    def instead_of(self, dead: str) -> str:
        """Return another token than `dead`, which WeChat has just refused.

        When WeChat lends the dead one again it is told to make a new one, once in FORCE_GATE_S
        for all processes together. Raises WeChatError.
        """
        token = self._shared.other_than(dead)
        if token != dead:
            return token
        with _a_busy_database_is_safe():
            if not self._shared.claim_force(now_s=wall_s()):
                raise _not_now("WeChat lends a dead token", wait_s=int(FORCE_GATE_S))
            lent = self._lend(force=True)
            self._shared.store(lent)
        return lent.secret

    def _lend(self, *, force: bool = False) -> Lent:
        told = ask(
            self._caller,
            "POST",
            f"{self._account.api_base}/cgi-bin/stable_token",
            message={
                "grant_type": "client_credential",
                "appid": self._account.appid,
                "secret": self._account.secret,
                "force_refresh": force,
            },
        )
        return lent_from(told, "access_token")


def lent_from(told: dict[str, object], key: str) -> Lent:
    """Return the secret under `key` of WeChat's answer. Raises WeChatError when it is not there."""
    secret, expires_in_s = told.get(key), told.get("expires_in")
    if not isinstance(secret, str) or not secret or not isinstance(expires_in_s, int):
        raise unclear(f"no {key} in the answer")
    return Lent(secret, float(expires_in_s))


@contextmanager
def _a_busy_database_is_safe() -> Iterator[None]:
    """Say a busy database in WeChat's words: without a token nothing was sent."""
    try:
        yield
    except Unavailable as error:
        raise _not_now("the token's row is busy") from error


def _not_now(why: str, *, wait_s: int = 5) -> WeChatError:
    return WeChatError(
        code=None, errmsg=why, category=Category.TOKEN, retry=Retry.SAFE, wait_s=wait_s
    )


def _useful_s(expires_in_s: float) -> float:
    # A short loan is used for half its life rather than fetched anew for every call.
    return expires_in_s - MARGIN_S if expires_in_s > 2 * MARGIN_S else expires_in_s / 2


def _lay_row(db: Session, name: str) -> None:
    """Make sure the row exists; two processes may do so at once."""
    is_postgres = db.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert if is_postgres else sqlite.insert
    fresh = {"secret": "", "fresh_until_s": 0.0, "lease_until_s": 0.0, "fence": 0, "forced_s": 0.0}
    db.execute(insert(GatewayToken).values(name=name, **fresh).on_conflict_do_nothing())
