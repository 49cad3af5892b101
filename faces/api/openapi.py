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
    api: Any = current_app.extensions["doorbell.api"]
    return jsonify(api.spec.to_dict())


def register(app: Flask) -> None:
    """Put the API's routes into the app and into its document."""
    app.config.update(API_TITLE="Doorbell 门铃", API_VERSION=VERSION, OPENAPI_VERSION="3.0.3")
    api = HouseApi(app, spec_kwargs={"info": {"description": _ABOUT}, "security": [{"token": []}]})
    api.spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    # What the library describes beside our own and no route of ours answers.
    for name in ("Error", "PaginationMetadata"):
        api.spec.components.schemas.pop(name, None)
    api.register_blueprint(pages.blueprint)
    app.register_blueprint(blueprint)
    app.extensions["doorbell.api"] = api
