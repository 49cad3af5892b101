"""The API's own description, for whoever writes a client."""

from typing import Any

from flask import Blueprint, Flask, current_app, jsonify
from flask.typing import ResponseReturnValue
from flask_smorest import Api

from faces.api import pages
from faces.chrome.sign_in import public

VERSION = "1"
_ABOUT = """Other systems book, confirm and follow home visits here.

Send your token as `Authorization: Bearer …`. Each unsafe call carries an `Idempotency-Key`, a UUID of
your own: sent again after a lost answer it has no second effect. A refusal is JSON with `error` (a
code), `message` (a sentence), `field` and `request` (its number, for our support). 429 and 503 say in
`Retry-After` after how many seconds to come again.
"""

blueprint = Blueprint("openapi", __name__)


class HouseApi(Api):  # type: ignore[misc]  # the library has no types
    """flask-smorest's Api; refusals stay with `faces.chrome.errors`."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        """Leave them as they are."""


@blueprint.get("/api/openapi.json")
@public
def document() -> ResponseReturnValue:
    """Give the OpenAPI document."""
    return jsonify(described(current_app))


def described(app: Flask) -> dict[str, Any]:
    """Return the document of the app's API, written when it is first asked for: few processes are."""
    known: dict[str, Any] | None = app.extensions.get("doorbell.api")
    if known is None:
        known = app.extensions["doorbell.api"] = _written(app)
    return known


def _written(app: Flask) -> dict[str, Any]:
    about = {"info": {"description": _ABOUT}, "security": [{"token": []}]}
    api: Any = HouseApi(app, spec_kwargs=about)
    api.spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    # What the library describes beside our own and no route of ours answers.
    for name in ("Error", "PaginationMetadata"):
        api.spec.components.schemas.pop(name, None)
    routes: Any = pages.blueprint
    routes.register_views_in_doc(api, app, api.spec, name=routes.name, parameters=None)
    api.spec.tag({"name": routes.name, "description": routes.description})
    told: dict[str, Any] = api.spec.to_dict()
    return told


def register(app: Flask) -> None:
    """Put the API's routes and their document into the app."""
    app.config.update(API_TITLE="Doorbell 门铃", API_VERSION=VERSION, OPENAPI_VERSION="3.0.3")
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(blueprint)
