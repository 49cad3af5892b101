"""20,000 bent callbacks: no 5xx, a forged one changes nothing; `flask bench fuzz-callbacks` has more."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask

from faces.wechat import callback
from gateways.wechat.crypto import CallbackDoor
from gateways.wechat.messages import Incoming
from scripts.bench.calling import fuzzing, letters
from scripts.bench.calling.fuzzing import Found
from scripts.bench.calling.letters import Post
from tests.house import an_app, close_connections, empty_tables

CASES, CASES_OF_CONTROL = 10_000, 300

PLAIN, SEALED = Post(is_sealed=False), Post(is_sealed=True)


@contextmanager
def a_house(url: str, folder: Path, post: Post) -> Iterator[Flask]:
    key = letters.AES_KEY if post.is_sealed else ""
    app = an_app(url, data_dir=folder, WECHAT_AES_KEY=key, WECHAT_TOKEN=letters.TOKEN)
    with app.app_context():
        empty_tables()
        yield app
        close_connections()


def found(app: Flask, post: Post, *, count: int) -> Found:
    seen = Found()
    fuzzing.run(app, post, seed=1, count=count, found=seen)
    return seen


@pytest.mark.parametrize("post", [PLAIN, SEALED], ids=["plain", "aes"])
def test_bent_callbacks_break_nothing(sqlite_url: str, tmp_path: Path, post: Post) -> None:
    with a_house(sqlite_url, tmp_path, post) as app:
        seen = found(app, post, count=CASES)

    assert seen.faults == []
    assert seen.count == CASES
    # Not everything was turned away at the door.
    assert seen.answers[200] > CASES / 10
    assert seen.moved > CASES / 50


@pytest.mark.parametrize("post", [PLAIN, SEALED], ids=["plain", "aes"])
def test_a_door_that_lets_everybody_in_is_seen(
    sqlite_url: str, tmp_path: Path, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CallbackDoor, "_check", lambda *_args, **_options: None)
    with a_house(sqlite_url, tmp_path, post) as app:
        seen = found(app, post, count=CASES_OF_CONTROL)

    assert any("a row moved" in fault for fault in seen.faults)


def test_a_view_that_breaks_is_seen(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_xml: bytes) -> Incoming:
        raise LookupError("no such script")

    monkeypatch.setattr(callback, "parse", broken)
    with a_house(sqlite_url, tmp_path, PLAIN) as app:
        seen = found(app, PLAIN, count=CASES_OF_CONTROL)

    assert any("answered 500" in fault for fault in seen.faults)
