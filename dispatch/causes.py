"""Why a proposal was made when a day broke, and what accepting it says about the day. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

from dispatch.daybook import DayPlan
from dispatch.planner.happenings import Freed, GoodsLate, Happening, Ill
from dispatch.planner.problem import DAY_S, Plan, Problem, Window


class CauseKind(StrEnum):
    """What broke the day. LATE is all that shows in its times: an overrun, a late start, a visit that
    has no route, time that came free."""

    ILL = "ill"
    GOODS = "goods"
    LATE = "late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What broke the day, and how it is to go on: `way` is one of the planner's `Way`.

    `from_s` is from when on he is away, or the goods are there; `reason` that of his absence.
    `overtime_s` is by technician how much longer than his shift he stays.
    """

    kind: CauseKind
    technician_id: int = 0
    visit_id: int = 0
    from_s: int = 0
    reason: str = ""
    way: str = ""
    overtime_s: Mapping[int, int] = field(default_factory=dict)

    @property
    def happening(self) -> Happening:
        match self.kind:
            case CauseKind.ILL:
                return Ill(worker_id=self.technician_id, from_s=self.from_s)
            case CauseKind.GOODS:
                return GoodsLate(stop_id=self.visit_id, from_s=self.from_s)
            case CauseKind.LATE:
                return Freed()

    def as_json(self) -> dict[str, Any]:
        told = asdict(self)
        told["overtime_s"] = {str(t): seconds for t, seconds in self.overtime_s.items()}
        return told


def of_json(told: Mapping[str, Any] | None) -> Cause | None:
    """Return what `as_json` wrote; None for a proposal that nothing broke."""
    if not told:
        return None
    overtime_s = {int(t): seconds for t, seconds in told["overtime_s"].items()}
    return Cause(**{**told, "kind": CauseKind(told["kind"]), "overtime_s": overtime_s})


def with_cause(day: DayPlan, cause: Cause | None, *, wanted: Collection[int]) -> DayPlan:
    """Return the day as the cause, if any, leaves it: without who is away, with hours and goods as they
    are.

    What then has no route is part of it only when it is `wanted`.
    """
    cause = cause or _NOTHING
    away = cause.technician_id if cause.kind is CauseKind.ILL else 0
    workers = tuple(
        replace(w, shift_shut_s=min(w.shift_shut_s + cause.overtime_s.get(w.id, 0), DAY_S))
        for w in day.problem.workers
        if w.id != away
    )
    plan = Plan(tuple(route for route in day.plan.routes if route.worker_id != away))
    kept = plan.served() | set(wanted)
    stops = tuple(
        # Who is away holds no pin.
        replace(stop, worker_id=None) if away and stop.worker_id == away else stop
        for stop in day.problem.stops
        if stop.id in kept
    )
    if cause.kind is CauseKind.GOODS:
        stops = tuple(
            replace(stop, windows=tuple(_from(w, cause.from_s) for w in stop.windows))
            if stop.id == cause.visit_id
            else stop
            for stop in stops
        )
    return replace(day, problem=Problem(stops, workers, day.problem.travel_s), plan=plan)


_NOTHING = Cause(kind=CauseKind.LATE)


def _from(window: Window, from_s: int) -> Window:
    return Window(max(window.open_s, min(from_s, window.shut_s)), window.shut_s)
