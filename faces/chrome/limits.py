"""How often: each class of routes has a rate a minute, counted for whoever calls.

Counts live in Redis, and in this process while Redis is away or slow: bounded either way. What
must hold to the last unit (wrong passwords, holds, points) is counted in the database instead.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, cast

from flask import Flask, Response, current_app, g, request
from flask.typing import ResponseReturnValue
from flask_limiter import ApplicationLimit, Limiter, RateLimitExceeded
from flask_limiter.util import get_remote_address
from limits import RateLimitItemPerMinute
from limits.errors import StorageError

from faces.chrome.once import SAFE_METHODS
from kernel import queue
from kernel.clock import wall_s
from kernel.errors import Forbidden
from kernel.settings import Settings
from kernel.words import msg
from members.operations.sign_ins import FAILURES_MAX, SHUT_FOR, TooManyTries
from members.queries import hash_of

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `limit` calls of that class for one caller; one without a limit is not counted."""

    name: str
    limit: str = ""


READ = Rate("read", "600 per minute")
WRITE = Rate("write", "120 per minute")
# Trying to hold and to confirm windows.
BOOKING = Rate("booking", "30 per minute")
# Passwords and codes, per address; each account has its own count in the database.
SIGN_IN = Rate("sign_in", "30 per minute")
# Callers who are not signed in share their carrier's address with thousands.
STRANGER = Rate("stranger", "3000 per minute")
# Wrong passwords at one login; as many as shut an account.
WRONG_LOGINS = RateLimitItemPerMinute(FAILURES_MAX, int(SHUT_FOR.total_seconds()) // 60)
API = Rate("api", "600 per minute")
# WeChat's and the sandbox's servers, health, and files: each has a bound of its own.
UNCOUNTED = Rate("uncounted")


class TooFast(Forbidden):
    """More calls of this class than its rate allows."""

    code = "too_fast"
    says = msg("操作太快了，请 %(retry_after_s)s 秒后再试。")


def rated(rate: Rate) -> Callable[[View], View]:
    """Count the view under that rate instead of its method's."""

    def mark(view: View) -> View:
        view.rate = rate  # type: ignore[attr-defined]  # read by `rate_of_call`
        return view

    return mark


def register(app: Flask, settings: Settings) -> None:
    """Count calls from here on; what identifies the caller must have been read before."""
    limiter = Limiter(
        key_func=_caller,
        # A class is counted over all its routes, so it is one limit of the whole application.
        application_limits=[_counted()],
        in_memory_fallback=[_counted()],  # type: ignore[list-item]  # its annotation forgets limits
        in_memory_fallback_enabled=True,
        strategy="sliding-window-counter",
        storage_uri=queue.counting_url(settings.redis_url) or "memory://",
        storage_options=queue.counting_options() if settings.redis_url else {},
        enabled=settings.rate_limits == "on",
    )
    limiter.init_app(app)
    app.extensions["doorbell.limiter"] = limiter
    app.register_error_handler(RateLimitExceeded, _too_fast)


def _counted() -> ApplicationLimit:
    return ApplicationLimit(_limit, key_function=_caller, exempt_when=_is_uncounted)


def check_login(login: str) -> None:
    """Refuse further tries at a login that met too many wrong passwords, whether anybody has it or
    not: so nobody learns which logins there are. Raises TooManyTries."""
    limiter = _limiter()
    if limiter.enabled and not _asked(limiter.limiter.test, login):
        raise TooManyTries(field="password", retry_after_s=WRONG_LOGINS.get_expiry())


def count_wrong(login: str) -> None:
    """Count a wrong password at that login."""
    if _limiter().enabled:
        _asked(_limiter().limiter.hit, login)


def _asked(ask: Callable[..., bool], login: str) -> bool:
    try:
        return ask(WRONG_LOGINS, "login", hash_of(login.casefold()))
    except StorageError:
        # The account's own count in the database bounds what is left.
        return True


def _limiter() -> Limiter:
    return cast(Limiter, current_app.extensions["doorbell.limiter"])


def rate_of_call() -> Rate:
    """Return the class of the present call."""
    view = current_app.view_functions.get(request.endpoint or "")
    marked = getattr(view, "rate", None)
    if marked is not None:
        return cast(Rate, marked)
    if g.get("actor") is None:
        return STRANGER
    return READ if request.method in SAFE_METHODS else WRITE


def _caller() -> str:
    rate, actor = rate_of_call(), g.get("actor")
    if actor is None or rate is SIGN_IN:
        return f"{rate.name}:{get_remote_address()}"
    return f"{rate.name}:{actor.role}:{actor.id}"


def _limit() -> str:
    # What is not counted is asked, too, before it is passed over.
    return rate_of_call().limit or READ.limit


def _is_uncounted() -> bool:
    return not rate_of_call().limit


def _too_fast(_error: RateLimitExceeded) -> Response:
    broken = _limiter().current_limit
    reset_at_s = broken.reset_at if broken else 0
    refusal = TooFast(retry_after_s=max(1, round(reset_at_s - wall_s())))
    return current_app.make_response(current_app.handle_user_exception(refusal))
