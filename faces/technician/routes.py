"""The blueprint of the technician's pages, and what all their templates may call."""

from flask import Blueprint

from faces.chrome import call, maps
from faces.technician import words

blueprint = Blueprint("technician", __name__, url_prefix="/t")


@blueprint.context_processor
def _shared() -> dict[str, object]:
    return {
        "day_words": lambda day: words.day_words(day, now=call.now()),
        "navigation_url": maps.navigation_url,
        "now": call.now(),
    }
