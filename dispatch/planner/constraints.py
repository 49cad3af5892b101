"""The rules of a plan: what each measures (see `measures`), what it weighs, and its sentence.

A hard rule is broken by any excess above zero and cannot be paid for. A soft rule costs
its weight for every unit. To add a rule: write the function, list it below, and tell the
engines how to keep it (`routing.ENCODERS`; a test demands it of every hard rule).

Sentences take %(name)s fields from `Breach.words`; the Chinese one is the gettext msgid.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Generic, TypeVar

from dispatch.planner import measures
from dispatch.planner.across import After, Quota, Together, Tool
from dispatch.planner.measures import Entry, Load, Pair, Rest, Tie, Tour, Visit
from dispatch.planner.problem import Stop, Worker

T = TypeVar("T")


class Weight(IntEnum):
    """The cost of one unit of a rule, in hundredths of a second of driving."""

    HARD = -1
    WAITING = 1
    FAIRNESS = 5
    # A second at which a promise might be broken.
    RISK = 10
    DRIVING = 100
    # An hour of it costs an hour and a half of driving, as wages for it do (Labour Law, art. 44).
    OVERTIME = 150
    # A minute of driving for a level that another visit may need.
    LEVEL = 6_000
    # Each way into a compound has its gate, its lift and its parking.
    ESTATE = 12_000
    # A member's wish is worth ten minutes, a name he was told a quarter of an hour.
    WISH = 60_000
    TOLD = 90_000
    STANDBY = 360_000
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


def N_(text: str) -> str:  # noqa: N802 - the name by which Babel finds text to translate
    return text


ENTRY_RULES: tuple[Rule[Entry], ...] = (
    Rule(
        "ids_unknown",
        Weight.HARD,
        measures.ids_unknown,
        N_("排班里有不存在的编号：师傅 %(worker)s，任务 %(stop)s"),
        "The plan names somebody or something unknown: technician %(worker)s, stop %(stop)s",
    ),
    Rule(
        "ids_repeated",
        Weight.HARD,
        measures.ids_repeated,
        N_("排班里重复出现：师傅 %(worker)s，任务 %(stop)s"),
        "The plan holds this twice: technician %(worker)s, stop %(stop)s",
    ),
)
PAIR_RULES: tuple[Rule[Pair], ...] = (
    Rule(
        "skills_missing",
        Weight.HARD,
        measures.skills_missing,
        N_("%(worker)s不具备%(stop)s所需的技能"),
        "%(worker)s lacks the skill that %(stop)s needs",
    ),
    Rule(
        "levels_short",
        Weight.HARD,
        measures.levels_short,
        N_("%(worker)s的技能等级比%(stop)s的要求低 %(excess)s 级"),
        "%(worker)s is %(excess)s levels short of what %(stop)s needs",
    ),
    Rule(
        "pins_broken",
        Weight.HARD,
        measures.pins_broken,
        N_("%(stop)s已指定其他师傅，不能派给%(worker)s"),
        "%(stop)s is pinned to somebody other than %(worker)s",
    ),
    Rule(
        "bars_broken",
        Weight.HARD,
        measures.bars_broken,
        N_("%(stop)s不接受%(worker)s上门"),
        "%(worker)s must not come to %(stop)s",
    ),
    Rule(
        "certificates_expired",
        Weight.HARD,
        measures.certificates_expired,
        N_("%(worker)s的证书在当天已过期，不能做%(stop)s"),
        "A certificate of %(worker)s that %(stop)s needs has expired on that day",
    ),
    Rule(
        "areas_left",
        Weight.HARD,
        measures.areas_left,
        N_("%(stop)s不在%(worker)s的服务片区"),
        "%(stop)s lies outside the areas that %(worker)s serves",
    ),
)
TASTE_RULES: tuple[Rule[Pair], ...] = (
    Rule(
        "wishes_missed",
        Weight.WISH,
        measures.wishes_missed,
        N_("%(stop)s的客户希望由其他师傅上门，不是%(worker)s"),
        "The member of %(stop)s would rather have somebody other than %(worker)s",
    ),
    Rule(
        "names_changed",
        Weight.TOLD,
        measures.names_changed,
        N_("%(stop)s已告知客户由其他师傅上门，改派%(worker)s要再通知"),
        "The member of %(stop)s was told of somebody other than %(worker)s",
    ),
    Rule(
        "levels_unneeded",
        Weight.LEVEL,
        measures.levels_unneeded,
        N_("%(worker)s的技能等级比%(stop)s的要求高 %(excess)s 级"),
        "%(worker)s is %(excess)s levels above what %(stop)s needs",
    ),
)
VISIT_RULES: tuple[Rule[Visit], ...] = (
    Rule(
        "seconds_late",
        Weight.HARD,
        measures.seconds_late,
        N_("%(worker)s到%(stop)s会迟到 %(minutes)s 分钟"),
        "%(worker)s reaches %(stop)s %(minutes)s min too late",
    ),
    Rule(
        "seconds_of_closed_hours",
        Weight.HARD,
        measures.seconds_of_closed_hours,
        N_("%(worker)s到%(stop)s时不许施工，%(minutes)s 分钟后才可以"),
        "%(worker)s reaches %(stop)s at hours closed to work, %(minutes)s min before they end",
    ),
)
REST_RULES: tuple[Rule[Rest], ...] = (
    Rule(
        "seconds_of_late_rest",
        Weight.HARD,
        measures.seconds_of_late_rest,
        N_("%(worker)s的休息要推迟 %(minutes)s 分钟，超出规定时间"),
        "%(worker)s can rest only %(minutes)s min later than allowed",
    ),
)
LOAD_RULES: tuple[Rule[Load], ...] = (
    Rule(
        "units_overloaded",
        Weight.HARD,
        measures.units_overloaded,
        N_("%(worker)s的车装不下，多出 %(excess)s 件"),
        "The van of %(worker)s is %(excess)s units over its room",
    ),
)
TOUR_RULES: tuple[Rule[Tour], ...] = (
    Rule(
        "seconds_of_overtime",
        Weight.HARD,
        measures.seconds_of_overtime,
        N_("%(worker)s要超时工作 %(minutes)s 分钟"),
        "%(worker)s works %(minutes)s min past the end of the shift",
    ),
    Rule(
        "seconds_driven",
        Weight.DRIVING,
        measures.seconds_driven,
        N_("%(worker)s路上用时 %(minutes)s 分钟"),
        "%(worker)s drives for %(minutes)s min",
    ),
    Rule(
        "seconds_waited",
        Weight.WAITING,
        measures.seconds_waited,
        N_("%(worker)s等候 %(minutes)s 分钟"),
        "%(worker)s waits for %(minutes)s min",
    ),
    Rule(
        "seconds_of_paid_overtime",
        Weight.OVERTIME,
        measures.seconds_of_paid_overtime,
        N_("%(worker)s加班 %(minutes)s 分钟"),
        "%(worker)s works %(minutes)s min of overtime",
    ),
    Rule(
        "seconds_at_risk",
        Weight.RISK,
        measures.seconds_at_risk,
        N_("服务时间偏长时，%(worker)s可能迟到 %(minutes)s 分钟"),
        "When services take long, %(worker)s may be %(minutes)s min late",
    ),
    Rule(
        "ways_into_estates",
        Weight.ESTATE,
        measures.ways_into_estates,
        N_("%(worker)s要进出小区 %(excess)s 次"),
        "%(worker)s has to get into compounds %(excess)s times",
    ),
    Rule(
        "standbys_called",
        Weight.STANDBY,
        measures.standbys_called,
        N_("要叫备班的%(worker)s上班"),
        "%(worker)s is called from standby",
    ),
    Rule(
        "fixed_seconds",
        Weight.DRIVING,
        measures.fixed_seconds,
        N_("%(worker)s出车的固定成本相当于 %(minutes)s 分钟路程"),
        "That %(worker)s comes at all costs as much as %(minutes)s min of driving",
    ),
)
STOP_RULES: tuple[Rule[Stop], ...] = (
    Rule(
        "priority_unserved",
        Weight.UNSERVED,
        measures.priority_unserved,
        N_("%(stop)s没有师傅可派"),
        "Nobody is left for %(stop)s",
    ),
)
AFTER_RULES: tuple[Rule[Tie[After]], ...] = (
    Rule(
        "seconds_off_the_gap",
        Weight.HARD,
        measures.seconds_off_the_gap,
        N_("%(stop)s与前一次上门的间隔差 %(minutes)s 分钟"),
        "The gap between %(stop)s and the visit before it is off by %(minutes)s min",
    ),
    Rule(
        "visits_without_their_first",
        Weight.HARD,
        measures.visits_without_their_first,
        N_("%(stop)s之前的上门没有安排"),
        "The visit that must come before %(stop)s is not made",
    ),
    Rule(
        "visits_of_another_hand",
        Weight.HARD,
        measures.visits_of_another_hand,
        N_("%(stop)s与前一次上门须由同一位师傅完成"),
        "%(stop)s and the visit before it are to be made by one technician",
    ),
)
TOGETHER_RULES: tuple[Rule[Tie[Together]], ...] = (
    Rule(
        "hands_missing",
        Weight.HARD,
        measures.hands_missing,
        N_("%(stop)s要多人同时上门，还差 %(excess)s 人"),
        "%(stop)s needs a crew and lacks %(excess)s of it",
    ),
    Rule(
        "seconds_apart",
        Weight.HARD,
        measures.seconds_apart,
        N_("%(stop)s的几位师傅到得不齐，相差 %(minutes)s 分钟"),
        "The crew of %(stop)s starts %(minutes)s min apart",
    ),
)
QUOTA_RULES: tuple[Rule[Tie[Quota]], ...] = (
    Rule(
        "visits_over_quota",
        Weight.HARD,
        measures.visits_over_quota,
        N_("合作方「%(tie)s」的派单超出配额 %(excess)s 单"),
        "The partner %(tie)s is given %(excess)s visits over its quota",
    ),
)
TOOL_RULES: tuple[Rule[Tie[Tool]], ...] = (
    Rule(
        "tools_missing",
        Weight.HARD,
        measures.tools_missing,
        N_("共用工具「%(tie)s」还差 %(excess)s 件"),
        "%(excess)s of the shared tool %(tie)s are missing",
    ),
)
TEAM_RULES: tuple[Rule[Sequence[int]], ...] = (
    Rule(
        "seconds_unfair",
        Weight.FAIRNESS,
        measures.seconds_unfair,
        N_("本月工时最多与最少的师傅相差 %(minutes)s 分钟"),
        "The hours of the month are %(minutes)s min apart",
    ),
)
RULES: tuple[Rule[Any], ...] = (
    *ENTRY_RULES,
    *PAIR_RULES,
    *TASTE_RULES,
    *VISIT_RULES,
    *REST_RULES,
    *LOAD_RULES,
    *TOUR_RULES,
    *STOP_RULES,
    *AFTER_RULES,
    *TOGETHER_RULES,
    *QUOTA_RULES,
    *TOOL_RULES,
    *TEAM_RULES,
)


def may_serve(worker: Worker, stop: Stop) -> bool:
    """Say whether no rule about the two alone, at whatever time, forbids the visit."""
    pair = Pair(worker, stop)
    return not any(rule.excess(pair) for rule in PAIR_RULES)


def taste_s(worker: Worker, stop: Stop) -> int:
    """Return what the soft rules about the two alone ask for, in seconds of driving."""
    pair = Pair(worker, stop)
    return sum(rule.weight * rule.excess(pair) for rule in TASTE_RULES) // Weight.DRIVING


def seconds(weight: Weight) -> int:
    """Return a weight in seconds of driving."""
    return weight // Weight.DRIVING
