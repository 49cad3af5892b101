"""An act of a page: done once and led on; or refused, with the sentence at the form that was pressed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from flask import flash, request
from flask.typing import ResponseReturnValue
from marshmallow import Schema

from dispatch.openings import Opening
from faces.chrome import call
from faces.chrome.errors import sentence_of, status_of
from kernel.db import Session
from kernel.errors import Conflict, Forbidden, Invalid, Refusal

# What an effect has to say, with what completes the address that is gone on to.
Said: TypeAlias = str | tuple[str, dict[str, str]]
Told: TypeAlias = tuple[str, ResponseReturnValue]
# What a page answers with itself; what is missing is answered with 404.
REFUSED = (Invalid, Conflict, Forbidden)
# Where a refusal that names no field of the form is said.
WHOLE = "form"


@dataclass(frozen=True, slots=True)
class Failure:
    """Which form of the page was pressed in vain, the sentence by its field, and what was typed."""

    form: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


NO_FAILURE = Failure()


def failure(form: str, refusal: Refusal) -> Failure:
    """Return the refusal as the page says it again."""
    typed = {name: value for name, value in request.form.items() if name not in call.OURS}
    place = refusal.field if refusal.field in typed else WHOLE
    return Failure(form, {place or WHOLE: sentence_of(refusal)}, typed, status_of(refusal))


def perform(
    form: str,
    schema: Schema,
    effect: Callable[[Session, dict[str, Any]], Said],
    *,
    to: str,
    page: Callable[[Failure], str],
    **values: Any,
) -> ResponseReturnValue:
    """Let `effect` happen once and go on to the page `to`, which says what `effect` returned;
    returned with it, values complete the page's address.

    A refusal is said on `page`, at the form. Raises Missing.
    """

    def taken(given: dict[str, Any], take: Callable[[Opening | None], Told]) -> Told:
        return take(None)

    def effect_alone(db: Session, given: dict[str, Any], _: Opening | None) -> Said:
        return effect(db, given)

    return perform_with_room(form, schema, effect_alone, taken, to=to, page=page, **values)


def perform_with_room(
    form: str,
    schema: Schema,
    effect: Callable[[Session, dict[str, Any], Opening | None], Said],
    with_room: Callable[[dict[str, Any], Callable[[Opening | None], Told]], Told],
    *,
    to: str,
    page: Callable[[Failure], str],
    **values: Any,
) -> ResponseReturnValue:
    """`perform` what needs a place in the plan: `with_room` calls what it is given until there is one,
    with the room that can be made for it."""

    try:
        given = call.form(schema)

        def take(opening: Opening | None) -> Told:
            with call.once() as db:
                came = effect(db, given, opening)
                said, more = came if isinstance(came, tuple) else (came, {})
                return said, call.leads_to(to, **values, **more)

        said, done = with_room(given, take)
    except REFUSED as refusal:
        failed = failure(form, refusal)
        return page(failed), failed.status
    flash(said, "ok")
    return done
