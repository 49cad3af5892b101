"""A photo of the work that goes up in pieces: cut anywhere, it goes on from what has arrived."""

import re

from flask.typing import ResponseReturnValue
from marshmallow import fields, validate

from dispatch import photos, queries
from dispatch.operations import visits
from dispatch.uploads import SHA256_DIGITS, Upload
from faces.chrome import call
from faces.chrome.limits import Rate, rated
from faces.chrome.schema import Form
from faces.chrome.sign_in import signed_in
from faces.technician.routes import blueprint
from kernel.actor import Role
from kernel.db import transaction
from kernel.errors import Missing

PIECE = "application/octet-stream"
# A hundred photos' pieces; a queue that was filled without a network is sent at once.
UPLOADS = Rate("uploads", "600 per minute")


class PieceForm(Form):
    """Where in the photo a piece begins, and how many bytes the whole photo has."""

    begins = fields.Integer(required=True, validate=validate.Range(0, photos.PHOTO_BYTES_MAX))
    of = fields.Integer(required=True, validate=validate.Range(1))


@blueprint.get("/visits/<number>/uploads/<sha256>")
@signed_in(Role.TECHNICIAN)
def uploaded(number: str, sha256: str) -> ResponseReturnValue:
    """Say how much of the photo has arrived, and whether all of it is kept."""
    upload = _upload(number, sha256)
    return call.answers({"arrived": upload.arrived(), "kept": upload.is_kept()})


@blueprint.post("/visits/<number>/uploads/<sha256>")
@signed_in(Role.TECHNICIAN)
@rated(UPLOADS)
def upload_piece(number: str, sha256: str) -> ResponseReturnValue:
    """Take in a piece; with the last one the photo is kept. An empty piece is one, too: it ends an
    upload of which all had arrived."""
    upload = _upload(number, sha256)
    given, piece = call.query(PieceForm()), call.raw(PIECE)
    if upload.is_kept():
        return call.answers({"arrived": given["of"], "kept": True}, 201)
    if given["of"] > photos.PHOTO_BYTES_MAX:
        raise photos.PhotoTooLarge(field="photo")
    with transaction(reads_only=True) as db:
        visits.check_takes_photos(db, queries.visit(db, upload.visit_id))
    arrived = upload.add(piece, begins=given["begins"])
    if arrived < given["of"]:
        return call.answers({"arrived": arrived, "kept": False})
    stored = photos.store_photo(upload.folder, _cleaned(upload))
    with call.once() as db:
        visits.add_photo(db, number=number, sha256=stored, by=call.actor(), now=call.now())
        answer = call.answers({"arrived": arrived, "kept": True}, 201)
    upload.end()
    return answer


def _cleaned(upload: Upload) -> bytes:
    """Return the photo drawn anew. Raises BadChecksum, BadPhoto, and lets such a photo's pieces go."""
    raw = upload.whole()
    try:
        return photos.clean_photo(raw)
    except photos.BadPhoto:
        upload.drop()
        raise


def _upload(number: str, sha256: str) -> Upload:
    """Return the upload to his own visit. Raises Missing."""
    if not re.fullmatch(rf"[0-9a-f]{{{SHA256_DIGITS}}}", sha256):
        raise Missing
    with transaction(reads_only=True) as db:
        visit = queries.own_visit(db, number=number, technician_id=call.actor().id)
        return Upload(call.settings().data_dir / "photos", visit.id, sha256)
