"""Pictures that a member adds to what he says, and those of his own case.

A picture is named by a token that only this member's pages can make: so nobody looks at another's.
"""

from collections.abc import Iterable
from pathlib import Path

from flask import render_template, request, send_file
from flask.typing import ResponseReturnValue
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.datastructures import FileStorage

from dispatch import photos
from faces.chrome import call, media
from faces.chrome.errors import sentence_of
from faces.chrome.limits import Rate, rated
from faces.chrome.once import repeatable
from faces.chrome.sign_in import signed_in
from faces.consumer.photos import CACHE_CONTROL
from faces.consumer.routes import blueprint
from kernel.actor import Role
from kernel.errors import Invalid, Missing
from kernel.words import msg
from members.policy import PHOTOS_MAX

PICTURES = Rate("pictures", "20 per minute")


class PictureGone(Invalid):
    """It was added so long ago that it was swept: he may choose it anew, or leave it out."""

    code = "picture_gone"
    says = msg("有一张照片放得太久，已经清掉了。请不勾它，或重新选一次。")


@blueprint.post("/pictures")
@signed_in(Role.MEMBER)
@rated(PICTURES)
@repeatable("keeps a picture under its own content: the same twice is one")
def add_picture() -> ResponseReturnValue:
    """Take in pictures, one at a time as a rule, and answer with what the form then carries.

    `media_id` names one that lies at WeChat; while WeChat does not give it, it can be asked for again.
    """
    media_id = request.form.get("media_id", "")
    tokens, error, again = [], "", ""
    try:
        tokens = [token_of(_kept(media.fetched(media_id)))] if media_id else taken_in()
    except (Invalid, media.MediaAway) as refusal:
        error = sentence_of(refusal)
        again = media_id if isinstance(refusal, media.MediaAway) else ""
    return render_template("consumer/picture.html", tokens=tokens, error=error, again=again)


@blueprint.get("/pictures/<token>")
@signed_in(Role.MEMBER)
def picture(token: str) -> ResponseReturnValue:
    """Send a picture that this member's pages named."""
    path = photos.photo_path(_folder(), sha256_of(token))
    if not path.is_file():
        raise Missing
    answer = send_file(path.absolute(), mimetype="image/jpeg", conditional=True)
    answer.headers["Cache-Control"] = CACHE_CONTROL
    return answer


def taken_in() -> list[str]:
    """Store the pictures of this call and return their tokens. Raises BadPhoto, PhotoTooLarge."""
    files = [file for file in request.files.getlist("photo") if file.filename]
    return [token_of(_stored(file)) for file in files[:PHOTOS_MAX]]


def token_of(sha256: str) -> str:
    """Return the name of a stored picture, good for this member alone."""
    return str(_signer().dumps(sha256))


def sha256_of(token: str) -> str:
    """Return what a token of this member names. Raises Missing."""
    try:
        return str(_signer().loads(token))
    except BadSignature as error:
        raise Missing from error


def named(tokens: Iterable[str]) -> list[str]:
    """Return what the tokens of a form name, each once. Raises Missing, PictureGone."""
    found = list(dict.fromkeys(sha256_of(token) for token in tokens))
    if not all(photos.touch(_folder(), sha256) for sha256 in found):
        raise PictureGone(field="photos")
    return found


def _stored(file: FileStorage) -> str:
    # One byte more than allowed tells that it is too large.
    return _kept(file.stream.read(photos.PHOTO_BYTES_MAX + 1))


def _kept(raw: bytes) -> str:
    return photos.store_photo(_folder(), photos.clean_photo(raw))


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(call.settings().secret_key, salt=f"picture:{call.actor().id}")


def _folder() -> Path:
    return call.settings().data_dir / "photos"
