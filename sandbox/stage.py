"""Everything that a request to the sandbox needs, joined once and found on the app."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from flask import current_app

from sandbox.business_clock import BusinessClock
from sandbox.moment import Moment
from sandbox.pusher import Pusher
from sandbox.settings import Account, Settings
from sandbox.store import Store

EXTENSION = "sandbox-stage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The account, the memory, the clocks and the pusher."""

    settings: Settings
    memory: Store
    clock: BusinessClock
    pusher: Pusher
    wall: Callable[[], float]

    @property
    def account(self) -> Account:
        return self.settings.account

    def moment(self) -> Moment:
        """Return both times now."""
        return Moment(at_s=self.clock.now_s(), wall_s=self.wall())

    def close(self) -> None:
        """Stop pushing and close the file."""
        self.pusher.stop()
        self.memory.close()


def stage() -> Stage:
    """Return the stage of the app that serves this request."""
    return cast(Stage, current_app.extensions[EXTENSION])
