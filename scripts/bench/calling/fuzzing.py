"""Hand bent callbacks in, and hold the house to what must come of each."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from flask import Flask

from kernel.db import sa
from scripts.bench.calling.letters import Post, hand_in
from scripts.bench.calling.mutations import Case, Mutator, Rule

FAULTS_SHOWN = 5
REFUSALS = {403, 413}


@dataclass(slots=True)
class Found:
    """What was seen; `faults` name the seed and the number that show them again."""

    cases: Counter[str] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)
    moved: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return self.cases.total()


def run(app: Flask, post: Post, *, seed: int, count: int, found: Found) -> None:
    """Hand in `count` cases of that seed. Needs the app's context, on SQLite."""
    mutator = Mutator(post, seed=seed)
    with _quiet(), _watched() as version:
        before = version()
        for number in range(1, count + 1):
            case = mutator.case()
            status, body = hand_in(app, case.mail)
            after = version()
            fault = _fault(case, status, body, has_moved=after != before)
            found.cases[case.name] += 1
            found.answers[status] += 1
            found.moved += after != before
            before = after
            if case.rule is Rule.TAKEN and not fault:
                mutator.taken(case.mail)
            if fault and len(found.faults) < FAULTS_SHOWN:
                mode = "aes" if post.is_sealed else "plain"
                found.faults.append(f"{mode} {seed}/{number} {case.name}: {fault}")


def _fault(case: Case, status: int, body: bytes, *, has_moved: bool) -> str:
    if status >= 500:
        return f"answered {status}"
    if has_moved and case.rule in (Rule.FORGED, Rule.STAYS):
        return "a row moved"
    if case.rule is Rule.FORGED and (status not in REFUSALS or body):
        return f"answered {status} {body[:40]!r}"
    if case.rule is Rule.TAKEN and (status != 200 or not has_moved):
        return f"a true letter was answered {status}, moved: {has_moved}"
    return ""


@contextmanager
def _watched() -> Iterator[Callable[[], int]]:
    """Give what tells whether anybody else has committed a change to any table since."""
    raw = sa.engine.raw_connection()
    try:
        yield lambda: int(raw.cursor().execute("PRAGMA data_version").fetchone()[0])
    finally:
        raw.close()


@contextmanager
def _quiet() -> Iterator[None]:
    """Each case is a line of the log; nobody reads a million."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
