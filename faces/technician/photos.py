"""Photos of the work: taken in, and shown to the technician who took them."""

from collections.abc import Iterator
from pathlib import Path

from flask import request, send_file
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge

from dispatch import photos, queries
from dispatch.operations import visits
from dispatch.operations.visits import PHOTOS_MAX
from dispatch.queries import VisitMissing
from faces.chrome import call, media
from faces.chrome.sign_in import signed_in
from faces.technician.acting import moved_on, refused
from faces.technician.forms import PhotosForm
from faces.technician.routes import blueprint
from kernel.actor import Role
from kernel.db import transaction
from kernel.errors import Invalid, Missing, Refusal
from kernel.words import msg

# A photo never changes under its number; only its owner's browser may keep it.
CACHE_CONTROL = "private, max-age=86400, immutable"


class NoPhoto(Invalid):
    """Nothing was chosen."""

    code = "bad_photo"
    says = msg("还没有选照片，请先拍一张。")


@blueprint.post("/visits/<number>/photos")
@signed_in(Role.TECHNICIAN)
def add_photos(number: str) -> ResponseReturnValue:
    """Take in one photo or several: all of them, or none when one is refused.

    Scripts ask for JSON and send one at a time; a form without scripts gets its page back.
    """
    try:
        # Before anything is read and decoded: may it be his, and now?
        with transaction(reads_only=True) as db:
            visit = queries.own_visit(db, number=number, technician_id=call.actor().id)
            visits.check_takes_photos(db, visit)
        kept = [_kept(raw) for raw in _given()]
        with call.once() as db:
            for sha256 in kept:
                visits.add_photo(db, number=number, sha256=sha256, by=call.actor(), now=call.now())
            if call.wants_json():
                return call.answers({"ok": True}, 201)
    except Refusal as refusal:
        if call.wants_json() or isinstance(refusal, VisitMissing):
            raise
        return refused(number, refusal)
    return moved_on(number)


@blueprint.get("/visits/<number>/photos/<photo>")
@signed_in(Role.TECHNICIAN)
def photo(number: str, photo: str) -> ResponseReturnValue:
    """Send one photo of his own visit."""
    with transaction(reads_only=True) as db:
        visit = queries.own_visit(db, number=number, technician_id=call.actor().id)
        found = [p.sha256 for p in queries.photos(db, visit.id) if p.number == photo]
    if not found:
        raise Missing
    path = photos.photo_path(_folder(), found[0])
    if not path.is_file():
        raise Missing
    answer = send_file(path.absolute(), mimetype="image/jpeg", etag=found[0])
    answer.headers["Cache-Control"] = CACHE_CONTROL
    return answer


def one_photo(media_id: str = "") -> str:
    """Store the one photo that was sent as `photo`, or that lies at WeChat, and return its hash.

    Raises NoPhoto, BadPhoto, PhotoTooLarge, MediaGone, MediaAway.
    """
    sent = _sent()
    if sent:
        return _kept(_read(sent[0]))
    if not media_id:
        raise NoPhoto(field="photo")
    return _kept(media.fetched(media_id))


def _given() -> Iterator[bytes]:
    """Yield what was sent as `photo` or named as `media_id`, PHOTOS_MAX at most, one in memory at a time.

    Raises NoPhoto, PhotoTooLarge, MediaGone, MediaAway.
    """
    try:
        named, sent = call.form(PhotosForm())["media_id"], _sent()
    except RequestEntityTooLarge as error:
        raise photos.PhotoTooLarge(field="photo") from error
    if not sent and not named:
        raise NoPhoto(field="photo")
    yield from map(_read, sent[:PHOTOS_MAX])
    yield from map(media.fetched, named)


def _sent() -> list[FileStorage]:
    return [file for file in request.files.getlist("photo") if file.filename]


def _read(file: FileStorage) -> bytes:
    # One byte more than allowed tells that it is too large.
    raw = file.stream.read(photos.PHOTO_BYTES_MAX + 1)
    file.stream.seek(0)
    return raw


def _kept(raw: bytes) -> str:
    """Store one photo on the disk, before the database speaks of it, and return its hash."""
    return photos.store_photo(_folder(), photos.clean_photo(raw))


def _folder() -> Path:
    return call.settings().data_dir / "photos"
