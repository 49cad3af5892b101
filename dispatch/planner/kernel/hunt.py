"""Ruin and recreate by strings of neighbouring visits.

SISR: Christiaens and Vanden Berghe, "Slack Induction by String Removals for Vehicle Routing
Problems", Transportation Science 54(2), 2020.
"""

import math

import numpy as np
from numpy.typing import NDArray

from dispatch.planner.arrays import Day, Hunt, Ints, Pool, Routes
from dispatch.planner.compiling import inlined, jit
from dispatch.planner.kernel.labels import label, soft
from dispatch.planner.kernel.newcomers import NEVER, cheapest
from dispatch.planner.kernel.steps import insert, is_as_before, keep, remember, restore

# Mean number of stops taken out, and the longest string of one route (the paper's values).
REMOVED_MEAN = 10
STRING_MAX = 16
# How often a string keeps some stops in its middle, and how often that middle then grows by one.
SPLIT_SHARE = 0.5
SPLIT_MORE_SHARE = 0.01
BLINK_SHARE = 0.01
BLINK_LOG = math.log(1.0 - BLINK_SHARE)
# So many steps in a row begin among so many stops that lie together: what they read stays in the
# processor's cache, which on a thousand stops takes a fifth off each step.
STAY_STEPS = 200
STAY_STOPS = 60
# What a book holds, by position: see `search`.
COST, BEST, STAMP, STEPS, TAKEN, ABSENT, USED, IDLE, MIDDLE = 0, 1, 2, 3, 4, 5, 6, 7, 8
BOOK_SIZE = 9
UNKNOWN = -1
# What a memo holds, by position: the stamp for which it is, what the stop costs, and in which row.
MEMO_STAMP, MEMO_COST, MEMO_AT = 0, 1, 2
MEMO_NEVER = (1 << 31) - 1

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
def ruin(hunt: Hunt, routes: Routes, rng: Random, book: Ints) -> tuple[int, int]:
    """Cut strings of neighbouring stops out; return how many are loose, how many routes changed."""
    count = changed = 0
    if book[USED] == 0:
        return 0, 0
    longest = min(float(STRING_MAX), (len(hunt.holder) - book[ABSENT]) / book[USED])
    strings = int(1 + draw(rng) * (4 * REMOVED_MEAN / (1 + longest) - 1))
    if book[STEPS] % STAY_STEPS == 0:
        book[MIDDLE] = below(rng, len(hunt.holder))
    seed = hunt.near[book[MIDDLE], below(rng, min(STAY_STOPS, hunt.near.shape[1]))]
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


@inlined
def blinks(hunt: Hunt, rng: Random) -> bool:
    """Tell whether a place is overlooked this time, about once in a hundred."""
    hunt.blink[0] -= 1
    if hunt.blink[0] > 0:
        return False
    hunt.blink[0] = 1 + int(math.log(1.0 - draw(rng)) / BLINK_LOG)
    return True


@jit
def told(day: Day, hunt: Hunt, routes: Routes, w: int, stop: int) -> int:
    """Return what a loose stop costs in a route that did not change since it was asked last."""
    memo = hunt.memo[stop, w]
    if memo[MEMO_STAMP] != hunt.stamp[w]:
        more, at = cheapest(day, routes, w, stop, NEVER)
        memo[MEMO_STAMP] = hunt.stamp[w]
        memo[MEMO_COST] = min(more + bias_of(day, routes, w, stop), MEMO_NEVER)
        memo[MEMO_AT] = at
    return int(memo[MEMO_COST]) if memo[MEMO_COST] < MEMO_NEVER else NEVER


@inlined
def bias_of(day: Day, routes: Routes, w: int, stop: int) -> int:
    """Return what a stop costs in a route beside the driving, as far as no other stop matters."""
    return int(day.taste[w, stop] + day.price[w] + (day.called[w] if routes.length[w] == 0 else 0))


