"""The reader's language: Simplified Chinese first, English on request, kept in a cookie."""

from flask import Blueprint, Flask, redirect, request
from flask.typing import ResponseReturnValue

from faces.chrome.paths import safe_path
from faces.chrome.sign_in import public

COOKIE = "language"
TAGS = {"zh_Hans_CN": "zh-CN", "en": "en"}
DEFAULT = "zh_Hans_CN"
COOKIE_S = 365 * 86_400

blueprint = Blueprint("locale", __name__)


def chosen() -> str:
    """Return the locale of this request."""
    kept = request.cookies.get(COOKIE, "")
    return kept if kept in TAGS else DEFAULT


def register(app: Flask) -> None:
    """Give templates the tag of the reader's language."""
    app.context_processor(lambda: {"locale": TAGS[chosen()]})


@blueprint.post("/language/<name>")
@public
def choose(name: str) -> ResponseReturnValue:
    """Switch the language and go back."""
    answer = redirect(safe_path(request.form.get("next", "/c/")))
    if name in TAGS:
        answer.set_cookie(
            COOKIE, name, max_age=COOKIE_S, secure=True, httponly=True, samesite="Lax"
        )
    return answer
