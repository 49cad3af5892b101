"""The sandbox's factory: `gunicorn --workers 1 --threads 16 'sandbox.app:create_app()'`.

One process only: the carriers' threads live in it, and the store's leases are theirs.
"""

import atexit
import os
from collections.abc import Callable
from pathlib import Path

from flask import Flask, Response, abort, request
from flask_babel import Babel

from kernel.clock import wall_s
from sandbox import addresses, authorize, page, phones
from sandbox.api import (
    access,
    account,
    codes,
    mass,
    media,
    menus,
    messages,
    pay,
    sns,
    tags,
    templates,
    users,
)
from sandbox.business_clock import BusinessClock
from sandbox.control import payments, workings
from sandbox.control import phones as control_phones
from sandbox.pay.courier import Courier
from sandbox.pusher import Pusher
from sandbox.settings import Settings, is_local
from sandbox.stage import EXTENSION, Stage, stage
from sandbox.store import Store

_ROOT = Path(__file__).resolve().parent.parent
_LANGUAGES = ("zh", "en")
# The largest upload, and the lines around it.
_BODY_BYTES_MAX = 11 << 20


def create_app(settings: Settings | None = None, *, wall: Callable[[], float] = wall_s) -> Flask:
    """Build the sandbox and start what carries its callbacks and notices.

    Without `settings` they are read from the environment. `wall` is the true time in seconds;
    tests may bring their own. Raises BadAccount, BadShop or UnsafeBase rather than talk to the world.
    """
    settings = settings or Settings.from_env(os.environ)
    app = Flask(
        "sandbox",
        static_folder=str(_ROOT / "static"),
        template_folder=str(_ROOT / "templates"),
    )
    app.config["MAX_CONTENT_LENGTH"] = _BODY_BYTES_MAX
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # the default provider has it
    app.json.sort_keys = False  # type: ignore[attr-defined]  # answers keep their documented order
    Babel(
        app,
        default_locale="zh",
        default_translation_directories=str(_ROOT / "translations"),
        locale_selector=_language,
    )
    _set_stage(app, settings, wall=wall)
    for module in (
        access,
        account,
        codes,
        mass,
        media,
        menus,
        messages,
        pay,
        sns,
        tags,
        templates,
        users,
    ):
        app.register_blueprint(module.blueprint)
    app.register_blueprint(codes.pictures)
    app.register_blueprint(media.pictures)
    for blueprint in (control_phones.blueprint, payments.blueprint, workings.blueprint):
        app.register_blueprint(blueprint)
    app.register_blueprint(authorize.blueprint)
    app.register_blueprint(page.blueprint)
    app.before_request(_check_host)
    app.after_request(_protect)
    return app


def _set_stage(app: Flask, settings: Settings, *, wall: Callable[[], float]) -> None:
    memory = Store(settings.database)
    clock = BusinessClock(settings.account, memory, wall=wall)
    pusher = Pusher(settings, memory, clock, wall=wall)
    shop = settings.shop
    courier = Courier(settings, shop, memory, clock, wall=wall) if shop else None
    made = Stage(
        settings=settings, memory=memory, clock=clock, pusher=pusher, courier=courier, wall=wall
    )
    app.extensions[EXTENSION] = made
    _hand_out_first_phones(made)
    for carrier in made.carriers:
        carrier.start()
        atexit.register(carrier.stop)


def _hand_out_first_phones(made: Stage) -> None:
    """Give a fresh sandbox the phones that the account's file names, and followers it lacks."""
    with made.memory.transaction() as db:
        if not phones.shown(db):
            for name in made.account.phones:
                phones.create(db, name=name, at_s=made.clock.now_s())
        for openid in phones.unknown(db, made.account.followers):
            phones.create(
                db,
                name=made.account.followers[openid],
                openid=openid,
                follows=True,
                shown=False,
                at_s=made.clock.now_s(),
            )


def _language() -> str | None:
    chosen = request.cookies.get("lang", "")
    return chosen if chosen in _LANGUAGES else request.accept_languages.best_match(_LANGUAGES)


def _check_host() -> None:
    # A page elsewhere that has its own name point at this machine must not be served.
    if not is_local(request.host.rsplit(":", 1)[0].lower()):
        abort(403)


def _protect(response: Response) -> Response:
    hosts = " ".join(addresses.page_hosts(stage().account))
    own = _own_origins()
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
        f"img-src 'self' data: blob: {hosts}; connect-src 'self'; frame-src {own} {hosts}; "
        f"form-action {own} {hosts}; base-uri 'none'; frame-ancestors {own}"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def _own_origins() -> str:
    """Return every name this port answers to: a phone may be sent here by another one."""
    port = request.host.partition(":")[2]
    names = (addresses.home_host(stage().account), "localhost", "127.0.0.1")
    here = (f"{request.scheme}://{name}:{port}" for name in names if name and port)
    return " ".join(("'self'", *here))
