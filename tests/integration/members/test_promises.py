"""The promises 12 to 23 are held by one function, and each finds the fault that is planted for it."""

from pathlib import Path

from flask import Flask

from kernel.db import transaction
from scripts import promises
from scripts.bench import invariants


def test_each_broken_promise_is_found_and_no_other(app: Flask, tmp_path: Path) -> None:
    sealed = invariants.live(tmp_path)

    caught = {
        number: {each.number for each in invariants.planted(number, sealed)}
        for number in promises.NUMBERS
    }

    assert caught == {number: {number} for number in promises.NUMBERS}
    with transaction(reads_only=True) as db:
        assert not list(promises.broken(db, now=invariants.LATER, sealed=sealed))
