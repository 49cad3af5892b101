"""A photo in pieces over HTTP: cut anywhere, it goes on from what has arrived."""

import hashlib
from pathlib import Path

import pytest
from flask import Flask

from dispatch import queries
from dispatch.operations.visits import PHOTOS_MAX
from dispatch.states import VisitState
from kernel.db import transaction
from tests.journeys.technician.conftest import Crew
from tests.journeys.technician.hands import BASE, Given, Hands, a_photo, given

RAW = a_photo()
HALF, ALL = len(RAW) // 2, len(RAW)


@pytest.fixture
def work(crew: Crew, hands: Hands) -> Given:
    """A visit in the midst of its work."""
    work = given(crew.member)
    hands.come_to(work, VisitState.IN_SERVICE)
    return work


def photos_of(work: Given) -> int:
    with transaction(reads_only=True) as db:
        return len(queries.photos(db, work.visit_id))


def parts(folder: Path) -> list[Path]:
    return [path for path in (folder / "photos").glob(".coming-*") if path.stat().st_size]


class TestGoingOn:
    def test_from_what_has_arrived(self, hands: Hands, work: Given, tmp_path: Path) -> None:
        assert hands.arrived(work, RAW) == {"arrived": 0, "kept": False}

        first = hands.send_piece(work, RAW, begins=0, ends=HALF)
        assert (first.status_code, first.json) == (200, {"arrived": HALF, "kept": False})
        assert hands.arrived(work, RAW) == {"arrived": HALF, "kept": False}
        assert photos_of(work) == 0

        last = hands.send_piece(work, RAW, begins=HALF)
        assert (last.status_code, last.json) == (201, {"arrived": ALL, "kept": True})
        assert photos_of(work) == 1
        assert parts(tmp_path) == []

    @pytest.mark.parametrize(
        "begins",
        [
            pytest.param(0, id="from_the_beginning"),
            pytest.param(HALF + 1, id="leaving_a_byte_out"),
            pytest.param(HALF - 1, id="a_byte_twice"),
        ],
    )
    def test_from_elsewhere_is_told_where(self, hands: Hands, work: Given, begins: int) -> None:
        hands.send_piece(work, RAW, begins=0, ends=HALF)

        answer = hands.send_piece(work, RAW, begins=begins)

        assert answer.status_code == 409
        told = answer.get_json()
        assert (told["error"], told["arrived"]) == ("wrong_offset", HALF)
        assert hands.send_piece(work, RAW, begins=HALF).status_code == 201

    def test_a_piece_whose_answer_was_lost_counts_once(self, hands: Hands, work: Given) -> None:
        for _ in range(2):
            assert hands.send_piece(work, RAW, begins=0, ends=HALF).status_code == 200
        for _ in range(2):
            assert hands.send_piece(work, RAW, begins=HALF).status_code == 201

        assert hands.arrived(work, RAW)["kept"] is True
        assert photos_of(work) == 1

    def test_the_end_of_one_of_which_all_had_arrived(self, hands: Hands, work: Given) -> None:
        bad = hashlib.sha256(RAW + b"!").hexdigest()
        hands.send_piece(work, RAW + b"!", begins=0, ends=ALL)

        # The byte that is missing is announced; without it nothing is kept.
        assert hands.send_piece(work, RAW + b"!", begins=ALL, ends=ALL).status_code == 200
        assert hands.send_piece(work, RAW, begins=ALL, sha256=bad).status_code == 422
        assert photos_of(work) == 0


class TestWhatIsRefused:
    def test_bytes_that_are_not_those_announced(
        self, hands: Hands, work: Given, tmp_path: Path
    ) -> None:
        answer = hands.send_piece(work, RAW, begins=0, sha256="0" * 64)

        assert (answer.status_code, answer.get_json()["error"]) == (422, "checksum")
        assert (photos_of(work), parts(tmp_path)) == (0, [])

    def test_what_is_no_photo_leaves_nothing_behind(
        self, hands: Hands, work: Given, tmp_path: Path
    ) -> None:
        answer = hands.send_piece(work, b"<svg/>", begins=0)

        assert (answer.status_code, answer.get_json()["error"]) == (422, "bad_photo")
        assert (photos_of(work), parts(tmp_path)) == (0, [])

    def test_more_than_eight_megabytes_before_they_are_sent(
        self, hands: Hands, work: Given, tmp_path: Path
    ) -> None:
        answer = hands.send_piece(work, RAW.ljust((8 << 20) + 1, b"\0"), begins=0, ends=9)

        assert (answer.status_code, answer.get_json()["error"]) == (413, "too_large")
        assert parts(tmp_path) == []

    def test_more_on_their_way_than_a_visit_has_photos(self, hands: Hands, work: Given) -> None:
        for shade in range(PHOTOS_MAX):
            hands.send_piece(work, a_photo(shade=10 * shade), begins=0, ends=9)

        answer = hands.send_piece(work, a_photo(shade=255), begins=0, ends=9)
        assert (answer.status_code, answer.get_json()["error"]) == (409, "too_many_photos")
        # One that is on its way already goes on.
        assert hands.send_piece(work, a_photo(shade=0), begins=9).status_code == 201

    def test_a_photo_before_the_arrival(self, hands: Hands, crew: Crew, tmp_path: Path) -> None:
        early = given(crew.member)

        assert hands.send_piece(early, RAW, begins=0).status_code == 409
        assert parts(tmp_path) == []

    def test_a_name_that_is_no_sum(self, hands: Hands, work: Given) -> None:
        assert hands.send_piece(work, RAW, begins=0, sha256="..").status_code in {404, 405}
        assert hands.send_piece(work, RAW, begins=0, sha256="A" * 64).status_code == 404

    def test_a_colleague_and_a_stranger(
        self, app: Flask, hands: Hands, colleague: Hands, work: Given
    ) -> None:
        hands.send_piece(work, RAW, begins=0, ends=HALF)

        assert colleague.send_piece(work, RAW, begins=HALF).status_code == 404
        address = f"/t/visits/{work.number}/uploads/{'0' * 64}"
        assert app.test_client().get(address, base_url=BASE).status_code == 302
        assert hands.arrived(work, RAW)["arrived"] == HALF
