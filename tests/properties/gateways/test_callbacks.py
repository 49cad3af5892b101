"""20,000 bent callbacks: no 5xx, a forged one changes nothing; `flask bench fuzz-callbacks` has more."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

import pytest
import xmltodict
from flask import Flask

from faces.wechat import callback
from gateways.wechat.crypto import CallbackDoor
from gateways.wechat.elements import elements
from gateways.wechat.messages import Incoming
from scripts.bench.calling import fuzzing, letters, mutations
from scripts.bench.calling.fuzzing import Found
from scripts.bench.calling.letters import Post
from tests.house import an_app, close_connections, empty_tables

CASES, CASES_OF_CONTROL, LETTERS, DEPTH = 10_000, 300, 4_000, 100

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


def test_a_decoy_is_never_the_signed_ciphertext(monkeypatch: pytest.MonkeyPatch) -> None:
    mutator = mutations.Mutator(SEALED, seed=1)
    monkeypatch.setattr(mutator, "_xml", lambda: b"<xml/>")

    assert letters.sealed(b"<xml/>").encode() not in mutator.decoy()


def test_letters_are_read_as_xmltodict_reads_them() -> None:
    rng, read = random.Random(7), 0
    for number in range(LETTERS):
        parts = letters.elements(rng.choice(letters.KINDS), number=number, rng=rng)
        xml = rng.choice(mutations.BENDS)(rng, parts) if number % 2 else letters.written(parts)

        ours = seen(lambda xml=xml: elements(xml))  # type: ignore[misc]  # bound now
        theirs = seen(lambda xml=xml: xmltodict.parse(xml, disable_entities=True))  # type: ignore[misc]  # bound now

        assert ours == theirs, xml
        read += ours is not None
    assert LETTERS / 2 < read < LETTERS


def seen(read: Callable[[], Any]) -> Any:
    """Return what was read, but for attributes and the words between elements; None for what is no XML."""
    try:
        return _plain(read())
    except (ExpatError, ValueError, LookupError):
        return None


def _plain(found: Any, depth: int = 0) -> Any:
    if depth > DEPTH:
        return "deeper"
    if isinstance(found, list):
        return [_plain(one, depth + 1) for one in found]
    if isinstance(found, dict):
        told = {name: held for name, held in found.items() if name[0] not in "@#"}
        return {name: _plain(held, depth + 1) for name, held in told.items()}
    return found
