"""Photos of the work, for the member whose home it is."""

from flask import send_file
from flask.typing import ResponseReturnValue

from booking import queries
from dispatch import photos
from dispatch import queries as dispatch
from faces.chrome import call
from faces.chrome.sign_in import signed_in
from faces.consumer.routes import blueprint
from kernel.actor import Role
from kernel.db import transaction
from kernel.errors import Missing

# A photo never changes under its number; only its owner's browser may keep it.
CACHE_CONTROL = "private, max-age=86400, immutable"


@blueprint.get("/bookings/<number>/photos/<photo>")
@signed_in(Role.MEMBER)
def photo(number: str, photo: str) -> ResponseReturnValue:
    """Send one photo of the member's own visit."""
    with transaction(reads_only=True) as db:
        booking = queries.booking(db, number=number, by=call.actor())
        found = [p.sha256 for p in dispatch.photos(db, booking.visit_id) if p.number == photo]
    if not found:
        raise Missing
    path = photos.photo_path(call.settings().data_dir / "photos", found[0])
    if not path.is_file():
        raise Missing
    answer = send_file(path.absolute(), mimetype="image/jpeg", conditional=True, etag=found[0])
    answer.headers["Cache-Control"] = CACHE_CONTROL
    return answer
