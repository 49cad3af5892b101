"""The call under way: who makes it, when, and what he sent."""

from datetime import datetime
from typing import Any, cast

from flask import current_app, g, request
from marshmallow import Schema, ValidationError

from kernel.actor import Actor
from kernel.clock import Clock
from kernel.errors import Invalid
from kernel.settings import Settings
from kernel.words import msg


class BadField(Invalid):
    """One field of the form cannot be taken as it is; `message` says how to repair it."""

    code = "bad_field"
    says = msg("%(message)s")


class RepeatedField(Invalid):
    """A parameter that has one value was sent twice."""

    code = "repeated_field"
    says = msg("同一个参数传了两次。")


def settings() -> Settings:
    """Return the settings the app was made with."""
    return cast(Settings, current_app.extensions["doorbell.settings"])


def clock() -> Clock:
    """Return the clock the app was made with."""
    return cast(Clock, current_app.extensions["doorbell.clock"])


def now() -> datetime:
    """Return the business time of this call: one instant, however often it is asked."""
    if "now" not in g:
        g.now = clock().now()
    return cast(datetime, g.now)


def true_now() -> datetime:
    """Return the true time: for sessions and sign-ins, which the demo clock must not end."""
    return cast(Clock, current_app.extensions["doorbell.true_clock"]).now()


def actor() -> Actor:
    """Return who makes this call; views behind `signed_in` always have one."""
    return cast(Actor, g.actor)


def cookie(name: str) -> str:
    """Return the cookie's value, "" without one."""
    return request.cookies.get(name, "")


def form(schema: Schema) -> dict[str, Any]:
    """Load the posted form through the schema. Raises Invalid, naming the first field at fault."""
    return _loaded(schema, _single(request.form.to_dict(flat=False)))


def query(schema: Schema) -> dict[str, Any]:
    """Load the address's parameters through the schema. Raises Invalid."""
    return _loaded(schema, _single(request.args.to_dict(flat=False)))


def _single(values: dict[str, list[str]]) -> dict[str, str]:
    for name, given in values.items():
        if len(given) > 1:
            raise RepeatedField(field=name)
    return {name: given[0] for name, given in values.items() if name != "csrf_token"}


def _loaded(schema: Schema, values: dict[str, str]) -> dict[str, Any]:
    try:
        return cast(dict[str, Any], schema.load(values))
    except ValidationError as error:
        name, messages = next(iter(cast(dict[str, Any], error.messages).items()))
        text = messages[0] if isinstance(messages, list) else str(messages)
        raise BadField(field=str(name), message=text) from error
