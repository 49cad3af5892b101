"""Row "kill -9, photo upload mid-file, before the row, after the row": never half a photo to be seen.

An upload is sent again from its beginning, not from where it was cut.
"""

import functools
import hashlib
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event

from dispatch import photos, queries
from dispatch.models import VisitPhoto
from dispatch.photos import HALF_S
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


# When the power fails; then how many names, whole files and rows there are.
MOMENTS: dict[str, tuple[Callable[[], None], tuple[int, int, int]]] = {
    "mid_file": (lambda: setattr(os, "fsync", die), (1, 0, 0)),
    "before_the_row": (lambda: die_with_the_row("before_commit"), (1, 1, 0)),
    "after_the_row": (lambda: die_with_the_row("after_commit"), (1, 1, 1)),
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


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_upload_again_is_one_whole_photo(
    app: Flask, database_url: str, tmp_path: Path, work: Given, moment: str
) -> None:
    fails, left = MOMENTS[moment]
    make_app = functools.partial(an_app, database_url, data_dir=tmp_path)

    def act() -> None:
        made = make_app()
        with made.app_context():
            phone = Hands(made, 1)
            fails()
            phone.upload(work, [a_photo()])

    close_connections()
    assert Fork(make_app, act).ended() == -signal.SIGKILL
    assert seen(tmp_path, work) == left

    assert Hands(app, 1).upload(work, [a_photo()]).status_code == 201

    photos.sweep(tmp_path / "photos", now_s=wall_s() + HALF_S + 1)
    assert seen(tmp_path, work) == (1, 1, 1)


def test_what_is_still_on_its_way_is_not_swept(tmp_path: Path) -> None:
    (tmp_path / ".coming-1").write_bytes(b"half")

    assert photos.sweep(tmp_path, now_s=wall_s()) == 0
    assert photos.sweep(tmp_path, now_s=wall_s() + HALF_S + 1) == 1
    assert photos.sweep(tmp_path / "nothing", now_s=wall_s()) == 0
