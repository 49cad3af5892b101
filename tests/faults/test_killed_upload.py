"""Row "kill -9, photo upload mid-file, before the row, after the row": never half a photo to be seen,
the upload goes on from where it was cut, and a file that no row speaks of is swept.
"""

import fcntl
import functools
import hashlib
import os
import signal
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from app import SPEAK_OF_PHOTOS
from dispatch import photos, queries
from dispatch.models import VisitPhoto
from dispatch.photos import LEFT_S
from dispatch.states import VisitState
from kernel.clock import wall_s
from kernel.db import Session, transaction
from tests.faults.lives import Fork
from tests.house import a_branch, a_member, a_service, a_technician, an_app, close_connections
from tests.journeys.technician.hands import Given, Hands, a_photo, given


def die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_with_the_row(moment: str) -> None:
    """Die at that moment of the transaction which has the photo's row."""
    written: list[object] = []
    event.listen(VisitPhoto, "after_insert", lambda *_: written.append(1))
    event.listen(Session, moment, lambda _: die() if written else None)


def die_at_the_second_piece() -> None:
    """Die as soon as the second piece has its turn: each takes the part file for itself."""
    taken: list[object] = []
    flock = fcntl.flock

    def take(*of: Any) -> None:
        taken.append(of)
        if len(taken) > 1:
            die()
        flock(*of)

    fcntl.flock = take


# When the power fails; then how many names, whole files and rows there are, and how much has arrived.
HALF, ALL = len(a_photo()) // 2, len(a_photo())
MOMENTS: dict[str, tuple[Callable[[], None], tuple[int, int, int], int]] = {
    "between_pieces": (die_at_the_second_piece, (1, 0, 0), HALF),
    "mid_file": (lambda: setattr(os, "fsync", die), (2, 0, 0), ALL),
    "before_the_row": (lambda: die_with_the_row("before_commit"), (2, 1, 0), ALL),
    "after_the_row": (lambda: die_with_the_row("after_commit"), (2, 1, 1), ALL),
}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """SQLite: what dies here is a file on its way."""
    return sqlite_url


@pytest.fixture
def work(app: Flask) -> Given:
    with transaction() as db:
        a_technician(db, branch_id=a_branch(db))
        a_service(db)
        member = a_member(db)
    work = given(member)
    Hands(app, 1).come_to(work, VisitState.IN_SERVICE)
    return work


def seen(folder: Path, work: Given) -> tuple[int, int, int]:
    """Return how many names there are, how many are whole photos, and how many rows."""
    names = list((folder / "photos").iterdir())
    whole = [path for path in names if path.suffix == ".jpg" and is_whole(path)]
    with transaction(reads_only=True) as db:
        return len(names), len(whole), len(queries.photos(db, work.visit_id))


def is_whole(path: Path) -> bool:
    return path.stem == hashlib.sha256(path.read_bytes()).hexdigest()


def kill_in(moment: str, database_url: str, folder: Path, work: Given) -> None:
    """Let him send a photo in two pieces from a process that dies at the moment."""
    make_app = functools.partial(an_app, database_url, data_dir=folder)

    def act() -> None:
        made = make_app()
        with made.app_context():
            phone = Hands(made, 1)
            MOMENTS[moment][0]()
            phone.send_piece(work, a_photo(), begins=0, ends=HALF)
            phone.send_piece(work, a_photo(), begins=HALF)

    close_connections()
    assert Fork(make_app, act).ended() == -signal.SIGKILL


def sweep_all(folder: Path, *, after_s: float) -> int:
    later_s = wall_s() + after_s
    return photos.sweep(folder, now_s=later_s) + photos.sweep_unspoken(
        folder, spoken_of=SPEAK_OF_PHOTOS, now_s=later_s
    )


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_upload_goes_on_and_is_one_whole_photo(
    app: Flask, database_url: str, tmp_path: Path, work: Given, moment: str
) -> None:
    _, left, here = MOMENTS[moment]
    kill_in(moment, database_url, tmp_path, work)
    assert seen(tmp_path, work) == left

    phone = Hands(app, 1)
    assert phone.arrived(work, a_photo()) == {"arrived": here, "kept": False}
    assert phone.send_piece(work, a_photo(), begins=here).status_code == 201

    assert phone.arrived(work, a_photo())["kept"] is True
    sweep_all(tmp_path / "photos", after_s=LEFT_S + 1)
    assert seen(tmp_path, work) == (1, 1, 1)


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_upload_that_is_given_up_leaves_nothing_but_what_a_row_speaks_of(
    database_url: str, tmp_path: Path, work: Given, moment: str
) -> None:
    kill_in(moment, database_url, tmp_path, work)
    left, rows = seen(tmp_path, work), seen(tmp_path, work)[2]

    assert sweep_all(tmp_path / "photos", after_s=0) == 0
    assert seen(tmp_path, work) == left

    sweep_all(tmp_path / "photos", after_s=LEFT_S + 1)
    assert seen(tmp_path, work) == (rows, rows, rows)


def test_a_photo_that_is_stored_again_is_not_swept_before_its_row(tmp_path: Path) -> None:
    sha256 = photos.store_photo(tmp_path, b"a photo")
    long_ago_s = wall_s() - LEFT_S - 1
    os.utime(photos.photo_path(tmp_path, sha256), (long_ago_s, long_ago_s))

    assert photos.store_photo(tmp_path, b"a photo") == sha256

    assert photos.sweep_unspoken(tmp_path, spoken_of=[], now_s=wall_s()) == 0


@pytest.mark.usefixtures("app")
def test_the_sweep_looks_again_once_it_has_the_folder(tmp_path: Path) -> None:
    # He who stores the same photo again may come between the question after its row and the removal.
    sha256 = photos.store_photo(tmp_path, b"a photo")

    def ask(_db: Session, _sha256s: Collection[str]) -> set[str]:
        later_s = wall_s() + LEFT_S + 1
        os.utime(photos.photo_path(tmp_path, sha256), (later_s, later_s))
        return set()

    assert photos.sweep_unspoken(tmp_path, spoken_of=[ask], now_s=wall_s() + LEFT_S + 1) == 0
    assert photos.photo_path(tmp_path, sha256).exists()


def test_a_folder_that_is_not_there_yet_is_swept(tmp_path: Path) -> None:
    assert sweep_all(tmp_path / "nothing", after_s=0) == 0
