"""Unsafe calls that come again: one key a form, the answer of before, and patience with the database.

A view changes things within `call.once()`. What changes nothing wears `repeatable`.
"""

import random
import time
import uuid
from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import Flask, Response, current_app, g, redirect, request
from flask.typing import ResponseReturnValue

from faces.chrome import call
from faces.chrome.call import Again, AnsweredBefore
from faces.chrome.paths import came_from
from kernel.db import Crossed
from kernel.errors import Refusal

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
TRIES_MAX = 6
PAUSE_S = 0.02
# A wait for a lock takes 3 s by itself: then the person is told instead of waiting for more.
TRY_FOR_S = 2.5

_random = random.Random()


def repeatable(reason: str) -> Callable[[View], View]:
    """Mark an unsafe view that may come twice without a key, since it changes nothing; say why."""

    def mark(view: View) -> View:
        view.repeatable = reason  # type: ignore[attr-defined]  # read by `guarded` and the house's tests
        return view

    return mark


def guarded(
    view: Callable[..., ResponseReturnValue], *args: Any, **values: Any
) -> ResponseReturnValue:
    """Call a view that was let in. An unsafe one needs its key, and is tried again after hands
    crossed in the database: nothing was changed, or the key knows what was.

    Raises KeyRequired, BadKey, and what the view raises.
    """
    if request.method in SAFE_METHODS:
        return view(*args, **values)
    if not hasattr(view, "repeatable"):
        call.key()
    started = time.monotonic()
    for tried in range(1, TRIES_MAX + 1):
        g.may_try_again = tried < TRIES_MAX
        try:
            return view(*args, **values)
        except (Again, Crossed) as error:
            if not g.may_try_again or time.monotonic() - started > TRY_FOR_S:
                raise error.crossed if isinstance(error, Again) else error from error
        g.was_crossed = True
        time.sleep(_random.uniform(0, PAUSE_S * 2**tried))
        for file in request.files.values():
            file.stream.seek(0)
    raise AssertionError("the last try returns or raises")


def register(app: Flask) -> None:
    """Give forms their keys, and answer what was answered before."""
    app.jinja_env.globals["new_key"] = lambda: str(uuid.uuid4())
    app.register_error_handler(AnsweredBefore, _answer_again)


def _answer_again(before: AnsweredBefore) -> Response:
    try:
        answer = _drawn(before)
    except Refusal as refusal:
        return current_app.make_response(current_app.handle_user_exception(refusal))
    answer.headers["Idempotent-Replayed"] = "true"
    return answer


def _drawn(before: AnsweredBefore) -> Response:
    if before.answer.status:
        return call.answered(before.answer)
    if before.again is not None:
        return current_app.make_response(before.again())
    if request.headers.get("HX-Request"):
        return Response(headers={"HX-Refresh": "true"})
    return cast(Response, redirect(came_from(), 303))
