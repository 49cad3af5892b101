"""Is the house alive?"""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from faces.chrome.limits import UNCOUNTED, rated
from faces.chrome.sign_in import public
from kernel import outbox
from kernel.db import transaction

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@public
@rated(UNCOUNTED)
def health() -> ResponseReturnValue:
    """Answer 200 while the database answers; says nothing more to strangers."""
    with transaction(reads_only=True) as db:
        outbox.latest_id(db)
    return {"ok": True}
