"""What the rules of a plan measure: one function each, zero when the rule is kept, its unit in its name."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeVar

from dispatch.planner.across import After, Quota, Together, Tool
from dispatch.planner.problem import Break, Stop, Timed, Timetable, Worker

T = TypeVar("T")

# So many standard deviations late, or more, is one day in ten.
WORST_OF_TEN = 1.2816


@dataclass(frozen=True, slots=True)
class Entry:
    """An id as the plan names it: whether the day knows it, how often it came before."""

    is_known: bool
    times_before: int


@dataclass(frozen=True, slots=True)
class Pair:
    """A technician and a stop he is to serve, at whatever time."""

    worker: Worker
    stop: Stop


@dataclass(frozen=True, slots=True)
class Visit:
    """A stop and the second its service starts."""

    stop: Stop
    start_s: int


@dataclass(frozen=True, slots=True)
class Rest:
    """A break that was due and the second it starts."""

    due: Break
    start_s: int


@dataclass(frozen=True, slots=True)
class Load:
    """What a van holds at most on its way, by kind."""

    worker: Worker
    most: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Tour:
    """A technician's whole day as timed."""

    worker: Worker
    timetable: Timetable
    stops: tuple[Stop, ...] = ()


@dataclass(frozen=True, slots=True)
class Whole:
    """Every visit that is made: by whom, and when."""

    made: Mapping[int, tuple[int, Timed]]

    def workers(self, stop_ids: Iterable[int]) -> list[int]:
        """Return who makes those of the visits that are made, each as often as he does."""
        return [self.made[i][0] for i in stop_ids if i in self.made]


@dataclass(frozen=True, slots=True)
class Tie(Generic[T]):
    """Something that crosses routes, and the plan it is to be kept in."""

    tie: T
    whole: Whole


def ids_unknown(entry: Entry) -> int:
    return 0 if entry.is_known else 1


def ids_repeated(entry: Entry) -> int:
    return 1 if entry.times_before else 0


def skills_missing(pair: Pair) -> int:
    skill, worker = pair.stop.skill, pair.worker
    return int(skill is not None and skill not in worker.skills and skill not in worker.expired)


def levels_short(pair: Pair) -> int:
    """Return how many levels he lacks of a skill he has."""
    if pair.stop.skill is None or pair.stop.skill not in pair.worker.skills:
        return 0
    return max(0, pair.stop.level - pair.worker.skills[pair.stop.skill])


def pins_broken(pair: Pair) -> int:
    return int(pair.stop.worker_id is not None and pair.stop.worker_id != pair.worker.id)


def bars_broken(pair: Pair) -> int:
    return int(pair.worker.id in pair.stop.barred)


def certificates_expired(pair: Pair) -> int:
    """Return 1 for a skill that he has, but may not use on this day."""
    return int(pair.stop.skill in pair.worker.expired)


def areas_left(pair: Pair) -> int:
    return int(pair.worker.areas is not None and pair.stop.area not in pair.worker.areas)


def wishes_missed(pair: Pair) -> int:
    return int(bool(pair.stop.prefers) and pair.worker.id not in pair.stop.prefers)


def names_changed(pair: Pair) -> int:
    """Return 1 when another comes than the one whom the member was told of."""
    return int(pair.stop.told_id not in {None, pair.worker.id})


def levels_unneeded(pair: Pair) -> int:
    """Return how many levels of his skill the visit has no use for."""
    skill = pair.stop.skill
    if skill is None or skill not in pair.worker.skills:
        return 0
    return max(0, pair.worker.skills[skill] - pair.stop.level)


def seconds_late(visit: Visit) -> int:
    """Return the seconds by which a service starts after its last window has shut."""
    return max(0, visit.start_s - visit.stop.windows[-1].shut_s)


def seconds_of_closed_hours(visit: Visit) -> int:
    """Return how long after a start within hours closed to work they would end."""
    for span in visit.stop.closed:
        if span.open_s <= visit.start_s <= span.shut_s:
            return span.shut_s + 1 - visit.start_s
    return 0


