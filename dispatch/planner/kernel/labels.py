"""How early and how late each leg of a route can be, by the number of breaks taken so far.

Breaks come in order, so a label needs to know only how many are behind him. Labels of arrivals
stay exact with several windows, as starts only ever grow with arrivals.
"""

from dispatch.planner.arrays import FAR, NOWHERE, Day, Ints, Routes
from dispatch.planner.compiling import inlined, jit
from dispatch.planner.constraints import Weight, seconds

ESTATE_S = seconds(Weight.ESTATE)
OVERTIME, DRIVING = int(Weight.OVERTIME), int(Weight.DRIVING)


@inlined
def start_after(opens: Ints, shuts: Ints, windows: int, stop: int, arrive: int) -> int:
    """Return the earliest start for one who arrives then; FAR when all windows are shut."""
    start = FAR
    for k in range(windows):
        if arrive <= shuts[stop, k]:
            start = max(arrive, opens[stop, k])
            break
    return start


@inlined
def start_before(opens: Ints, shuts: Ints, windows: int, stop: int, bound: int) -> int:
    """Return the latest start at or before `bound`; -FAR when no window is open by then."""
    start = -FAR
    for k in range(windows - 1, -1, -1):
        if opens[stop, k] <= bound:
            start = min(bound, shuts[stop, k])
            break
    return start


@inlined
def rested(free: int, there: int, opens: int, shuts: int, rest: int) -> int:
    """Return when one arrives who takes his next break on the way, or before it, or after it."""
    return max(free + there, opens) + rest if free <= shuts else FAR


@inlined
def rest_by(due: int, onward: int, opens: int, shuts: int, rest: int) -> int:
    """Return when one must leave who takes his next break on the way to what is due by then."""
    return min(shuts, due - rest - onward) if due - rest >= opens else -FAR


@inlined
def last_by(onward: int, by: int, cap: int, drive_max: int) -> int:
    """Return when one must leave for the end who takes all breaks owed before he drives."""
    return min(by - onward, cap) if onward <= drive_max else -FAR


@jit
def label(day: Day, routes: Routes, w: int) -> None:
    """Write the labels of a route anew, and whether it keeps its times and its room."""
    n = routes.length[w]
    is_kept = relabel(day, routes, w, 0, n)
    routes.kept[w] = is_kept and (day.room.shape[1] == 0 or loads(day, routes, w))
    routes.drive[w] = 0
    for r in range(n + 1):
        routes.drive[w] += routes.leg[w, r]
    routes.soft[w] = soft(day, routes, w)


@jit
def soft(day: Day, routes: Routes, w: int) -> int:
    """Return what a labelled route costs beside its driving, in seconds of driving."""
    n = routes.length[w]
    if n == 0:
        return 0
    cost, last = day.called[w] + day.price[w] * n, NOWHERE
    for r in range(n):
        stop = routes.visits[w, r]
        cost += day.taste[w, stop]
        if day.estate[stop] >= 0 and day.estate[stop] != last:
            cost += ESTATE_S
        last = day.estate[stop]
    if day.ends[w] > day.paid_from[w]:
        finish = FAR
        for t in range(day.rests[w] + 1):
            free = routes.free[w, n, t]
            for k in range(t, day.rests[w]):
                free = max(free, day.rest_open[w, k]) + day.rest_work[w, k]
            finish = min(finish, free + routes.leg[w, n])
        cost += max(0, finish - day.paid_from[w]) * OVERTIME // DRIVING
    return int(cost)


@jit
def relabel(day: Day, routes: Routes, w: int, low: int, high: int) -> bool:
    """Write what changed with the stops from `low` on and before `high`; tell whether times are kept.

    What is `free` up to row `low`, and `due` from row `high` on, is as it was; `low` is 0 and `high`
    the last row when nothing was written yet.
    """
    n, rests, end = routes.length[w], day.rests[w], day.end[w]
    visits, leg, free, due = routes.visits[w], routes.leg[w], routes.free[w], routes.due[w]
    opens, shuts, windows = day.opens, day.shuts, day.windows
    travel, place, work = day.travel, day.place, day.work[w]
    rest_open, rest_shut, rest_work = day.rest_open[w], day.rest_shut[w], day.rest_work[w]
    at = place[visits[low - 1]] if low > 0 else day.start[w]
    if low == 0:
        for t in range(rests + 1):
            free[0, t] = FAR
        free[0, 0] = day.begins[w]
    for r in range(low, n):
        stop = visits[r]
        there = int(travel[at, place[stop]])
        leg[r] = there
        for t in range(rests + 1):
            arrive = free[r, t] + there
            if t > 0:
                other = rested(
                    free[r, t - 1], there, rest_open[t - 1], rest_shut[t - 1], rest_work[t - 1]
                )
                arrive = min(arrive, other)
            begun = start_after(opens, shuts, windows[stop], stop, arrive)
            done = begun + work[stop] + (day.setup[stop] if there > 0 else 0)
            free[r + 1, t] = done if begun < FAR else FAR
        at = place[stop]
    # He who visits nobody drives nowhere.
    home = int(travel[at, end]) if n > 0 and end >= 0 else 0
    leg[n] = home

    is_kept = n == 0
    if high == n:
        for t in range(rests + 1):
            due[n, t] = -FAR
        due[n, rests] = day.ends[w]
    for r in range(high, 0, -1):
        stop = visits[r - 1]
        by_then = routes.near[w, r] if day.has_setups and r < n and leg[r] == 0 else due[r]
        for t in range(rests + 1):
            leave = by_then[t] - leg[r]
            if t < rests and r == n:
                by = last_by(home, day.last_by[w, t], day.last_cap[w, t], day.last_drive[w, t])
                leave = max(leave, by)
            elif t < rests:
                by = rest_by(by_then[t + 1], leg[r], rest_open[t], rest_shut[t], rest_work[t])
                leave = max(leave, by)
            if r == n and free[n, t] <= leave:
                is_kept = True
            done = leave - work[stop]
            if day.has_setups:
                routes.near[w, r - 1, t] = start_before(opens, shuts, windows[stop], stop, done)
            done -= day.setup[stop]
            due[r - 1, t] = start_before(opens, shuts, windows[stop], stop, done)
    return bool(is_kept)


@jit
def loads(day: Day, routes: Routes, w: int) -> bool:
    n, is_kept = routes.length[w], True
    for d in range(day.room.shape[1]):
        load = 0
        for r in range(n):
            load += day.down[routes.visits[w, r], d]
        most = load
        routes.before[w, 0, d] = routes.after[w, 0, d] = load
        for r in range(n):
            stop = routes.visits[w, r]
            load += day.up[stop, d] - day.down[stop, d]
            most = max(most, load)
            routes.before[w, r + 1, d] = most
            routes.after[w, r + 1, d] = load
        for r in range(n - 1, -1, -1):
            routes.after[w, r, d] = max(routes.after[w, r, d], routes.after[w, r + 1, d])
        is_kept = is_kept and most <= day.room[w, d]
    return bool(is_kept)
