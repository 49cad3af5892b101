"""Several hands at once, as threads or processes that start together.

Nothing of the parent is used by a forked hand: neither its connections nor its app, and no lock that
another could take to its grave. How each hand ended is told, also when it was killed, or still waits
where it should not.
"""

import contextlib
import faulthandler
import functools
import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, TypeVar, cast

from flask import Flask

from kernel.errors import Conflict
from tests.house import an_app, close_connections

START_S_MAX, MEET_S_MAX, END_S_MAX = 120, 60, 400
# For what a hand says of where it stands before it is killed.
LAST_WORDS_S = 1.0

Answer = TypeVar("Answer")
Meet = Callable[[], None]
Scene = Callable[[int, Meet], Answer]


# --- Threads ------------------------------------------------------------------------------------


def at_once(app: Flask, hands: Sequence[Callable[[], object]]) -> list[object]:
    """Run the hands together, each in an app context of its own; return what each came to.

    A Conflict is an answer like any other and returned; any other exception is raised here.
    """
    ready = threading.Barrier(len(hands))
    answers: list[object] = [None] * len(hands)

    def run(place: int) -> None:
        with app.app_context():
            ready.wait(START_S_MAX)
            try:
                answers[place] = hands[place]()
            except Exception as error:  # noqa: BLE001  # whatever it was, the test must be told
                answers[place] = error

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(hands))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(END_S_MAX)
        assert not thread.is_alive(), _stacks("a hand does not end")
    for answer in answers:
        if isinstance(answer, Exception) and not isinstance(answer, Conflict):
            raise answer
    return answers


def _stacks(what: str) -> str:
    frames = sys._current_frames().items()
    return "\n".join([what, *("".join(traceback.format_stack(frame)) for _, frame in frames)])


# --- Processes ----------------------------------------------------------------------------------


def in_processes(
    database_url: str, scene: Scene[Answer], *, count: int, data_dir: Path
) -> list[Answer]:
    """Play the scene in `count` processes that start together; return what each came to, by place.

    A scene gets its place and `meet`, which waits until all have come to the same point. Its Conflict
    becomes the answer, as its code; if one fails otherwise or dies, all are told of here.
    """
    close_connections()
    make_app = functools.partial(an_app, database_url, data_dir=data_dir)
    stage = _Stage(make_app, scene, _Meeting(count), data_dir)
    hands = [_Hand(place, stage) for place in range(count)]
    try:
        _hear(hands, stage.meeting)
    finally:
        for hand in hands:
            hand.end()
    broken = [hand.report for hand in hands if hand.report]
    assert not broken, f"{len(broken)} of {count} hands failed\n" + "\n".join(broken)
    return [hand.answer for hand in hands]


class _Meeting:
    """Where all hands come together, again and again; whoever has gone is not waited for."""

    def __init__(self, count: int) -> None:
        fork = multiprocessing.get_context("fork")
        self._come = fork.Condition()
        self._hands, self._here, self._time = (
            fork.Value("i", n, lock=False) for n in (count, 0, 0)
        )

    def wait(self, most_s: float) -> None:
        """Wait for the others; after `most_s`, go on without those who do not come, now and ever."""
        with self._come:
            self._here.value += 1
            before = self._time.value
            self._begin_if_all_are_here()
            if not self._come.wait_for(lambda: self._time.value != before, most_s):
                self._hands.value = 0
                self._begin_if_all_are_here()

    def leave(self) -> None:
        """Be waited for no more."""
        with self._come:
            self._hands.value -= 1
            self._begin_if_all_are_here()

    def _begin_if_all_are_here(self) -> None:
        if self._here.value >= self._hands.value:
            self._here.value = 0
            self._time.value += 1
            self._come.notify_all()


@dataclass(frozen=True, slots=True)
class _Stage:
    """What all hands have in common."""

    make_app: Callable[[], Flask]
    scene: Callable[[int, Meet], object]
    meeting: "_Meeting"
    folder: Path

    def stacks_of(self, place: int) -> Path:
        return self.folder / f"hand-{place}.stacks"


class _Hand:
    """One process, what it said and how it ended."""

    def __init__(self, place: int, stage: _Stage) -> None:
        self.place = place
        self.answer: Any = None
        self.report = ""
        self.has_spoken = False
        self._stacks = stage.stacks_of(place)
        # A pipe of its own: a queue's lock would be lost with the hand that holds it.
        self.line, his = multiprocessing.Pipe(duplex=False)
        self.process: BaseProcess = multiprocessing.get_context("fork").Process(
            target=_play, args=(stage, place, his)
        )
        self.process.start()
        his.close()

    def hear(self) -> None:
        """Take what it says; its end without a word is a failure."""
        self.has_spoken = True
        try:
            is_good, said = self.line.recv()
        except EOFError:
            self.process.join(START_S_MAX)
            self.report = f"hand {self.place} said nothing and ended: {how(self.process.exitcode)}"
            return
        if is_good:
            self.answer = said
        else:
            self.report = f"hand {self.place} failed\n{said}"

    def ask_where_it_stands(self) -> None:
        """Make its report of where it waits."""
        assert self.process.pid is not None
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGUSR1)
        self.process.join(LAST_WORDS_S)
        told = self._stacks.read_text() if self._stacks.exists() else ""
        self.report = f"hand {self.place} does not end; it stands at\n{told}"

    def end(self) -> None:
        """Bury it."""
        if self.has_spoken:
            self.process.join(LAST_WORDS_S)
        self.process.kill()
        self.process.join()
        self.line.close()


def how(exit_code: int | None) -> str:
    """Return an exit code in words."""
    if exit_code is None:
        return "still runs"
    return f"by {signal.Signals(-exit_code).name}" if exit_code < 0 else f"exit code {exit_code}"


def _hear(hands: Sequence[_Hand], meeting: _Meeting) -> None:
    """Hear all hands out, those that never end by where they stand."""
    deadline = time.monotonic() + END_S_MAX
    silent: Mapping[object, _Hand] = {hand.line: hand for hand in hands}
    while silent and (left_s := deadline - time.monotonic()) > 0:
        for line in wait([hand.line for hand in silent.values()], timeout=left_s):
            silent[line].hear()
            meeting.leave()
        silent = {line: hand for line, hand in silent.items() if not hand.has_spoken}
    for hand in silent.values():
        hand.ask_where_it_stands()


def _play(stage: _Stage, place: int, line: Connection) -> None:
    faulthandler.register(signal.SIGUSR1, file=stage.stacks_of(place).open("w"), all_threads=True)
    is_good, said = True, cast(object, None)
    try:
        with stage.make_app().app_context():
            stage.meeting.wait(START_S_MAX)
            # Whoever waits behind another's lock never comes: then the rest go on without him.
            said = stage.scene(place, lambda: stage.meeting.wait(MEET_S_MAX))
            close_connections()
    except Conflict as refusal:
        said = refusal.code
    except BaseException:  # noqa: BLE001  # whatever it was, the test must be told
        is_good, said = False, traceback.format_exc()
    line.send((is_good, said))
