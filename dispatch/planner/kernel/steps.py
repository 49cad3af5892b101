"""What the search does to routes, lays aside and undoes; and the pool of what it met."""

import numpy as np

from dispatch.planner.arrays import Day, Hunt, Pool, Routes
from dispatch.planner.compiling import jit
from dispatch.planner.kernel.labels import loads, relabel


@jit
def insert(day: Day, routes: Routes, w: int, at: int, stop: int, more: int) -> None:
    """Put a stop into row `at` of a route, where it adds `more` driving, and label the route."""
    n, labels = routes.length[w], day.rests[w] + 1
    visits, leg, due = routes.visits[w], routes.leg[w], routes.due[w]
    for r in range(n, at, -1):
        visits[r] = visits[r - 1]
    for r in range(n + 1, at, -1):
        leg[r] = leg[r - 1]
        for t in range(labels):
            due[r, t] = due[r - 1, t]
            if day.has_setups:
                routes.near[w, r, t] = routes.near[w, r - 1, t]
    visits[at] = stop
    routes.length[w] = n + 1
    routes.drive[w] += more
    relabel(day, routes, w, at, at + 1)
    if day.room.shape[1] > 0:
        loads(day, routes, w)


@jit
def copy(one: Routes, w: int, other: Routes, v: int, size: int) -> None:
    """Copy a route of `size` stops and its labels from one place to another."""
    other.length[v] = size
    other.drive[v] = one.drive[w]
    other.soft[v] = one.soft[w]
    for r in range(size):
        other.visits[v, r] = one.visits[w, r]
    for r in range(size + 1):
        other.leg[v, r] = one.leg[w, r]
        for t in range(one.free.shape[2]):
            other.free[v, r, t] = one.free[w, r, t]
            other.due[v, r, t] = one.due[w, r, t]
            if len(one.near) > 0:
                other.near[v, r, t] = one.near[w, r, t]
        for d in range(one.before.shape[2]):
            other.before[v, r, d] = one.before[w, r, d]
            other.after[v, r, d] = one.after[w, r, d]


@jit
def keep(hunt: Hunt, routes: Routes, w: int, nth: int) -> None:
    """Lay a route aside as the nth to be changed in this step."""
    size = routes.length[w]
    copy(routes, w, hunt.aside, nth, size)
    hunt.aside_of[nth] = w
    hunt.is_changed[w] = True


@jit
def restore(hunt: Hunt, routes: Routes, nth: int) -> None:
    w = hunt.aside_of[nth]
    copy(hunt.aside, nth, routes, w, hunt.aside.length[nth])
    hunt.is_changed[w] = False


@jit
def is_as_before(hunt: Hunt, routes: Routes, nth: int) -> bool:
    w, size = hunt.aside_of[nth], hunt.aside.length[nth]
    if routes.length[w] != size:
        return False
    for r in range(size):  # noqa: SIM110 - no generator can be compiled
        if routes.visits[w, r] != hunt.aside.visits[nth, r]:
            return False
    return True


@jit
def remember(day: Day, hunt: Hunt, routes: Routes, pool: Pool, w: int) -> None:
    """Put a route into the pool, by its kind and visits, unless it is there."""
    size, kind = routes.length[w], hunt.kind[w]
    mixed = np.uint64(kind + 1)
    for r in range(size):
        mixed = (mixed ^ np.uint64(routes.visits[w, r] + 1)) * np.uint64(0x9E3779B1)
        mixed ^= mixed >> np.uint64(29)
        mixed &= np.uint64(0xFFFFFFFF)
    slot = np.int64(mixed % np.uint64(len(pool.table)))
    while pool.table[slot] >= 0:
        nth = pool.table[slot]
        if pool.kind[nth] == kind and pool.begin[nth + 1] - pool.begin[nth] == size:
            is_same = True
            for r in range(size):
                if pool.visits[pool.begin[nth] + r] != routes.visits[w, r]:
                    is_same = False
                    break
            if is_same:
                return
        slot = (slot + 1) % len(pool.table)
    nth = pool.size[0]
    if nth == len(pool.kind) or pool.begin[nth] + size > len(pool.visits):
        # Full: begin anew, as what comes later is better.
        pool.size[0] = 0
        pool.table[:] = -1
        return
    pool.table[slot] = nth
    pool.kind[nth] = kind
    pool.cost[nth] = routes.drive[w] + routes.soft[w] - day.price[w] * size
    for r in range(size):
        pool.visits[pool.begin[nth] + r] = routes.visits[w, r]
    pool.begin[nth + 1] = pool.begin[nth] + size
    pool.size[0] = nth + 1
