"""Every unsafe view counts a press once: it works within `call.once()`, or changes nothing."""

import inspect
import types
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from faces.chrome import call
from faces.chrome.once import SAFE_METHODS, guarded
from faces.chrome.sign_in import signed_in
from faces.console.audit_words import ACTIONS
from kernel.actor import CONSOLE_ROLES, Role
from tests.house.test_views import demo

# Unsafe views without a key, each for the reason that stands beside it.
EXEMPT = {
    "wechat.callback": "WeChat's own key: the inbox takes a message in once",
    "wechat.pay_notice": "WeChat's own key: a payment is settled once under its number",
    "console_sign_in.enter": "before anybody is signed in; a second session harms nobody",
    "console_sign_in.take_step": "before anybody is signed in; a code counts once by itself",
    "console_sign_in.leave": "signing out twice is being out",
    "locale.choose": "a language in a cookie",
    "demo_clock.move": "the sandbox's server, by a shared secret, in the demo alone",
}
# Unsafe views that change nothing of ours: they wear `repeatable` with their reason.
REPEATABLE = {
    "consumer.add_picture",
    "consumer.care",
    "consumer.refer_card",
    "consumer.ask_after",
    "consumer.check",
    "consumer.quote",
    "consumer.suggestions",
    "consumer.sheet",
    "wechat.page",
    "console.code_qr",
    "console.preview_serials",
    "console.plan_part",
}

__all__ = ["demo"]


def unsafe(app: Flask) -> dict[str, Callable[..., Any]]:
    """Return the views that may change something, by endpoint."""
    return {
        rule.endpoint: app.view_functions[rule.endpoint]
        for rule in app.url_map.iter_rules()
        if (rule.methods or set()) - SAFE_METHODS
    }


def reaches_once(function: Callable[..., Any], *, depth: int = 4) -> bool:
    """Tell whether the function, or one of the faces' that it calls, opens `call.once()`."""
    plain = inspect.unwrap(function)
    if function is call.once or not isinstance(plain, types.FunctionType):
        return function is call.once
    return depth > 0 and any(reaches_once(f, depth=depth - 1) for f in _called(plain))


def _called(function: types.FunctionType) -> Iterator[Callable[..., Any]]:
    """Yield what the function may call: functions of the faces that it names, bare or by module."""
    names = {name for code in _codes(function.__code__) for name in code.co_names}
    for holder in (function.__globals__, *_modules(function)):
        for name in names & set(holder):
            found = holder[name]
            if inspect.isfunction(found) and found.__module__.startswith("faces."):
                yield found


def _modules(function: types.FunctionType) -> Iterator[dict[str, Any]]:
    for name in function.__code__.co_names:
        module = function.__globals__.get(name)
        if inspect.ismodule(module) and module.__name__.startswith("faces."):
            yield vars(module)


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from _codes(inner)


def test_every_unsafe_view_works_once_or_says_why_not(demo: Flask) -> None:
    strays = [
        name
        for name, view in unsafe(demo).items()
        if name not in EXEMPT and not hasattr(view, "repeatable") and not reaches_once(view)
    ]

    assert strays == []


def test_the_exempt_ones_exist_and_the_repeatable_are_these(demo: Flask) -> None:
    views = unsafe(demo)

    assert set(EXEMPT) <= set(views)
    assert {name for name, view in views.items() if hasattr(view, "repeatable")} == REPEATABLE
    assert all(len(getattr(views[name], "repeatable", "")) > 10 for name in REPEATABLE)


def test_what_staff_press_has_a_word_in_the_audit_log(demo: Flask) -> None:
    pressed = {
        name
        for name, view in unsafe(demo).items()
        if name not in EXEMPT
        and not hasattr(view, "repeatable")
        and set(getattr(view, "roles", ())) & CONSOLE_ROLES
    }

    named = {name for name in ACTIONS if name.startswith(("console", "api."))}

    assert pressed == named


@pytest.mark.parametrize("name", sorted(EXEMPT))
def test_what_is_exempt_asks_nobody_to_be_signed_in(demo: Flask, name: str) -> None:
    # `signed_in` is what asks for the key, so an exempt view that wore it would still need one.
    assert getattr(unsafe(demo)[name], "roles", ...) is None


def test_the_check_above_finds_what_it_looks_for() -> None:
    # A check that could not see a fault would be silent for ever.
    @signed_in(Role.MEMBER)
    def careless() -> str:
        return "done"

    assert not reaches_once(careless)
    assert not reaches_once(guarded)
