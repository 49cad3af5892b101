"""What tests need not pay again and again: compiled pages and statements, flushed disks, dear hashes.

Nothing here is seen by a test, but for the time it takes. Each app is new; what they share was made
from the same source by the same rules.
"""

import gc
import os
from collections.abc import Callable
from types import CodeType
from typing import Any, cast

from argon2 import PasswordHasher
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine, event
from werkzeug.routing import Rule

from kernel import db as kernel_db
from kernel.db import sa
from members.operations import sign_ins

_LITTER = 10_000

_templates: dict[tuple[str, str], CodeType] = {}
_dialects: dict[str, Engine] = {}
_engines: dict[tuple[object, ...], Engine] = {}
_apps: dict[tuple[object, ...], tuple[Flask, dict[str, Any]]] = {}
_addresses: dict[tuple[object, ...], Rule] = {}


def make_routes_cheap() -> None:
    """Let all apps share what werkzeug compiles for each address of each app."""
    compile_one = Rule.compile

    def compile_once(rule: Rule) -> None:
        key = (rule.rule, rule.subdomain, rule.host, rule.merge_slashes, repr(rule.defaults))
        made = _addresses.get(key)
        if made is None:
            compile_one(rule)
            made = _addresses[key] = rule
        rule._parts, rule._trace, rule._converters = made._parts, made._trace, made._converters
        rule._build = made._build.__func__.__get__(rule)  # type: ignore[attr-defined]  # a method
        rule._build_unknown = made._build_unknown.__func__.__get__(rule)  # type: ignore[attr-defined]

    Rule.compile = compile_once  # type: ignore[assignment,method-assign]


class _Templates(BytecodeCache):
    """Keeps the pages' code as long as the process lives, by name and source."""

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = _templates.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        _templates[bucket.key, bucket.checksum] = bucket.code


def make_cheap(app: Flask) -> None:
    """Let the app share what earlier apps of this process have compiled and connected."""
    app.jinja_env.bytecode_cache = _Templates()
    with app.app_context():
        own = sa.engine
        key = _key(own.url)
        if key not in _engines:
            _engines[key] = _thrifty(own)
        cast(dict[str | None, Engine], sa.engines)[None] = _engines[key]


def kept_app(url: str, make: Callable[[], Flask]) -> Flask:
    """Return the app that `make` made for that database the first time, without what was put into its
    extensions since."""
    key = _key(url)
    if key not in _apps:
        made = make()
        _apps[key] = made, dict(made.extensions)
    app, extensions = _apps[key]
    app.extensions.clear()
    app.extensions.update(extensions)
    return app


def _key(url: object) -> tuple[object, ...]:
    """Never what belongs to the process that this one was forked from, or waits for another time."""
    return os.getpid(), url, kernel_db.SQLITE_BUSY_MS, kernel_db.POSTGRES_OPTIONS


def forget(url: str) -> None:
    """Let go of the app on that database, which is about to be dropped, and of its connections."""
    for key in [key for key in _apps if key[1] == url]:
        del _apps[key]
    for key in [key for key in _engines if str(key[1]).endswith(url.partition("://")[2])]:
        _engines.pop(key).dispose()


def _thrifty(engine: Engine) -> Engine:
    # Statements are compiled for a dialect, so the dialect is shared with its statements: that of
    # the first engine which has spoken to a server, and knows its version.
    first = _dialects.get(engine.dialect.name)
    if first is None:
        event.listen(
            engine, "connect", lambda *_: _dialects.setdefault(engine.dialect.name, engine)
        )
    else:
        engine.dialect = first.dialect
        engine.pool._dialect = first.dialect
        engine._compiled_cache = first._compiled_cache
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _trust_the_machine)
    return engine


def _trust_the_machine(raw: Any, _record: object) -> None:
    """Write without waiting for the disk: only a power cut would tell the difference."""
    raw.execute("PRAGMA synchronous=OFF")


def make_litter_cheap() -> None:
    """Look for litter among what the tests make, not again and again among all that was loaded."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_LITTER, 10, 10)


def make_passwords_cheap() -> None:
    """Hash passwords with the least that argon2 allows."""
    sign_ins._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    sign_ins._NOBODYS_HASH = sign_ins._hasher.hash("nobody's password")
