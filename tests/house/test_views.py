"""Every view says who may see it: `signed_in`, or it stands in a short list of public ones."""

from pathlib import Path

import pytest
from flask import Flask

from kernel.actor import Role
from tests.house import an_app

# Whoever comes may see these. Each is here for a reason of its own.
PUBLIC = {
    # Liveness, without a detail.
    "health.health",
    # WeChat's own server: signed by its token instead.
    "wechat.callback",
    "wechat.handshake",
    # WeChat Pay's own server: signed by its key instead.
    "wechat.pay_notice",
    # On the way to being signed in, and out again.
    "wechat.start",
    "wechat.done",
    "console_sign_in.page",
    "console_sign_in.enter",
    "console_sign_in.step",
    "console_sign_in.take_step",
    "console_sign_in.leave",
    # How a page speaks: its language, in a cookie.
    "locale.choose",
    # What the API can do, for whoever writes a client.
    "openapi.document",
    # The sandbox's server, by a shared secret, in the demo alone.
    "demo_clock.read",
    "demo_clock.move",
}


@pytest.fixture(scope="module")
def demo() -> Flask:
    """The app with everything it can have: the demo's views too."""
    return an_app(
        "sqlite://",
        data_dir=Path(),
        MODE="demo",
        SANDBOX_BASE="http://sandbox.doorbell.localhost:8001",
        CONTROL_KEY="a key that the sandbox shares",
    )


def views(app: Flask) -> dict[str, object]:
    """Return the views by endpoint, but for static files."""
    return {name: view for name, view in app.view_functions.items() if name != "static"}


def test_every_view_says_who_may_see_it(demo: Flask) -> None:
    silent = [name for name, view in views(demo).items() if not hasattr(view, "roles")]

    assert silent == []


def test_the_public_ones_are_these_and_no_more(demo: Flask) -> None:
    public = {name for name, view in views(demo).items() if getattr(view, "roles", ...) is None}

    assert public == PUBLIC


def test_no_view_is_for_everybody_who_is_signed_in_by_mistake(demo: Flask) -> None:
    for name, view in views(demo).items():
        roles = getattr(view, "roles", None)
        if roles is None:
            continue
        assert roles, name
        assert roles <= set(Role) - {Role.SYSTEM}, name


def test_the_console_lets_no_phone_in_and_phones_no_console(demo: Flask) -> None:
    phones = {Role.MEMBER, Role.TECHNICIAN}
    for rule in demo.url_map.iter_rules():
        roles = getattr(demo.view_functions[rule.endpoint], "roles", None)
        if roles is None:
            continue
        if rule.rule.startswith("/console"):
            assert not roles & phones, rule.rule
        if rule.rule.startswith(("/c/", "/t/")):
            assert roles <= phones, rule.rule
