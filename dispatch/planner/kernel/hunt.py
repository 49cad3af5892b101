"""Ruin and recreate by strings of neighbouring visits.

SISR: Christiaens and Vanden Berghe, "Slack Induction by String Removals for Vehicle Routing
Problems", Transportation Science 54(2), 2020.
"""

import math

import numpy as np
from numpy.typing import NDArray

from dispatch.planner.arrays import Day, Hunt, Ints, Pool, Routes
from dispatch.planner.compiling import jit
from dispatch.planner.kernel.labels import label, soft
from dispatch.planner.kernel.newcomers import NEVER, cheapest
from dispatch.planner.kernel.steps import insert, is_as_before, keep, remember, restore

# Mean number of stops taken out, and the longest string of one route (the paper's values).
REMOVED_MEAN = 10
STRING_MAX = 10
# How often a string keeps some stops in its middle, and how often that middle then grows by one.
SPLIT_SHARE = 0.5
SPLIT_MORE_SHARE = 0.01
BLINK_SHARE = 0.01
# What a book holds, by position: see `search`.
COST, BEST, STAMP, STEPS, TAKEN = 0, 1, 2, 3, 4
BOOK_SIZE = 5

Random = NDArray[np.uint64]


@jit
def draw(rng: Random) -> float:
    """Return a random number in [0, 1) (xorshift: Marsaglia, 2003)."""
    x = rng[0]
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    rng[0] = x
    return float(x >> np.uint64(11)) / 9007199254740992.0


@jit
def below(rng: Random, n: int) -> int:
    return int(draw(rng) * n)


@jit
def cut(
    hunt: Hunt, routes: Routes, rng: Random, w: int, stop: int, longest: float, count: int
) -> int:
    """Cut a string around a stop out of a route, now and then sparing some in its middle.

    Return how many are loose now.
    """
    size = routes.length[w]
    string = min(size, int(1 + draw(rng) * min(float(size), longest)))
    at = 0
    while routes.visits[w, at] != stop:
        at += 1
    spared = 0
    if 1 < string < size and draw(rng) < SPLIT_SHARE:
        spared = 1
        while string + spared < size and draw(rng) < SPLIT_MORE_SHARE:
            spared += 1
    whole = string + spared
    low, high = max(0, at - whole + 1), min(at, size - whole)
    first = low + below(rng, high - low + 1)
    spare = first + below(rng, string + 1)
    out = 0
    for r in range(size):
        one = routes.visits[w, r]
        if first <= r < first + whole and not spare <= r < spare + spared:
            hunt.loose[count] = one
            count += 1
        else:
            routes.visits[w, out] = one
            out += 1
    routes.length[w] = out
    return count


@jit
def ruin(hunt: Hunt, routes: Routes, rng: Random) -> tuple[int, int]:
    """Cut strings of neighbouring stops out; return how many are loose, how many routes changed."""
    used = served = count = changed = 0
    for w in range(len(routes.length)):
        hunt.is_changed[w] = False
        used += routes.length[w] > 0
        served += routes.length[w]
    if used == 0:
        return 0, 0
    longest = min(float(STRING_MAX), served / used)
    strings = int(1 + draw(rng) * (4 * REMOVED_MEAN / (1 + longest) - 1))
    seed = below(rng, len(hunt.holder))
    for k in range(hunt.near.shape[1]):
        if changed >= strings:
            break
        w = hunt.holder[hunt.near[seed, k]]
        if w >= 0 and not hunt.is_changed[w]:
            keep(hunt, routes, w, changed)
            changed += 1
            count = cut(hunt, routes, rng, w, hunt.near[seed, k], longest, count)
    return count, changed


@jit
def sort(hunt: Hunt, rng: Random, count: int) -> None:
    """Shuffle the loose stops, then put them in one of the orders."""
    loose = hunt.loose
    for k in range(count - 1, 0, -1):
        other = below(rng, k + 1)
        loose[k], loose[other] = loose[other], loose[k]
    nth = below(rng, len(hunt.orders))
    for k in range(1, count):
        one = loose[k]
        j = k - 1
        while j >= 0 and hunt.orders[nth, loose[j]] > hunt.orders[nth, one]:
            loose[j + 1] = loose[j]
            j -= 1
        loose[j + 1] = one