@jit
def best_place(
    day: Day, hunt: Hunt, routes: Routes, rng: Random, stop: int, changed: int, idle: int
) -> tuple[int, int, int]:
    """Return where a loose stop costs least: the driving it adds, to which route, in which row.

    Asked are the routes of the stops near it, those that changed in this step and `idle`
    technicians without any; all others only when none of them takes it.
    """
    best, best_w, best_at = NEVER, -1, 0
    fits, asked, is_changed = hunt.fits[stop], hunt.asked, hunt.is_changed
    asked[-1] += 1
    question = asked[-1]
    for nth in range(changed):
        w = hunt.aside_of[nth]
        if fits[w] and not blinks(hunt, rng):
            bias = bias_of(day, routes, w, stop)
            more, at = cheapest(day, routes, w, stop, best - bias)
            if more + bias < best:
                best, best_w, best_at = more + bias, w, at
    for k in range(hunt.close.shape[1]):
        w = hunt.holder[hunt.close[stop, k]]
        if w < 0 or asked[w] == question:
            continue
        asked[w] = question
        if fits[w] and not is_changed[w] and not blinks(hunt, rng):
            cost = told(day, hunt, routes, w, stop)
            if cost < best:
                best, best_w, best_at = cost, w, int(hunt.memo[stop, w, MEMO_AT])
    for k in range(idle):
        w = hunt.idle[k]
        if fits[w] and not is_changed[w] and not blinks(hunt, rng):
            cost = told(day, hunt, routes, w, stop)
            if cost < best:
                best, best_w, best_at = cost, w, int(hunt.memo[stop, w, MEMO_AT])
    if best_w < 0:
        for w in range(len(routes.length)):
            if fits[w] and asked[w] != question and not is_changed[w]:
                cost = told(day, hunt, routes, w, stop)
                if cost < best:
                    best, best_w, best_at = cost, w, int(hunt.memo[stop, w, MEMO_AT])
    if best_w < 0:
        return best, best_w, best_at
    return best - bias_of(day, routes, best_w, stop), best_w, best_at


@jit
def rally(hunt: Hunt, routes: Routes) -> int:
    """Note one technician without visits of each kind; return how many they are."""
    idle, asked = 0, hunt.asked_kind
    asked[-1] += 1
    for w in range(len(routes.length)):
        if routes.length[w] == 0 and not hunt.is_changed[w] and asked[hunt.kind[w]] != asked[-1]:
            asked[hunt.kind[w]] = asked[-1]
            hunt.idle[idle] = w
            idle += 1
    return idle


@jit
def recreate(day: Day, hunt: Hunt, routes: Routes, rng: Random, book: Ints) -> tuple[int, int, int]:
    """Cut stops out and put them back where they cost least; leave what was in `hunt`.

    Return how many stops were loose, how many routes changed, and what the plan costs more now.
    """
    count, changed = ruin(hunt, routes, rng, book)
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
    for stop in range(len(hunt.holder) if book[ABSENT] else 0):
        if hunt.holder[stop] < 0:
            before += hunt.penalty[stop]
            hunt.loose[count] = stop
            count += 1
    sort(hunt, rng, count)
    if book[IDLE] == UNKNOWN:
        book[IDLE] = rally(hunt, routes)
    idle = book[IDLE]
    for k in range(count):
        stop = hunt.loose[k]
        more, w, at = best_place(day, hunt, routes, rng, stop, changed, idle)
        hunt.placed[k] = w
        if w < 0:
            after += hunt.penalty[stop]
            continue
        if not hunt.is_changed[w]:
            keep(hunt, routes, w, changed)
            before += routes.drive[w] + routes.soft[w]
            changed += 1
            if routes.length[w] == 0:
                idle = rally(hunt, routes)
                book[IDLE] = UNKNOWN
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
        stop = hunt.loose[k]
        book[ABSENT] += int(hunt.placed[k] < 0) - int(hunt.holder[stop] < 0)
        hunt.holder[stop] = hunt.placed[k]
    for k in range(changed):
        w = hunt.aside_of[k]
        hunt.is_changed[w] = False
        if is_as_before(hunt, routes, k):
            continue
        comes, came = routes.length[w] > 0, hunt.aside.length[k] > 0
        if comes != came:
            book[USED] += int(comes) - int(came)
            book[IDLE] = UNKNOWN
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
    how many steps were tried and taken, how many stops the plan leaves out and technicians it uses,
    how many idle ones are noted, and the stop around which it searches. Routes of plans that cost at most `near_best` more than
    the best go into the pool; of `best` only the visits, the lengths and, as `drive`, what each route
    costs are kept.
    """
    for _ in range(steps):
        count, changed, more = recreate(day, hunt, routes, rng, book)
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
                if hunt.best_stamp[w] == hunt.stamp[w]:
                    continue
                hunt.best_stamp[w] = hunt.stamp[w]
                best.length[w] = routes.length[w]
                best.drive[w] = routes.drive[w] + routes.soft[w]
                best.drive[w] -= day.price[w] * routes.length[w]
                for r in range(routes.length[w]):
                    best.visits[w, r] = routes.visits[w, r]
