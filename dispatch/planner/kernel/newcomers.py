"""Where one more visit fits, told by its two drives alone."""

from dispatch.planner.arrays import FAR, Day, Ints, Newcomer, Routes
from dispatch.planner.compiling import inlined, jit
from dispatch.planner.kernel.labels import last_by, rest_by, rested, start_after

NEVER = 1 << 50


@jit
def has_room(day: Day, routes: Routes, w: int, r: int, down: Ints, up: Ints) -> bool:
    """Tell whether the van takes what a stop in row r has delivered, and what it gives along."""
    for d in range(day.room.shape[1]):
        if routes.before[w, r, d] + down[d] > day.room[w, d]:
            return False
        if routes.after[w, r, d] + up[d] > day.room[w, d]:
            return False
    return True


@inlined
def is_near(day: Day, routes: Routes, w: int, r: int, onward: int) -> bool:
    """Tell whether one who comes from there needs no set-up for the stop after row r."""
    return day.has_setups and onward == 0 and r < routes.length[w]


@jit
def span(
    day: Day, routes: Routes, w: int, r: int, t: int, there: int, onward: int
) -> tuple[int, int]:
    """Return the first arrival at a newcomer in row r and the last leaving, t breaks taken by then."""
    due = routes.near[w, r] if is_near(day, routes, w, r, onward) else routes.due[w, r]
    arrive, leave = routes.free[w, r, t] + there, due[t] - onward
    opens, shuts, rest = day.rest_open[w], day.rest_shut[w], day.rest_work[w]
    if t > 0:
        other = rested(routes.free[w, r, t - 1], there, opens[t - 1], shuts[t - 1], rest[t - 1])
        arrive = min(arrive, other)
    if t < day.rests[w] and r == routes.length[w]:
        by = last_by(onward, day.last_by[w, t], day.last_cap[w, t], day.last_drive[w, t])
        leave = max(leave, by)
    elif t < day.rests[w]:
        by = rest_by(due[t + 1], onward, opens[t], shuts[t], rest[t])
        leave = max(leave, by)
    return arrive, leave


@jit
def drives(day: Day, routes: Routes, who: Newcomer, w: int, r: int) -> tuple[int, int]:
    """Return the drives to a newcomer in row r and on from it."""
    last = day.place[routes.visits[w, r - 1]] if r > 0 else day.start[w]
    target = day.place[routes.visits[w, r]] if r < routes.length[w] else day.end[w]
    onward = int(who.onward[target]) if target >= 0 else 0
    return int(who.to[last]), onward


@jit
def starts(day: Day, routes: Routes, who: Newcomer, w: int, r: int, k: int) -> tuple[int, int, int]:
    """Return the first arrival, the first and the last start in row r and window k; FAR for none."""
    there, onward = drives(day, routes, who, w, r)
    first = begun = FAR
    last = -FAR
    if has_room(day, routes, w, r, who.down, who.up):
        for t in range(day.rests[w] + 1):
            arrive, leave = span(day, routes, w, r, t, there, onward)
            work = who.work[w] + (who.setup if there > 0 else 0)
            by = min(leave - work, who.shuts[k])
            if max(arrive, who.opens[k]) <= by:
                first = min(first, arrive)
                last = max(last, by)
    if first < FAR:
        begun = max(first, who.opens[k])
    return first, begun, last


@jit
def find(day: Day, routes: Routes, who: Newcomer, extra: Ints, at: Ints) -> None:
    """Write the least driving the newcomer adds, and in which row: technician x window.

    NEVER where it does not fit.
    """
    opens, shuts = who.opens, who.shuts
    extra[:] = NEVER
    for w in range(len(routes.length)):
        if not who.able[w]:
            continue
        for r in range(routes.length[w] + 1):
            if not has_room(day, routes, w, r, who.down, who.up):
                continue
            there, onward = drives(day, routes, who, w, r)
            more = there + onward - routes.leg[w, r]
            for t in range(day.rests[w] + 1):
                arrive, leave = span(day, routes, w, r, t, there, onward)
                by = leave - who.work[w] - (who.setup if there > 0 else 0)
                if arrive > by:
                    continue
                for k in range(len(opens)):
                    if more < extra[w, k] and max(arrive, opens[k]) <= min(by, shuts[k]):
                        extra[w, k] = more
                        at[w, k] = r


@jit
def cheapest(day: Day, routes: Routes, w: int, stop: int, bound: int) -> tuple[int, int]:
    """Return the least driving that a stop of the day adds to a route, and in which row.

    `bound` for none that is less. What `starts` tells of a newcomer, at the pace that the search needs.
    """
    n, rests, end = routes.length[w], day.rests[w], day.end[w]
    visits, leg, free, due = routes.visits[w], routes.leg[w], routes.free[w], routes.due[w]
    opens, shuts, windows, work = day.opens, day.shuts, day.windows, day.work[w, stop]
    rest_open, rest_shut, rest_work = day.rest_open[w], day.rest_shut[w], day.rest_work[w]
    travel, place = day.travel, day.place
    here, count = place[stop], windows[stop]
    if count == 0:
        return bound, 0
    first, final = opens[stop, 0], shuts[stop, count - 1]
    carries = day.room.shape[1] > 0
    best, at = bound, 0
    last = day.start[w]
    for r in range(n + 1):
        # Nobody leaves here sooner, whatever breaks he took: too late once is too late from here on.
        if final < free[r, 0] < FAR:
            break
        there = int(travel[last, here])
        onward, is_early = 0, True
        if r < n:
            after = visits[r]
            last = place[after]
            onward = int(travel[here, last])
            is_early = first <= shuts[after, windows[after] - 1]
        elif end >= 0:
            onward = int(travel[here, end])
        more = there + onward - leg[r]
        if more >= best or not is_early:
            continue
        if carries and not has_room(day, routes, w, r, day.down[stop], day.up[stop]):
            continue
        done, by_then = work, due[r]
        if day.has_setups:
            done += day.setup[stop] if there > 0 else 0
            by_then = routes.near[w, r] if is_near(day, routes, w, r, onward) else due[r]
        for t in range(rests + 1):
            arrive, leave = free[r, t] + there, by_then[t] - onward
            if t > 0:
                other = rested(
                    free[r, t - 1], there, rest_open[t - 1], rest_shut[t - 1], rest_work[t - 1]
                )
                arrive = min(arrive, other)
            if t < rests and r == n:
                by = last_by(onward, day.last_by[w, t], day.last_cap[w, t], day.last_drive[w, t])
                leave = max(leave, by)
            elif t < rests:
                by = rest_by(by_then[t + 1], onward, rest_open[t], rest_shut[t], rest_work[t])
                leave = max(leave, by)
            if start_after(opens, shuts, count, stop, arrive) <= leave - done:
                best, at = more, r
                break
    return best, at
