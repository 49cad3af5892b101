"""An act of a page: done once and led on; or refused, with the sentence at the form that was pressed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import flash, request
from flask.typing import ResponseReturnValue
from marshmallow import Schema

from faces.chrome import call
from faces.chrome.errors import sentence_of, status_of
from kernel.db import Session
from kernel.errors import Conflict, Forbidden, Invalid, Refusal

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
    effect: Callable[[Session, dict[str, Any]], str | tuple[str, dict[str, str]]],
    *,
    to: str,
    page: Callable[[Failure], str],
    **values: Any,
) -> ResponseReturnValue:
    """Let `effect` happen once and go on to the page `to`, which says what `effect` returned;
    returned with it, values complete the page's address.

    A refusal is said on `page`, at the form. Raises Missing.
    """
    try:
        given = call.form(schema)
        with call.once() as db:
            came = effect(db, given)
            said, more = came if isinstance(came, tuple) else (came, {})
            done = call.leads_to(to, **values, **more)
    except REFUSED as refusal:
        failed = failure(form, refusal)
        return page(failed), failed.status
    flash(said, "ok")
    return done
