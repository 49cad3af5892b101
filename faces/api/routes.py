"""The blueprint of the API, and `get` and `post`, one of which every route wears: who may call it
with which scope, what it takes, gives and refuses. The same words write the OpenAPI document."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from flask import g
from flask.typing import ResponseReturnValue
from flask_smorest import Blueprint
from marshmallow import Schema

from faces.api.schemas import RefusalOut
from faces.chrome import once
from faces.chrome.limits import API, rated
from faces.chrome.sign_in import NotSignedIn
from kernel.actor import Role
from kernel.errors import Forbidden
from kernel.words import msg

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")

READERS = frozenset({Role.DISPATCHER, Role.MANAGER, Role.ADMINISTRATOR, Role.AUDITOR})
# What a store's program may read, too.
STAFF = READERS | {Role.STORE}
WRITERS = frozenset({Role.DISPATCHER, Role.MANAGER, Role.ADMINISTRATOR})
_ALWAYS = (400, 401, 403, 429, 503)
_WITH_A_BODY = (413, 415)
_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": True,
    "description": "A UUID of your own for this call. Sent again with the same content it gets the "
    "same answer and has no second effect.",
    "schema": {"type": "string", "format": "uuid"},
}

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])
# A status with the schema of its body; a bare one is a plain refusal.
Refusals = Mapping[int, type[Schema]] | Sequence[int]


class NoToken(NotSignedIn):
    """No token, or one that opens nothing."""

    says = msg("缺少有效的 API 令牌。")


class OutOfScope(Forbidden):
    """The token is good, but not for this."""

    code = "out_of_scope"
    says = msg("这个令牌没有 %(scope)s 权限。")


def get(
    rule: str,
    *,
    tag: str,
    scope: str,
    gives: Schema,
    asks: type[Schema] | None = None,
    refuses: Refusals = (),
    roles: frozenset[Role] = READERS,
) -> Callable[[View], View]:
    """Let programs read there whose token has the scope.

    `asks` is the address's schema (load it with `call.query`), `gives` that of the answer; `refuses`
    are the statuses beside 400, 401, 403, 429 and 503, which every route may answer.
    """
    doc = {"parameters": [{"in": "query", "schema": asks}]} if asks is not None else {}
    known = _told(_ALWAYS, refuses)
    return _route("GET", rule, tag, _Door(roles, scope, {200: gives}, known, doc))


def post(
    rule: str,
    *,
    tag: str,
    scope: str,
    gives: Mapping[int, Schema],
    takes: type[Schema] | str | None = None,
    refuses: Refusals = (),
) -> Callable[[View], View]:
    """Let programs change something there whose token has the scope; the view uses `call.once`.

    `takes` is the JSON body's schema (load it with `call.body`), or the type of a file (read it with
    `call.raw`), `gives` each good status with its schema; `refuses` as for `get`, and 422 besides,
    for a key that was used for something else.
    """
    doc: dict[str, object] = {"parameters": [_KEY]}
    if takes is not None:
        doc["requestBody"] = {"required": True, "content": _content(takes)}
    known = _told((*_ALWAYS, 422, *(_WITH_A_BODY if takes is not None else ())), refuses)
    return _route("POST", rule, tag, _Door(WRITERS, scope, gives, known, doc))


@dataclass(frozen=True, slots=True)
class _Door:
    roles: frozenset[Role]
    scope: str
    gives: Mapping[int, Schema]
    refuses: Mapping[int, type[Schema]]
    doc: Mapping[str, object]


def _route(method: str, rule: str, tag: str, door: _Door) -> Callable[[View], View]:
    def add(view: View) -> View:
        @functools.wraps(view)
        def guarded(**values: Any) -> ResponseReturnValue:
            if g.actor is None:
                raise NoToken
            if g.actor.role not in door.roles:
                raise Forbidden
            if door.scope not in g.scopes:
                raise OutOfScope(scope=door.scope)
            return once.guarded(view, **values)

        guarded.roles, guarded.scope = door.roles, door.scope  # type: ignore[attr-defined]  # read by the house's tests
        described: Any = rated(API)(guarded)
        for status, schema in door.gives.items():
            described = blueprint.response(status, schema)(described)
        for status, refusal in sorted(door.refuses.items()):
            described = blueprint.alt_response(status, schema=refusal)(described)
        described = blueprint.doc(**door.doc)(described)
        blueprint.route(rule, methods=[method], tags=[tag])(described)
        return cast(View, described)

    return add


def _content(takes: type[Schema] | str) -> dict[str, object]:
    if isinstance(takes, str):
        return {takes: {"schema": {"type": "string", "format": "binary"}}}
    return {"application/json": {"schema": takes}}


def _told(statuses: Sequence[int], named: Refusals) -> dict[int, type[Schema]]:
    more = named if isinstance(named, Mapping) else dict.fromkeys(named, RefusalOut)
    return {**dict.fromkeys(statuses, RefusalOut), **more}
