"""Several hands at once, as threads or processes that start together."""

import contextlib
import functools
import multiprocessing
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from threading import BrokenBarrierError

from flask import Flask

from kernel.errors import Conflict
from tests.house import an_app, close_connections

START_S_MAX, MEET_S_MAX, END_S_MAX = 30, 5, 60


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
    for answer in answers:
        if isinstance(answer, Exception) and not isinstance(answer, Conflict):
            raise answer
    return answers


Scene = Callable[[int, Callable[[], None]], object]


def in_processes(database_url: str, scene: Scene, *, count: int, data_dir: Path) -> list[object]:
    """Play the scene in `count` processes that start together; return what each came to, by place.

    A scene gets its place and `meet`, which waits until all have come to the same point. Whatever
    it raises but a Conflict is raised here.
    """
    close_connections()
    fork = multiprocessing.get_context("fork")
    barrier, told = fork.Barrier(count), fork.Queue()
    make_app = functools.partial(an_app, database_url, data_dir=data_dir)
    hands = [
        fork.Process(target=_play, args=(make_app, scene, place, barrier, told))
        for place in range(count)
    ]
    for hand in hands:
        hand.start()
    answers = dict(told.get(timeout=END_S_MAX) for _ in hands)
    for hand in hands:
        hand.join(END_S_MAX)
    broken = [answer for answer in answers.values() if isinstance(answer, Failed)]
    assert not broken, broken[0].trace
    return [answers[place] for place in range(count)]


@dataclass(frozen=True, slots=True)
class Failed:
    """A hand that died of something unforeseen."""

    trace: str


def _play(
    make_app: Callable[[], Flask],
    scene: Scene,
    place: int,
    barrier: Barrier,
    told: "Queue[tuple[int, object]]",
) -> None:
    try:
        with make_app().app_context():
            barrier.wait(START_S_MAX)
            answer = scene(place, lambda: _meet(barrier))
            close_connections()
    except Conflict as refusal:
        answer = refusal.code
    except Exception:  # noqa: BLE001  # whatever it was, the test must be told
        answer = Failed(traceback.format_exc())
    told.put((place, answer))


def _meet(barrier: Barrier) -> None:
    # Whoever waits behind another's lock never comes: then the rest go on without him.
    with contextlib.suppress(BrokenBarrierError):
        barrier.wait(MEET_S_MAX)
