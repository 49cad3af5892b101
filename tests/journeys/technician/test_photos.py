"""Photos of the work over HTTP: what is kept, what is refused, and who may see them."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image

from dispatch import queries
from dispatch.states import VisitState
from kernel.db import transaction
from tests.journeys.consumer.pages import Page
from tests.journeys.technician.conftest import Crew
from tests.journeys.technician.hands import BASE, Given, Hands, a_photo, given

CAMERA = 0x0110


@pytest.fixture
def work(crew: Crew, hands: Hands) -> Given:
    """A visit in the midst of its work."""
    work = given(crew.member)
    hands.come_to(work, VisitState.IN_SERVICE)
    return work


def photos_of(work: Given) -> list[str]:
    with transaction(reads_only=True) as db:
        return [photo.number for photo in queries.photos(db, work.visit_id)]


def kept(folder: Path) -> list[Path]:
    return sorted((folder / "photos").glob("*")) if (folder / "photos").exists() else []


def a_gif() -> bytes:
    file = io.BytesIO()
    Image.new("P", (9, 9)).save(file, "GIF")
    return file.getvalue()


def too_many_pixels() -> bytes:
    file = io.BytesIO()
    Image.new("1", (9000, 9000)).save(file, "PNG")
    return file.getvalue()


def a_bomb() -> bytes:
    """A few bytes that claim to be 100,000 × 100,000 pixels."""
    head = b"IHDR" + struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + head
        + struct.pack(">I", zlib.crc32(head))
        + b"\0" * 20
    )


class TestWhatIsKept:
    def test_is_shown_to_him_and_says_nothing_but_its_pixels(
        self, hands: Hands, work: Given
    ) -> None:
        exif = Image.Exif()
        exif[CAMERA] = "Lin's own camera"
        file = io.BytesIO()
        Image.new("RGB", (64, 48)).save(file, "JPEG", exif=exif)

        answer = hands.upload(work, [file.getvalue() + b"<script>steal()</script>"])

        assert (answer.status_code, answer.json) == (201, {"ok": True})
        [number] = photos_of(work)
        address = f"/t/visits/{work.number}/photos/{number}"
        assert f'src="{address}"' in hands.visit(work).answer.get_data(as_text=True)
        shown = hands.fetch(address)
        assert shown.mimetype == "image/jpeg"
        assert shown.headers["X-Content-Type-Options"] == "nosniff"
        assert shown.headers["Cache-Control"] == "private, max-age=86400, immutable"
        assert b"camera" not in shown.data
        assert b"script" not in shown.data
        assert Image.open(io.BytesIO(shown.data)).size == (64, 48)

    def test_several_by_a_plain_form(self, hands: Hands, work: Given) -> None:
        answer = hands.upload(work, [a_photo(shade=n) for n in (10, 90, 200)], accept="text/html")

        assert (answer.status_code, answer.location) == (303, f"/t/visits/{work.number}")
        assert len(photos_of(work)) == 3

    def test_the_same_one_twice_is_one(self, hands: Hands, work: Given) -> None:
        for _ in range(2):
            assert hands.upload(work, [a_photo()]).status_code == 201

        assert len(photos_of(work)) == 1

    def test_twenty_and_no_more(self, hands: Hands, work: Given, tmp_path: Path) -> None:
        for shade in range(0, 200, 10):
            assert hands.upload(work, [a_photo(shade=shade)]).status_code == 201

        answer = hands.upload(work, [a_photo(shade=255)])

        assert (answer.status_code, answer.json["error"]) == (409, "too_many_photos")  # type: ignore[index]  # the answer is JSON
        assert len(kept(tmp_path)) == len(photos_of(work)) == 20
        assert 'id="photo-form"' not in hands.visit(work).answer.get_data(as_text=True)


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        "make",
        [
            pytest.param(lambda: b"", id="no_bytes"),
            pytest.param(a_gif, id="a_gif"),
            pytest.param(lambda: b'<svg xmlns="http://www.w3.org/2000/svg"/>', id="an_svg"),
            pytest.param(lambda: b"<!doctype html><script>x()</script>", id="a_page"),
            pytest.param(lambda: a_photo()[:-200], id="cut_off"),
            pytest.param(too_many_pixels, id="81_million_pixels"),
            pytest.param(a_bomb, id="a_bomb"),
        ],
    )
    def test_leaves_nothing_behind(
        self, hands: Hands, work: Given, tmp_path: Path, make: Callable[[], bytes]
    ) -> None:
        answer = hands.upload(work, [make()])

        assert answer.status_code == 422
        told = answer.get_json()
        assert (told["error"], told["field"]) == ("bad_photo", "photo")
        assert told["message"] == "这张照片打不开，请重新拍一张。支持 JPEG、PNG、WebP。"
        assert photos_of(work) == []
        assert kept(tmp_path) == []

    @pytest.mark.parametrize(
        "size",
        [pytest.param((8 << 20) + 1, id="a_byte_too_many"), pytest.param(9 << 20, id="9_mb")],
    )
    def test_what_is_too_large_is_told_so(
        self, hands: Hands, work: Given, tmp_path: Path, size: int
    ) -> None:
        answer = hands.upload(work, [a_photo().ljust(size, b"\0")])

        assert answer.status_code == 413
        assert answer.get_json()["error"] == "too_large"
        assert kept(tmp_path) == []

    def test_a_plain_form_gets_its_page_with_the_sentence(self, hands: Hands, work: Given) -> None:
        page = Page(hands.upload(work, [b"<svg/>"], accept="text/html"))

        assert page.status == 422
        assert page.said("photo-error") == "这张照片打不开，请重新拍一张。支持 JPEG、PNG、WebP。"
        assert page.said("photo-card").startswith("照片")

    def test_a_form_without_a_photo_is_told_so(self, hands: Hands, work: Given) -> None:
        page = Page(hands.upload(work, [], accept="text/html"))

        assert page.said("photo-error") == "还没有选照片，请先拍一张。"

    def test_a_photo_before_the_arrival(self, hands: Hands, crew: Crew, tmp_path: Path) -> None:
        early = given(crew.member)

        answer = hands.upload(early, [a_photo()])

        assert answer.status_code == 409
        assert kept(tmp_path) == []


class TestWhoMaySee:
    def test_not_a_colleague(self, hands: Hands, colleague: Hands, work: Given) -> None:
        hands.upload(work, [a_photo()])
        [number] = photos_of(work)

        assert colleague.fetch(f"/t/visits/{work.number}/photos/{number}").status_code == 404
        assert colleague.upload(work, [a_photo(shade=9)]).status_code == 404
        assert photos_of(work) == [number]

    def test_not_by_way_of_another_visit(self, hands: Hands, crew: Crew, work: Given) -> None:
        hands.upload(work, [a_photo()])
        [number] = photos_of(work)
        other = given(crew.member, opens_h=15)

        assert hands.fetch(f"/t/visits/{other.number}/photos/{number}").status_code == 404

    def test_not_a_stranger(self, app: Flask, hands: Hands, work: Given) -> None:
        hands.upload(work, [a_photo()])
        [number] = photos_of(work)

        answer = app.test_client().get(f"/t/visits/{work.number}/photos/{number}", base_url=BASE)

        assert answer.status_code == 302
