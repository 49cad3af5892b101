"""Several hands at once, as threads that start together."""

import threading
from collections.abc import Callable, Sequence

from flask import Flask

from kernel.errors import Conflict

START_S_MAX, END_S_MAX = 10, 40


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
