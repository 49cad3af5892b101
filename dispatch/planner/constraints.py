"""The rules of a plan: one named function each, its unit in its name, and its sentence.

A hard rule is broken by any excess above zero and cannot be paid for. A soft rule costs
its weight for every unit. To add a rule: write the function, list it below, and tell the
solver how to keep it (`solver.ENCODERS`; a test demands it of every hard rule).

Sentences take %(name)s fields from `Breach.words`; the Chinese one is the gettext msgid.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Generic, TypeVar

from dispatch.planner.problem import Break, Stop, Timetable, Worker

T = TypeVar("T")


class Weight(IntEnum):
    """The cost of one unit of a rule, in hundredths of a second of driving."""

    HARD = -1
    WAITING = 1
    DRIVING = 100
    # Ten hours of driving for each point of priority: nobody is left out to save fuel.
    UNSERVED = 3_600_000


@dataclass(frozen=True, slots=True)
class Rule(Generic[T]):
    """What `excess` measures on one thing of a plan, what it costs, and how to say so."""

    name: str
    weight: Weight
    excess: Callable[[T], int]
    sentence: str
    sentence_en: str

    @property
    def is_hard(self) -> bool:
        return self.weight is Weight.HARD


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


def N_(text: str) -> str:  # noqa: N802 - the name by which Babel finds text to translate
    return text


def ids_unknown(entry: Entry) -> int:
    return 0 if entry.is_known else 1


def ids_repeated(entry: Entry) -> int:
    return 1 if entry.times_before else 0


def skills_missing(pair: Pair) -> int:
    return int(pair.stop.skill is not None and pair.stop.skill not in pair.worker.skills)


def levels_short(pair: Pair) -> int:
    """Return how many levels he lacks of a skill he has."""
    if pair.stop.skill is None or pair.stop.skill not in pair.worker.skills:
        return 0
    return max(0, pair.stop.level - pair.worker.skills[pair.stop.skill])


def pins_broken(pair: Pair) -> int:
    return int(pair.stop.worker_id is not None and pair.stop.worker_id != pair.worker.id)


def bars_broken(pair: Pair) -> int:
    return int(pair.worker.id in pair.stop.barred)


def seconds_late(visit: Visit) -> int:
    """Return the seconds by which a service starts after its last window has shut."""
    return max(0, visit.start_s - visit.stop.windows[-1].shut_s)


def seconds_of_late_rest(rest: Rest) -> int:
    return max(0, rest.start_s - rest.due.shut_s)


def units_overloaded(load: Load) -> int:
    """Return the units beyond the van's room, of all kinds that are limited."""
    return sum(max(0, most - room) for most, room in zip(load.most, load.worker.room, strict=False))


def seconds_of_overtime(tour: Tour) -> int:
    return max(0, tour.timetable.finish_s - tour.worker.shift_shut_s)


def seconds_driven(tour: Tour) -> int:
    return tour.timetable.travel_s


def seconds_waited(tour: Tour) -> int:
    return tour.timetable.wait_s


def priority_unserved(stop: Stop) -> int:
    return stop.priority


ENTRY_RULES: tuple[Rule[Entry], ...] = (
    Rule(
        "ids_unknown",
        Weight.HARD,
        ids_unknown,
        N_("排班里有不存在的编号：师傅 %(worker)s，任务 %(stop)s"),
        "The plan names somebody or something unknown: technician %(worker)s, stop %(stop)s",
    ),
    Rule(
        "ids_repeated",
        Weight.HARD,
        ids_repeated,
        N_("排班里重复出现：师傅 %(worker)s，任务 %(stop)s"),
        "The plan holds this twice: technician %(worker)s, stop %(stop)s",
    ),
)
PAIR_RULES: tuple[Rule[Pair], ...] = (
    Rule(
        "skills_missing",
        Weight.HARD,
        skills_missing,
        N_("%(worker)s不具备%(stop)s所需的技能"),
        "%(worker)s lacks the skill that %(stop)s needs",
    ),
    Rule(
        "levels_short",
        Weight.HARD,
        levels_short,
        N_("%(worker)s的技能等级比%(stop)s的要求低 %(excess)s 级"),
        "%(worker)s is %(excess)s levels short of what %(stop)s needs",
    ),
    Rule(
        "pins_broken",
        Weight.HARD,
        pins_broken,
        N_("%(stop)s已指定其他师傅，不能派给%(worker)s"),
        "%(stop)s is pinned to somebody other than %(worker)s",
    ),
    Rule(
        "bars_broken",
        Weight.HARD,
        bars_broken,
        N_("%(stop)s不接受%(worker)s上门"),
        "%(worker)s must not come to %(stop)s",
    ),
)
VISIT_RULES: tuple[Rule[Visit], ...] = (
    Rule(
        "seconds_late",
        Weight.HARD,
        seconds_late,
        N_("%(worker)s到%(stop)s会迟到 %(minutes)s 分钟"),
        "%(worker)s reaches %(stop)s %(minutes)s min too late",
    ),
)
REST_RULES: tuple[Rule[Rest], ...] = (
    Rule(
        "seconds_of_late_rest",
        Weight.HARD,
        seconds_of_late_rest,
        N_("%(worker)s的休息要推迟 %(minutes)s 分钟，超出规定时间"),
        "%(worker)s can rest only %(minutes)s min later than allowed",
    ),
)
LOAD_RULES: tuple[Rule[Load], ...] = (
    Rule(
        "units_overloaded",
        Weight.HARD,
        units_overloaded,
        N_("%(worker)s的车装不下，多出 %(excess)s 件"),
        "The van of %(worker)s is %(excess)s units over its room",
    ),
)
TOUR_RULES: tuple[Rule[Tour], ...] = (
    Rule(
        "seconds_of_overtime",
        Weight.HARD,
        seconds_of_overtime,
        N_("%(worker)s要超时工作 %(minutes)s 分钟"),
        "%(worker)s works %(minutes)s min past the end of the shift",
    ),
    Rule(
        "seconds_driven",
        Weight.DRIVING,
        seconds_driven,
        N_("%(worker)s路上用时 %(minutes)s 分钟"),
        "%(worker)s drives for %(minutes)s min",
    ),
    Rule(
        "seconds_waited",
        Weight.WAITING,
        seconds_waited,
        N_("%(worker)s等候 %(minutes)s 分钟"),
        "%(worker)s waits for %(minutes)s min",
    ),
)
STOP_RULES: tuple[Rule[Stop], ...] = (
    Rule(
        "priority_unserved",
        Weight.UNSERVED,
        priority_unserved,
        N_("%(stop)s没有师傅可派"),
        "Nobody is left for %(stop)s",
    ),
)
RULES: tuple[Rule[Any], ...] = (
    *ENTRY_RULES,
    *PAIR_RULES,
    *VISIT_RULES,
    *REST_RULES,
    *LOAD_RULES,
    *TOUR_RULES,
    *STOP_RULES,
)


def may_serve(worker: Worker, stop: Stop) -> bool:
    """Say whether no rule about the two alone, at whatever time, forbids the visit."""
    pair = Pair(worker, stop)
    return not any(rule.excess(pair) for rule in PAIR_RULES)
