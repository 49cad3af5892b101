"""Photos from strangers' phones: what is kept, what is refused, and that a file is never half."""

import hashlib
import io
import os
import stat
import struct
import zlib
from pathlib import Path
from random import Random

import pytest
from PIL import Image

from dispatch.photos import BadPhoto, PhotoTooLarge, clean_photo, photo_path, store_photo

ORIENTATION, DESCRIPTION, GPS = 0x0112, 0x010E, 0x8825
TURNED_LEFT = 6
RED, BLUE = (200, 20, 20), (20, 20, 200)


def a_picture(
    kind: str = "JPEG",
    *,
    size: tuple[int, int] = (80, 60),
    mode: str = "RGB",
    exif: Image.Exif | None = None,
) -> bytes:
    picture = Image.new("RGB", size, RED)
    picture.paste(BLUE, (0, 0, size[0] // 2, size[1]))
    file = io.BytesIO()
    picture.convert(mode).save(file, kind, **({} if exif is None else {"exif": exif}))
    return file.getvalue()


def opened(clean: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(clean))
    picture.load()
    return picture


def a_png_that_claims(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose head promises that many pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 64)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


class TestWhatIsKept:
    @pytest.mark.parametrize(
        ("kind", "mode"),
        [("JPEG", "RGB"), ("JPEG", "CMYK"), ("JPEG", "L"), ("PNG", "P"), ("WEBP", "RGB")],
    )
    def test_is_a_jpeg_whatever_came(self, kind: str, mode: str) -> None:
        picture = opened(clean_photo(a_picture(kind, mode=mode)))

        assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (80, 60))

    def test_says_nothing_of_place_and_camera(self) -> None:
        exif = Image.Exif()
        exif[DESCRIPTION] = "taken by an S23 of Lin"
        exif.get_ifd(GPS)[1] = "N"
        raw = a_picture(exif=exif)
        assert b"taken by an S23 of Lin" in raw

        clean = clean_photo(raw)

        assert b"taken by an S23 of Lin" not in clean
        assert not opened(clean).getexif()

    def test_stands_upright(self) -> None:
        exif = Image.Exif()
        exif[ORIENTATION] = TURNED_LEFT

        picture = opened(clean_photo(a_picture(exif=exif)))

        # The blue left half of a picture that was held turned is its upper half.
        assert picture.size == (60, 80)
        top, bottom = picture.getpixel((30, 10)), picture.getpixel((30, 70))
        assert isinstance(top, tuple)
        assert isinstance(bottom, tuple)
        assert top[2] > top[0]
        assert bottom[0] > bottom[2]

    def test_loses_what_hangs_behind_its_end(self) -> None:
        clean = clean_photo(a_picture() + b"<script>steal()</script>")

        assert b"<script>" not in clean

    def test_is_no_larger_than_needed(self) -> None:
        picture = opened(clean_photo(a_picture(size=(4000, 1000))))

        assert picture.size == (2048, 512)

    def test_shows_white_where_it_was_see_through(self) -> None:
        file = io.BytesIO()
        Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(file, "PNG")

        assert opened(clean_photo(file.getvalue())).getpixel((4, 4)) == (255, 255, 255)

    def test_a_picture_at_the_limit_of_pixels(self) -> None:
        picture = opened(clean_photo(a_picture(size=(8000, 5000))))

        assert picture.size == (2048, 1280)


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        "raw",
        [
            pytest.param(b"", id="nothing"),
            pytest.param(a_picture("GIF"), id="a_gif"),
            pytest.param(a_picture("BMP"), id="a_bmp"),
            pytest.param(b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', id="an_svg"),
            pytest.param(b"<!doctype html><script>steal()</script>", id="a_page"),
            pytest.param(a_picture()[:-400], id="a_jpeg_cut_off"),
            pytest.param(a_picture("PNG")[:-60], id="a_png_cut_off"),
            pytest.param(a_picture("WEBP")[:-60], id="a_webp_cut_off"),
            pytest.param(a_picture()[:3], id="three_bytes"),
            pytest.param(a_png_that_claims(12_000, 9_000), id="far_too_many_pixels"),
            pytest.param(a_png_that_claims(60_000, 60_000), id="a_bomb"),
            pytest.param(a_png_that_claims(100, 100), id="a_picture_that_is_not_in_it"),
        ],
    )
    def test_what_is_no_photo(self, raw: bytes) -> None:
        with pytest.raises(BadPhoto) as refusal:
            clean_photo(raw)

        assert refusal.value.field == "photo"

    def test_a_row_of_pixels_more_than_forty_million(self) -> None:
        with pytest.raises(BadPhoto):
            clean_photo(a_picture(size=(8000, 5001)))

    def test_more_bytes_than_eight_megabytes(self) -> None:
        at_the_limit = a_picture().ljust(8 << 20, b"\0")

        assert clean_photo(at_the_limit)
        with pytest.raises(PhotoTooLarge):
            clean_photo(at_the_limit + b"\0")

    # Pillow complains of what it can mend; whether it can is what we ask.
    @pytest.mark.filterwarnings("ignore")
    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
    def test_any_other_harm_in_the_same_word(self, kind: str) -> None:
        chance = Random(kind)
        exif = Image.Exif()
        exif[ORIENTATION] = TURNED_LEFT
        whole = a_picture(kind, exif=exif)
        answers = set()
        for _ in range(400):
            raw = bytearray(whole)
            for _ in range(chance.choice([1, 3, 9])):
                raw[chance.randrange(len(raw))] = chance.randrange(256)
            try:
                answers.add(opened(clean_photo(bytes(raw))).format)
            except BadPhoto:
                answers.add("refused")

        assert answers == {"JPEG", "refused"}


class TestStoring:
    def test_names_the_file_by_its_content(self, tmp_path: Path) -> None:
        clean = clean_photo(a_picture())

        sha256 = store_photo(tmp_path / "photos", clean)

        assert sha256 == hashlib.sha256(clean).hexdigest()
        assert photo_path(tmp_path / "photos", sha256).read_bytes() == clean
        assert [file.name for file in (tmp_path / "photos").iterdir()] == [f"{sha256}.jpg"]

    def test_the_same_picture_twice_is_one_file(self, tmp_path: Path) -> None:
        first, again = (store_photo(tmp_path, clean_photo(a_picture())) for _ in range(2))

        assert first == again
        assert len(list(tmp_path.iterdir())) == 1

    def test_is_for_our_own_eyes(self, tmp_path: Path) -> None:
        path = photo_path(tmp_path, store_photo(tmp_path, clean_photo(a_picture())))

        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_leaves_nothing_behind_when_the_disk_is_full(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(_number: int) -> None:
            raise OSError("no space left on device")

        monkeypatch.setattr(os, "fsync", full)

        with pytest.raises(OSError, match="no space"):
            store_photo(tmp_path, clean_photo(a_picture()))

        assert list(tmp_path.iterdir()) == []

    def test_the_bytes_are_on_the_disk_before_the_name(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # What stood under its final name at each fsync: nothing at the file's, the file at the folder's.
        named: list[int] = []
        real = os.fsync

        def watched(number: int) -> None:
            named.append(len(list(tmp_path.glob("*.jpg"))))
            real(number)

        monkeypatch.setattr(os, "fsync", watched)

        store_photo(tmp_path, clean_photo(a_picture()))

        assert named == [0, 1]
