"""Photos of the work: only what we have drawn anew ourselves is kept, named by its own content."""

import contextlib
import fcntl
import hashlib
import io
import os
import struct
import tempfile
import zlib
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from PIL import Image, ImageOps

from kernel.db import Session, transaction
from kernel.errors import Invalid
from kernel.words import msg

PHOTO_BYTES_MAX = 8 << 20
PIXELS_MAX = 40_000_000
# The longer side of what is kept; enough to read a name plate.
SIDE_PX_MAX = 2048
JPEG_QUALITY = 82
# What is still on its way after so long comes no more, and a whole photo that nothing speaks of by then
# never will be spoken of: a phone has been without a network for as long, and no file lies for a day.
LEFT_S = 12 * 3600.0
COMING = ".coming-"
_ASKED_AT_ONCE = 500
_FORMATS = ("JPEG", "PNG", "WEBP")
# What Pillow's decoders raise for files that are broken, cut off or made to harm.
_UNREADABLE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    TypeError,
    OverflowError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)

# Which of these photos, by their sha256, some rows speak of.
SpokenOf = Callable[[Session, Collection[str]], set[str]]


class BadPhoto(Invalid):
    """Not a JPEG, PNG or WebP picture that can be read to its end, or of PIXELS_MAX and more."""

    code = "bad_photo"
    says = msg("这张照片打不开，请重新拍一张。支持 JPEG、PNG、WebP。")


class PhotoTooLarge(Invalid):
    """More than PHOTO_BYTES_MAX bytes."""

    code = "too_large"
    says = msg("这张照片超过 8 MB，请调低相机的分辨率再拍。")


def clean_photo(raw: bytes) -> bytes:
    """Return the picture drawn anew as a JPEG: upright, SIDE_PX_MAX at most, nothing but pixels.

    Whatever else the file held (place, camera, scripts behind the end) is gone. Raises BadPhoto,
    PhotoTooLarge.
    """
    if len(raw) > PHOTO_BYTES_MAX:
        raise PhotoTooLarge(field="photo")
    try:
        with Image.open(io.BytesIO(raw), formats=_FORMATS) as picture:
            if picture.width * picture.height > PIXELS_MAX:
                raise BadPhoto(field="photo")
            # A JPEG is decoded no larger than we need it: less memory, and much faster.
            picture.draft("RGB", (SIDE_PX_MAX, SIDE_PX_MAX))
            return _drawn_anew(picture)
    except _UNREADABLE as error:
        raise BadPhoto(field="photo") from error


def store_photo(folder: Path, clean: bytes) -> str:
    """Keep a clean photo under its sha256, which is returned; the same picture twice is one file.

    The file is whole on the disk before its name exists, so that a row never points at half of one.
    """
    sha256 = hashlib.sha256(clean).hexdigest()
    path = photo_path(folder, sha256)
    folder.mkdir(parents=True, exist_ok=True)
    if touch(folder, sha256):
        return sha256
    number, name = tempfile.mkstemp(dir=folder, prefix=COMING)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(clean)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()
        raise
    _sync_folder(folder)
    return sha256


def touch(folder: Path, sha256: str) -> bool:
    """Keep the photo from being swept for LEFT_S more, while a row for it is written; tell whether it
    is there at all."""
    if not folder.is_dir():
        return False
    with _held(folder), contextlib.suppress(FileNotFoundError):
        os.utime(photo_path(folder, sha256))
        return True
    return False


def sweep(folder: Path, *, now_s: float) -> int:
    """Remove the halves whose rest never came; return how many. Safe to repeat."""
    return sum(_remove_old(half, now_s) for half in folder.glob(f"{COMING}*"))


def sweep_unspoken(folder: Path, *, spoken_of: Collection[SpokenOf], now_s: float) -> int:
    """Remove the whole photos whose row was never written, as by a kill between file and row; return
    how many. Safe to repeat, and beside hands that store the same photo again."""
    removed = 0
    old = [path for path in folder.glob("*.jpg") if _is_old(path, now_s)]
    for first in range(0, len(old), _ASKED_AT_ONCE):
        paths = old[first : first + _ASKED_AT_ONCE]
        names = [path.stem for path in paths]
        with transaction(reads_only=True) as db:
            known = set[str]().union(*(ask(db, names) for ask in spoken_of))
        for path in paths:
            if path.stem not in known:
                with _held(folder):
                    removed += _remove_old(path, now_s)
    return removed


def photo_path(folder: Path, sha256: str) -> Path:
    """Return where the photo of that sha256 lies."""
    return folder / f"{sha256}.jpg"


def _drawn_anew(picture: Image.Image) -> bytes:
    upright = ImageOps.exif_transpose(picture)
    upright.thumbnail((SIDE_PX_MAX, SIDE_PX_MAX))
    layer = upright.convert("RGBA") if upright.has_transparency_data else None
    paper = Image.new("RGB", upright.size, "white")
    paper.paste(layer or upright.convert("RGB"), mask=layer)
    drawn = io.BytesIO()
    paper.save(drawn, "JPEG", quality=JPEG_QUALITY)
    return drawn.getvalue()


def _remove_old(path: Path, now_s: float) -> bool:
    with contextlib.suppress(FileNotFoundError):
        if _is_old(path, now_s):
            path.unlink()
            return True
    return False


def _is_old(path: Path, now_s: float) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_mtime < now_s - LEFT_S
    return False


@contextlib.contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Hold the folder against other processes: nobody finds a photo that another one is removing."""
    number = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
