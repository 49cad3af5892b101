"""The test client: like a browser on our pages, it gives each press a key of its own."""

import uuid
from collections.abc import Mapping
from typing import Any

from flask.testing import FlaskClient
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

from faces.chrome.call import KEY_FIELD, KEY_HEADER
from faces.chrome.once import SAFE_METHODS

GET = "GET"


class PressingClient(FlaskClient):
    """Adds a fresh Idempotency-Key to each unsafe call that brings none by itself.

    A test that sends none says so: `headers={"Idempotency-Key": ""}`.
    """

    def open(self, *args: Any, **options: Any) -> TestResponse:
        if options.get("method", GET).upper() not in SAFE_METHODS and not _has_key(options):
            options["headers"] = Headers(options.get("headers"))
            options["headers"][KEY_HEADER] = str(uuid.uuid4())
        return super().open(*args, **options)


def _has_key(options: Mapping[str, Any]) -> bool:
    data = options.get("data")
    is_in_form = isinstance(data, Mapping) and KEY_FIELD in data
    return is_in_form or KEY_HEADER in Headers(options.get("headers"))
