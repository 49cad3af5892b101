"""The call under way: who makes it, when, what he sent, and its one effect."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, cast

from flask import Response, current_app, g, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import Schema, ValidationError, fields
from werkzeug.datastructures import FileStorage

from faces.chrome import audited
from faces.chrome.reading import NotJson, RepeatedField, WrongType, parsed
from faces.chrome.schema import BadField, fault_of
from kernel import audit, idempotency
from kernel.actor import CONSOLE_ROLES, Actor, Role
from kernel.clock import Clock
from kernel.db import Crossed, Session, transaction
from kernel.idempotency import Answer
from kernel.settings import Settings
from members.operations import sign_ins

__all__ = ["BadField", "NotJson", "RepeatedField"]

HASH_BYTES = 1 << 16
KEY_HEADER, KEY_FIELD = "Idempotency-Key", "idempotency_key"
# What the pages' own machinery adds to a form.
OURS = frozenset({"csrf_token", KEY_FIELD})

# Bodies that the framework takes apart.
_READ = frozenset({"application/json", "application/x-www-form-urlencoded", "multipart/form-data"})


class AnsweredBefore(Exception):
    """This very call took effect before; `faces.chrome.once` answers it again. No refusal: a view
    has nothing to say to it."""

    def __init__(self, answer: Answer, again: Callable[[], ResponseReturnValue] | None) -> None:
        self.answer = answer
        self.again = again
        super().__init__("answered before")


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


def key() -> str:
    """Return the key of this unsafe call, from its header or form. Raises KeyRequired, BadKey."""
    sent = request.headers.get(KEY_HEADER) or request.form.get(KEY_FIELD, "")
    return idempotency.checked_key(sent)


class Again(Exception):
    """Hands crossed in the database, and the view is to be called again: no refusal, which a view might
    answer itself."""

    def __init__(self, crossed: Crossed) -> None:
        super().__init__()
        self.crossed = crossed


@contextmanager
def once(*, again: Callable[[], ResponseReturnValue] | None = None) -> Iterator[Session]:
    """Open the transaction of an unsafe call's effect, which happens once for one key.

    The same call again never enters the block: it gets the answer that `leads_to` or `answers` kept
    in it, else what `again` draws, else is led to where it came from. Raises KeyRequired, BadKey,
    KeyReused, Again, and what `transaction` raises; a refusal in the block leaves the key unused.
    """
    try:
        with _once(again) as db:
            yield db
    except Crossed as crossed:
        if g.get("may_try_again"):
            raise Again(crossed) from crossed
        raise


@contextmanager
def _once(again: Callable[[], ResponseReturnValue] | None) -> Iterator[Session]:
    by = actor()
    scope = f"{by.role}:{by.id} {request.endpoint}"
    mine, g.kept_answer = key(), Answer()
    content_hash, claimed_at = _content_hash(), true_now()
    with transaction(looks_first=not g.get("was_crossed")) as db:
        before = idempotency.claim(
            db, scope=scope, key=mine, content_hash=content_hash, now=claimed_at
        )
        if before is not None:
            raise AnsweredBefore(before, again)
        if by.role is Role.MEMBER:
            sign_ins.keep_open(db, token=g.sign_in_token)
        yield db
        if by.role in CONSOLE_ROLES:
            _write_down(db, by)
        idempotency.settle(
            db,
            scope=scope,
            key=mine,
            content_hash=content_hash,
            answer=g.kept_answer,
            now=claimed_at,
        )


def _write_down(db: Session, by: Actor) -> None:
    audit.record(
        db,
        by=by,
        action=str(request.endpoint),
        about=audited.about_of_call(),
        now=now(),
        detail=audited.fields_of_call(),
    )


def leads_to(endpoint: str, **values: Any) -> Response:
    """Answer with the page where the effect shows; within `once`, kept for the call's repetition."""
    location = url_for(endpoint, **values)
    g.kept_answer = Answer(303, {"location": location})
    return cast(Response, redirect(location, 303))


def toast(text: str, *events: str) -> dict[str, str]:
    """Return the header that has the page say a text in passing, and tells it of other events."""
    told = {"doorbell:toast": {"text": text}, **{event: {} for event in events}}
    return {"HX-Trigger": json.dumps(told)}


def answers(body: Any, status: int = 200) -> Response:
    """Answer with plain JSON; within `once`, kept for the call's repetition."""
    g.kept_answer = Answer(status, {"json": body})
    return answered(g.kept_answer)


def answered(answer: Answer) -> Response:
    """Return an answer that was kept, made anew."""
    body = answer.body or {}
    if "location" in body:
        return cast(Response, redirect(body["location"], answer.status))
    made = jsonify(body["json"])
    made.status_code = answer.status
    return made


def wants_json() -> bool:
    """Tell whether the caller reads JSON: the API's do, and scripts that say so."""
    if request.path.startswith("/api/"):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json" or request.is_json


def form(schema: Schema) -> dict[str, Any]:
    """Load the posted form through the schema. Raises Invalid, naming the first field at fault."""
    return _loaded(schema, _single(schema, request.form.to_dict(flat=False)))


def query(schema: Schema) -> dict[str, Any]:
    """Load the address's parameters through the schema. Raises Invalid."""
    return _loaded(schema, _single(schema, request.args.to_dict(flat=False)))


def body(schema: Schema) -> dict[str, Any]:
    """Load the JSON that was sent through the schema. Raises Invalid and NotJson."""
    if request.mimetype != "application/json":
        raise NotJson
    return _loaded(schema, parsed(request.get_data()))


def raw(mimetype: str) -> bytes:
    """Return the bytes that were sent as that type. Raises WrongType."""
    if request.mimetype != mimetype:
        raise WrongType(wanted=mimetype)
    return request.get_data()


def _single(schema: Schema, given: dict[str, list[str]]) -> dict[str, Any]:
    """Return one value for each name, and all of them for a field that is a list."""
    plain: dict[str, Any] = {}
    for name, values in given.items():
        if name in OURS:
            continue
        if isinstance(schema.fields.get(name), fields.List):
            plain[name] = values
        elif len(values) > 1:
            raise RepeatedField(field=name)
        else:
            plain[name] = values[0]
    return plain


def _content_hash() -> str:
    """Return equal text for equal content: the address, the fields, the files, any other bytes."""
    fields = sorted(pair for pair in request.form.items(multi=True) if pair[0] not in OURS)
    files = [(name, _hash_of(file)) for name, file in request.files.items(multi=True)]
    body = request.get_json() if request.is_json else None
    content = [request.path, sorted(request.args.items(multi=True)), fields, files, body]
    if request.mimetype not in _READ and (raw := request.get_data()):
        content.append(hashlib.sha256(raw).hexdigest())
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _hash_of(file: FileStorage) -> str:
    digest = hashlib.sha256()
    while piece := file.stream.read(HASH_BYTES):
        digest.update(piece)
    file.stream.seek(0)
    return digest.hexdigest()


def _loaded(schema: Schema, values: dict[str, Any]) -> dict[str, Any]:
    try:
        return cast(dict[str, Any], schema.load(values))
    except ValidationError as error:
        raise fault_of(error) from error
