"""The relay rings first, then does the work itself, and outlives whatever fails."""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest

from kernel import relay
from kernel.clock import OffsetClock
from kernel.queue import Bell
from kernel.relay import Drain, Periodic


class RungBell(Bell):
    """A bell over no Redis that remembers how it was rung."""

    def __init__(self) -> None:
        super().__init__("", {})
        self.rung: list[str] = []

    def ring(self, bells: set[str]) -> None:
        self.rung += sorted(bells)


class Pile:
    """Work that lies in a pile; `take` is how much one call does."""

    def __init__(self, size: int, *, take: int = 20) -> None:
        self.left = size
        self.take = take
        self.looks_until_empty = 0

    def drain(self) -> Drain:
        return Drain(self._is_due, self._work)

    def _is_due(self) -> bool:
        self.looks_until_empty += self.left > 0
        return self.left > 0

    def _work(self) -> int:
        done = min(self.take, self.left)
        self.left -= done
        return done


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "LOOK_EVERY_S", 0.001)
    monkeypatch.setattr(relay, "GRACE_S", 0.05)


def times(count: int) -> Callable[[], bool]:
    """Return a `should_stop` that lets the relay look `count` times."""
    rounds: Iterator[int] = iter(range(count))
    return lambda: next(rounds, None) is None


def noting(calls: list[int]) -> Callable[[], int]:
    """Return work that only notes that it was asked for."""

    def work() -> int:
        calls.append(1)
        return 1

    return work


class TestWork:
    def test_is_rung_for_before_the_relay_does_it(self) -> None:
        bell, pile = RungBell(), Pile(1)

        relay.run({"outbox": pile.drain()}, [], bell, should_stop=times(1))

        assert (bell.rung, pile.left) == (["outbox"], 1)

    def test_is_done_by_the_relay_when_nobody_comes(self) -> None:
        bell, pile = RungBell(), Pile(1)

        relay.run({"outbox": pile.drain()}, [], bell, should_stop=lambda: pile.left == 0)

        assert bell.rung[0] == "outbox"

    def test_that_somebody_else_does_is_left_to_him(self) -> None:
        bell, pile = RungBell(), Pile(1)
        bell.ring = lambda bells: setattr(pile, "left", 0)  # type: ignore[method-assign]  # a worker who comes at once
        asked: list[int] = []
        drain = Drain(pile.drain().is_due, noting(asked))

        relay.run({"outbox": drain}, [], bell, should_stop=times(100))

        assert (pile.left, asked) == (0, [])

    def test_of_a_whole_pile_waits_once_and_not_before_each_batch(self) -> None:
        # With Redis away 500 events must not take 25 pauses.
        bell, pile = RungBell(), Pile(500)

        relay.run({"outbox": pile.drain()}, [], bell, should_stop=lambda: pile.left == 0)

        looks_that_rang = len(bell.rung)
        assert pile.looks_until_empty <= looks_that_rang + 1

    def test_without_an_end_does_not_keep_the_relay_from_the_rest(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(relay, "TURN_S", 0.01)
        endless, other = Pile(10**9, take=1), Pile(1)
        drains = {"endless": endless.drain(), "other": other.drain()}

        relay.run(drains, [], RungBell(), should_stop=lambda: other.left == 0)

        assert endless.left > 0


class TestAFailure:
    def test_of_one_kind_of_work_never_stops_the_others(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        def broken() -> bool:
            raise RuntimeError("the database is away")

        pile = Pile(1)
        drains = {"broken": Drain(broken, lambda: 0), "outbox": pile.drain()}

        with caplog.at_level(logging.ERROR):
            relay.run(drains, [], RungBell(), should_stop=lambda: pile.left == 0)

        assert "broken failed; the relay looks again" in caplog.text

    def test_of_a_periodic_job_leaves_it_for_its_next_time(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        tries: list[int] = []

        def fail() -> int:
            tries.append(1)
            raise RuntimeError("no")

        relay.run({}, [Periodic("holds", 0.0, fail)], RungBell(), should_stop=times(3))

        assert len(tries) == 3


class TestPeriodics:
    def test_run_at_once_and_then_not_before_their_time(self) -> None:
        runs: list[int] = []

        periodic = Periodic("holds", 60.0, noting(runs))
        relay.run({}, [periodic], RungBell(), should_stop=times(5))

        assert len(runs) == 1


class TestAClockThatIsSet:
    """A clock is pressed on: what it makes due is looked for at once, not in a quarter of an hour."""

    def looks(self, *, pressed_on: timedelta) -> int:
        """Return how often a periodic looks in nine turns, after the fourth of which the clock moves."""
        calls: list[int] = []
        clock = OffsetClock(lambda: pressed_on if next(turns, 9) > 4 else timedelta())
        turns = iter(range(1, 9))
        periodics = [Periodic("bookings", 900.0, noting(calls))]
        relay.run({}, periodics, RungBell(), should_stop=times(9), clock=clock)
        return len(calls)

    @pytest.mark.parametrize("hours", [1, -1])
    def test_makes_everything_due(self, hours: int) -> None:
        assert self.looks(pressed_on=timedelta(hours=hours)) == 2

    def test_again_and_again_is_followed_without_a_pause(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hours = iter(range(100))
        pauses: list[float] = []
        monkeypatch.setattr("kernel.relay.time.sleep", pauses.append)
        clock = OffsetClock(lambda: timedelta(hours=min(next(hours), 2)))

        relay.run({}, [], RungBell(), should_stop=times(5), clock=clock)

        assert [pause > 0 for pause in pauses] == [True, False, False, True, True]

    def test_going_on_as_clocks_do_makes_nothing_due(self) -> None:
        assert self.looks(pressed_on=timedelta()) == 1

    def test_that_cannot_be_read_stops_nobody(self) -> None:
        calls: list[int] = []
        periodics = [Periodic("holds", 0.0, noting(calls))]

        relay.run({}, periodics, RungBell(), should_stop=times(3), clock=_Stopped())

        assert len(calls) == 3


class _Stopped:
    def now(self) -> datetime:
        raise RuntimeError("stopped")
