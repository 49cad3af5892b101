"""The blueprint of the member's pages, and what all their templates may call."""

from flask import Blueprint

from faces.chrome import call, maps
from faces.consumer import words

blueprint = Blueprint("consumer", __name__, url_prefix="/c")


@blueprint.context_processor
def _shared() -> dict[str, object]:
    return {
        "navigation_url": maps.navigation_url,
        "moment": lambda at: words.moment(at, now=call.now()),
        "day_words": lambda at: words.day_words(at, now=call.now()),
        "spoken": words.spoken,
        "told": words.told,
        "spoken_window": words.spoken_window,
    }
