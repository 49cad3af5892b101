"""The product's own work that runs by itself, done once when a journey asks for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from flask import Flask, g

import app as joinery
from kernel.clock import FixedClock

_is_running: ContextVar[bool] = ContextVar("a job of the product is running", default=False)


def stand_at(app: Flask, instant: datetime) -> None:
    """Let the business clock stand at that instant, for pages and jobs alike."""
    # A clock of its own: true time stands where it stood, or those who signed in would be out again.
    app.extensions["doorbell.clock"] = FixedClock(instant)
    # A call keeps its one instant on `g`, which outlives it here: the fixture's context is still open.
    g.pop("now", None)


def let(app: Flask, *names: str) -> None:
    """Do what the relay does in its time: the work of those names, then whatever the news calls for."""
    with _running():
        known = {periodic.name: periodic.work for periodic in joinery._periodics(app)}
        known |= {bell: drain.work for bell, drain in joinery._drains(app).items()}
        for name in names:
            known[name]()
        while known["outbox"]():
            pass


def is_running() -> bool:
    """Tell whether a job of the product is running."""
    return _is_running.get()


@contextmanager
def _running() -> Iterator[None]:
    before = _is_running.set(True)
    try:
        yield
    finally:
        _is_running.reset(before)