def seconds_of_late_rest(rest: Rest) -> int:
    return max(0, rest.start_s - rest.due.shut_s)


def units_overloaded(load: Load) -> int:
    """Return the units beyond the van's room, of all kinds that are limited."""
    return sum(max(0, most - room) for most, room in zip(load.most, load.worker.room, strict=False))


def seconds_of_overtime(tour: Tour) -> int:
    """Return the seconds past the last one that he may be asked for."""
    return max(0, tour.timetable.finish_s - tour.worker.ends_s)


def seconds_of_paid_overtime(tour: Tour) -> int:
    worker = tour.worker
    return max(0, min(tour.timetable.finish_s, worker.ends_s) - worker.shift_shut_s)


def seconds_at_risk(tour: Tour) -> int:
    """Return by how much visits start too late on a day that one in ten is worse than.

    The spreads of the services before a visit add up as those of independent ones do; a wait
    before it is what they use up first.
    """
    variance, excess = 0.0, 0.0
    for timed, stop in zip(tour.timetable.visits, tour.stops, strict=True):
        behind_s = WORST_OF_TEN * math.sqrt(variance)
        excess += max(0.0, timed.arrive_s + behind_s - max(timed.start_s, stop.windows[-1].shut_s))
        variance += stop.spread_s**2
    return int(excess)


def ways_into_estates(tour: Tour) -> int:
    """Return how often he comes into a compound from outside it."""
    estates = [None, *(stop.estate for stop in tour.stops)]
    return sum(b is not None and a != b for a, b in pairwise(estates))


def standbys_called(tour: Tour) -> int:
    return int(tour.worker.is_standby and bool(tour.timetable.visits))


def fixed_seconds(tour: Tour) -> int:
    """Return what it costs that he comes at all."""
    return tour.worker.fixed_s if tour.timetable.visits else 0


def seconds_driven(tour: Tour) -> int:
    return tour.timetable.travel_s


def seconds_waited(tour: Tour) -> int:
    return tour.timetable.wait_s


def priority_unserved(stop: Stop) -> int:
    return stop.priority


def seconds_off_the_gap(tie: Tie[After]) -> int:
    """Return by how much the second of two visits starts too soon or too late after the first."""
    after, made = tie.tie, tie.whole.made
    if after.first not in made or after.second not in made:
        return 0
    gap_s = made[after.second][1].start_s - made[after.first][1].depart_s
    return max(0, after.min_gap_s - gap_s, gap_s - after.max_gap_s)


def visits_without_their_first(tie: Tie[After]) -> int:
    made = tie.whole.made
    return int(tie.tie.second in made and tie.tie.first not in made)


def visits_of_another_hand(tie: Tie[After]) -> int:
    who = set(tie.whole.workers(tie.tie.stop_ids))
    return int(tie.tie.same_worker and len(who) > 1)


def hands_missing(tie: Tie[Together]) -> int:
    """Return how many of a crew are missing where some come; one man cannot be two."""
    who = tie.whole.workers(tie.tie.stop_ids)
    return len(tie.tie.stop_ids) - len(set(who)) if who else 0


def seconds_apart(tie: Tie[Together]) -> int:
    starts = [tie.whole.made[i][1].start_s for i in tie.tie.stop_ids if i in tie.whole.made]
    return max(starts) - min(starts) if starts else 0


def visits_over_quota(tie: Tie[Quota]) -> int:
    given = sum(who in tie.tie.worker_ids for who, _ in tie.whole.made.values())
    return max(0, given - tie.tie.visits_max)


def tools_missing(tie: Tie[Tool]) -> int:
    return max(0, len(set(tie.whole.workers(tie.tie.stop_ids))) - tie.tie.count)


def seconds_unfair(worked_s: Sequence[int]) -> int:
    """Return how far the most and the least worked of the month are apart."""
    return max(worked_s) - min(worked_s) if worked_s else 0
