"""One technician's route with a visit more, asked place by place while parts of his day give way."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from dispatch.planner import arrays
from dispatch.planner.arrays import FAR, Day, Newcomer, Routes
from dispatch.planner.compiling import kernel
from dispatch.planner.insertion import PreparedDay
from dispatch.planner.problem import DAY_S, Stop, Window, Worker

LASTS = ("last_by", "last_cap", "last_drive")
BY_WORKER = (
    *("work", "able", "room", "start", "end", "begins", "ends", "rests", "rest_open"),
    *("rest_shut", "rest_work", "taste", "called", "paid_from", "price", *LASTS),
)


class Bench:
    """A day on which one visit's windows may be changed."""

    def __init__(self, prepared: PreparedDay, stop: Stop, pieces: Sequence[Window]) -> None:
        """`pieces` are the starts that will be asked for."""
        self.prepared = prepared
        self.pieces = pieces
        self.at = next(n for n, one in enumerate(prepared.problem.stops) if one.id == stop.id)
        day = prepared.day
        own = {name: getattr(day, name).copy() for name in ("windows", "opens", "shuts")}
        wide = max(0, len(pieces) - day.opens.shape[1])
        for name, blank in (("opens", FAR), ("shuts", -FAR)):
            own[name] = np.pad(own[name], ((0, 0), (0, wide)), constant_values=blank)
        self.day = day._replace(**own)
        to_s, from_s = prepared.problem.travel_of(stop.place)
        self.who = arrays.newcomer_of(
            day, stop, workers=prepared.problem.workers, to_s=to_s, from_s=from_s, windows=pieces
        )


class Rows:
    """The places in one technician's route; what his van holds is asked for by `short` alone."""

    def __init__(self, bench: Bench, nth: int) -> None:
        one = slice(nth, nth + 1)
        whole, routes = bench.prepared.day, bench.prepared.routes
        self.bench = bench
        self.worker: Worker = bench.prepared.problem.workers[nth]
        self.room = whole.room[nth]
        own = {name: getattr(bench.day, name)[one] for name in BY_WORKER}
        own["room"] = np.full_like(own["room"], FAR)
        self.day = _ending(bench.day._replace(**own), self.worker, self.worker.ends_s)
        self.late = _ending(self.day, self.worker, DAY_S)
        self.who: Newcomer = bench.who._replace(work=bench.who.work[one], able=bench.who.able[one])
        self.routes = Routes(*(each[one].copy() for each in routes))  # type: ignore[arg-type]
        self.length = int(self.routes.length[0])
        self.within = _longer(self.routes)

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.length + 1))

    def short(self, row: int) -> dict[int, int]:
        """Return how many units the van lacks with the visit there, by kind of room."""
        before = self.routes.before[0, row] + self.who.down
        after = self.routes.after[0, row] + self.who.up
        lacks = (np.maximum(before, after) - self.room).tolist()
        return {kind: units for kind, units in enumerate(lacks) if units > 0}

    def span(self, row: int, piece: int, overtime_s: int = 0) -> tuple[int, int] | None:
        """Return the first and the last start there within a piece, with so much overtime."""
        ends_s = min(DAY_S, self.worker.ends_s + overtime_s)
        if ends_s != self.day.ends[0]:
            self.day = _ending(self.day, self.worker, ends_s)
            kernel().label(self.day, self.routes, 0)
        _, first_s, last_s = kernel().starts(self.day, self.routes, self.who, 0, row, piece)
        return (int(first_s), int(last_s)) if first_s < FAR else None

    def overtime_s(self, row: int, windows: Sequence[Window]) -> int | None:
        """Return the least overtime for a start there within the windows; None where none helps."""
        self._put(row, windows)
        return self._over_s()

    def levels(self, row: int, window: Window) -> Iterator[tuple[int, int]]:
        """Yield the first start there for each number of breaks taken by then, and its overtime."""
        self._put(row, [window])
        at = self.bench.at
        work_s = self.day.work[0, at] + (self.day.setup[at] if self.within.leg[0, row] else 0)
        firsts = {int(done - work_s) for done in self.within.free[0, row + 1] if done < FAR}
        for first_s in sorted(firsts):
            if len(firsts) > 1:
                self._put(row, [Window(first_s, first_s)])
            if (over_s := self._over_s()) is not None:
                yield first_s, over_s

    def _put(self, row: int, windows: Sequence[Window]) -> None:
        """Label the route with the visit there, its windows as given, by the end of the day."""
        day, at, old = self.late, self.bench.at, self.routes.visits[0]
        day.windows[at] = len(windows)
        day.opens[at, : len(windows)] = [window.open_s for window in windows]
        day.shuts[at, : len(windows)] = [window.shut_s for window in windows]
        visits = self.within.visits[0]
        visits[:row], visits[row], visits[row + 1 :] = old[:row], at, old[row : self.length]
        kernel().label(day, self.within, 0)

    def _over_s(self) -> int | None:
        """Return how late he is back at the soonest, all breaks had; None when he cannot make it."""
        soonest_s, last = FAR, self.length + 1
        for taken, free_s in enumerate(self.within.free[0, last].tolist()):
            done_s = free_s
            for due in self.worker.breaks[taken:]:
                done_s = max(done_s, due.open_s) + due.work_s if done_s <= due.shut_s else FAR
            soonest_s = min(soonest_s, done_s + int(self.within.leg[0, last]))
        return max(0, soonest_s - self.worker.ends_s) if soonest_s <= DAY_S else None


def _ending(day: Day, worker: Worker, ends_s: int) -> Day:
    """Return the technician's day as it is when he may be asked for until then."""
    until = replace(worker, shift_shut_s=ends_s, overtime_s=0)
    lasts = np.array(arrays.lasts(until), np.int64).reshape(-1, len(LASTS))
    own = {name: getattr(day, name).copy() for name in LASTS}
    for nth, name in enumerate(LASTS):
        own[name][0, : len(lasts)] = lasts[:, nth]
    return day._replace(ends=np.full(1, ends_s, np.int64), **own)


def _longer(routes: Routes) -> Routes:
    """Return room for a route of one visit more."""
    length = int(routes.length[0]) + 1

    def room(name: str) -> np.ndarray:
        like = getattr(routes, name)
        shape = (1, length + (name != "visits"), *like.shape[2:])
        return np.zeros(shape if like.size or name != "near" else like.shape, like.dtype)

    rows = ("visits", "free", "due", "near", "leg", "before", "after")
    by_worker = {name: getattr(routes, name).copy() for name in ("drive", "soft", "kept")}
    return Routes(
        **{name: room(name) for name in rows}, length=np.full(1, length, np.int64), **by_worker
    )
