"""A photo on its way in pieces: what has arrived stays, and its sender goes on from there.

Its pieces lie beside the photos until the last one came; `photos.sweep` removes what never did.
"""

import fcntl
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from dispatch import photos
from dispatch.operations.visits import PHOTOS_MAX, TooManyPhotos
from kernel.errors import Conflict, Invalid
from kernel.words import msg

SHA256_DIGITS = 64


class WrongOffset(Conflict):
    """The piece does not begin where what has `arrived` ends."""

    code = "wrong_offset"
    says = msg("这张照片已经收到 %(arrived)s 字节，请从那里接着传。")


class BadChecksum(Invalid):
    """What arrived is not what was announced; all of it is dropped."""

    code = "checksum"
    says = msg("照片在路上传坏了，请重新传一次。")


@dataclass(frozen=True, slots=True)
class Upload:
    """One photo for one visit, known by the sha256 of all its bytes."""

    folder: Path
    visit_id: int
    sha256: str

    @property
    def _part(self) -> Path:
        return self.folder / f"{photos.COMING}{self.visit_id}-{self.sha256}"

    @property
    def _kept(self) -> Path:
        return self._part.with_name(f"{self._part.name}-kept")

    def is_kept(self) -> bool:
        """Tell whether the whole photo was kept, so that whoever lost that answer sends no more."""
        return self._kept.exists()

    def arrived(self) -> int:
        """Return how many bytes are here."""
        try:
            return self._part.stat().st_size
        except FileNotFoundError:
            return 0

    def add(self, piece: bytes, *, begins: int) -> int:
        """Add the piece that begins at that byte and return how many are here then; one that came
        last already is not added again.

        Raises WrongOffset, TooManyPhotos when PHOTOS_MAX others are on their way to the visit,
        PhotoTooLarge.
        """
        if begins + len(piece) > photos.PHOTO_BYTES_MAX:
            raise photos.PhotoTooLarge(field="photo")
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self._part.exists() and self._others() >= PHOTOS_MAX:
            raise TooManyPhotos(field="photo")
        with self._part.open("a+b") as file:
            # One hand at a time, and the last byte is out of our hands before the next one looks.
            fcntl.flock(file, fcntl.LOCK_EX)
            arrived = os.fstat(file.fileno()).st_size
            file.seek(begins)
            if begins == arrived:
                file.write(piece)
                file.flush()
            elif file.read() != piece:
                raise WrongOffset(arrived=arrived)
        return begins + len(piece)

    def whole(self) -> bytes:
        """Return all bytes. Raises BadChecksum when they are not those announced."""
        try:
            raw = self._part.read_bytes()
        except FileNotFoundError:
            raw = b""
        if hashlib.sha256(raw).hexdigest() != self.sha256:
            self.drop()
            raise BadChecksum(field="photo")
        return raw

    def end(self) -> None:
        """Let the pieces go once the photo is kept, and remember only that it is."""
        self._kept.touch()
        self.drop()

    def drop(self) -> None:
        """Let the pieces go: there is nothing to go on from."""
        self._part.unlink(missing_ok=True)

    def _others(self) -> int:
        parts = self.folder.glob(f"{photos.COMING}{self.visit_id}-*")
        return sum(not part.name.endswith("-kept") for part in parts)
