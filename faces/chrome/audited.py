"""What the audit log keeps of a call: which view, about what, and the fields without what is personal."""

from collections.abc import Mapping

from flask import g, request

from kernel.logs import masked

VALUE_LENGTH_MAX = 80
# Of a person: that it was told is kept, what it was is not.
_PERSONAL = ("contact", "phone", "address", "door", "compound")
_SECRET = ("password", "code", "secret", "token", "csrf")


def about(thing: str) -> None:
    """Say what this call is about, as `branch:3`, where the address does not say it."""
    g.about = thing


def on_behalf_of(person: str) -> None:
    """Say by his number for which member this call is made, by somebody who only brings his word."""
    g.on_behalf_of = person


def about_of_call() -> str:
    """Return what was said, else the first thing that the address names: /plans/S1/… is `plan:S1`."""
    if said := g.pop("about", ""):
        return str(said)
    values = request.view_args or {}
    if not values or request.url_rule is None:
        return ""
    parts = request.url_rule.rule.split("/")
    place = next(n for n, part in enumerate(parts) if part.startswith("<"))
    named = parts[place].strip("<>").rpartition(":")[2]
    return f"{parts[place - 1].removesuffix('s')}:{values[named]}"


def fields_of_call() -> dict[str, object]:
    """Return the fields that were sent, masked and cut, without secrets, and for whom they were."""
    body = request.get_json(silent=True) if request.is_json else None
    sent: Mapping[str, object] = body if isinstance(body, dict) else request.form
    told = {
        name: "***" if name in _PERSONAL and value else _told(value)
        for name, value in sent.items()
        if not any(word in name for word in _SECRET) and name != "idempotency_key"
    }
    person = g.pop("on_behalf_of", "")
    return told | ({"on_behalf_of": person} if person else {})


def _told(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    return masked(str(value))[:VALUE_LENGTH_MAX]