@jit
def best_place(
    day: Day, hunt: Hunt, routes: Routes, rng: Random, stop: int, changed: int
) -> tuple[int, int, int]:
    """Return where a loose stop costs least: the driving it adds, to which route, in which row.

    What it costs beside the driving counts as far as it does not hang on the rest of the route. What the routes say that did not change in this step is remembered by their stamps.
    """
    best, best_w, best_at, best_bias = NEVER, -1, 0, 0
    asked, kind, stamp, memo = hunt.asked, hunt.kind, hunt.stamp, hunt.memo_stamp
    length, is_changed, able = routes.length, hunt.is_changed, day.able
    asked[-1] += 1
    for w in range(len(length)):
        if not able[w, stop] or is_changed[w] or draw(rng) < BLINK_SHARE:
            continue
        if length[w] == 0:
            # Of those who are alike and have no visit, one speaks for all.
            if asked[kind[w]] == asked[-1]:
                continue
            asked[kind[w]] = asked[-1]
        if memo[w, stop] != stamp[w]:
            memo[w, stop] = stamp[w]
            hunt.memo_extra[w, stop], hunt.memo_at[w, stop] = cheapest(day, routes, w, stop, NEVER)
        bias = day.taste[w, stop] + day.price[w] + (day.called[w] if length[w] == 0 else 0)
        if hunt.memo_extra[w, stop] + bias < best:
            best, best_w, best_at = hunt.memo_extra[w, stop] + bias, w, int(hunt.memo_at[w, stop])
            best_bias = bias
    for nth in range(changed):
        w = hunt.aside_of[nth]
        if able[w, stop] and draw(rng) >= BLINK_SHARE:
            bias = day.taste[w, stop] + day.price[w] + (day.called[w] if length[w] == 0 else 0)
            more, at = cheapest(day, routes, w, stop, best - bias)
            if more + bias < best:
                best, best_w, best_at, best_bias = more + bias, w, at, bias
    return best - best_bias, best_w, best_at


@jit
def recreate(day: Day, hunt: Hunt, routes: Routes, rng: Random) -> tuple[int, int, int]:
    """Cut stops out and put them back where they cost least; leave what was in `hunt`.

    Return how many stops were loose, how many routes changed, and what the plan costs more now.
    """
    count, changed = ruin(hunt, routes, rng)
    before = after = 0
    for k in range(changed):
        w = hunt.aside_of[k]
        before += routes.drive[w] + routes.soft[w]
        label(day, routes, w)
        if not routes.kept[w]:
            # Who went between two others may have saved time: by the way, or by a set-up.
            for r in range(routes.length[w]):
                hunt.loose[count] = routes.visits[w, r]
                count += 1
            routes.length[w] = 0
            label(day, routes, w)
    for stop in range(len(hunt.holder)):
        if hunt.holder[stop] < 0:
            before += hunt.penalty[stop]
            hunt.loose[count] = stop
            count += 1
    sort(hunt, rng, count)
    for k in range(count):
        stop = hunt.loose[k]
        more, w, at = best_place(day, hunt, routes, rng, stop, changed)
        hunt.placed[k] = w
        if w < 0:
            after += hunt.penalty[stop]
            continue
        if not hunt.is_changed[w]:
            keep(hunt, routes, w, changed)
            before += routes.drive[w] + routes.soft[w]
            changed += 1
        insert(day, routes, w, at, stop, more)
    for k in range(changed):
        w = hunt.aside_of[k]
        routes.soft[w] = soft(day, routes, w)
        after += routes.drive[w] + routes.soft[w]
    return count, changed, after - before


@jit
def take(
    day: Day,
    hunt: Hunt,
    routes: Routes,
    pool: Pool,
    book: Ints,
    count: int,
    changed: int,
    near_best: int,
) -> None:
    """Make the plan as it is now the one to go on from; put its new routes into the pool."""
    for k in range(count):
        hunt.holder[hunt.loose[k]] = hunt.placed[k]
    for k in range(changed):
        w = hunt.aside_of[k]
        if is_as_before(hunt, routes, k):
            continue
        book[STAMP] += 1
        hunt.stamp[w] = book[STAMP]
        if book[COST] <= book[BEST] + near_best and routes.length[w] > 0:
            remember(day, hunt, routes, pool, w)


@jit
def search(
    day: Day,
    hunt: Hunt,
    routes: Routes,
    pool: Pool,
    book: Ints,
    rng: Random,
    best: Routes,
    steps: int,
    heat: float,
    near_best: int,
) -> None:
    """Take `steps` steps of ruin and recreate, none of which may lose more than `heat` allows.

    `book` holds the cost of the plan and of the best, in seconds of driving, the last stamp given,
    and how many steps were tried and taken. Routes of plans that cost at most `near_best` more than
    the best go into the pool; of `best` only the visits, the lengths and, as `drive`, what each route
    costs are kept.
    """
    for _ in range(steps):
        count, changed, more = recreate(day, hunt, routes, rng)
        book[STEPS] += 1
        if more >= -heat * math.log(1.0 - draw(rng)):
            for k in range(changed):
                restore(hunt, routes, k)
            continue
        book[TAKEN] += 1
        book[COST] += more
        take(day, hunt, routes, pool, book, count, changed, near_best)
        if book[COST] < book[BEST]:
            book[BEST] = book[COST]
            for w in range(len(routes.length)):
                best.length[w] = routes.length[w]
                best.drive[w] = routes.drive[w] + routes.soft[w]
                best.drive[w] -= day.price[w] * routes.length[w]
                for r in range(routes.length[w]):
                    best.visits[w, r] = routes.visits[w, r]
