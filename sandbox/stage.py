"""Everything that a request to the sandbox needs, joined once and found on the app."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from flask import current_app

from sandbox.business_clock import BusinessClock
from sandbox.carrier import Carrier
from sandbox.moment import Moment
from sandbox.pay.courier import Courier
from sandbox.pusher import Pusher
from sandbox.settings import Account, Settings
from sandbox.store import Store

EXTENSION = "sandbox-stage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The account, the memory, the clocks, and what carries callbacks and notices."""

    settings: Settings
    memory: Store
    clock: BusinessClock
    pusher: Pusher
    courier: Courier | None
    wall: Callable[[], float]

    @property
    def account(self) -> Account:
        return self.settings.account

    def moment(self) -> Moment:
        """Return both times now."""
        return Moment(at_s=self.clock.now_s(), wall_s=self.wall())

    @property
    def carriers(self) -> tuple[Carrier, ...]:
        """Return those who carry, notices first: a payment may lead to messages."""
        return (self.courier, self.pusher) if self.courier else (self.pusher,)

    def ring(self) -> None:
        """Say that something may be due; to be called after the commit."""
        for carrier in self.carriers:
            carrier.ring()

    def close(self) -> None:
        """Stop carrying and close the file."""
        for carrier in self.carriers:
            carrier.stop()
        self.memory.close()


def stage() -> Stage:
    """Return the stage of the app that serves this request."""
    return cast(Stage, current_app.extensions[EXTENSION])
