"""Fields of JSON, each read, or refused by its name."""

from collections.abc import Mapping, Sequence
from typing import Any

from dispatch.planner.problem import BadProblem, Window

Entry = Mapping[str, Any]
Ids = tuple[object, ...]

# What VROOM knows and the planner does not.
NOT_YET = {
    "": ("shipments",),
    "job": ("setup_per_type", "service_per_type", "location"),
    "vehicle": ("speed_factor", "max_tasks", "max_travel_time", "max_distance", "start"),
    "break": ("max_load",),
}

WHY = {
    "shipments": "are not known to this planner: a van here is loaded before its first visit, and "
    "unloaded after its last. Give goods from the depot as a job's delivery, goods to it as a pickup",
}


def refuse(kind: str, ids: Ids, entry: Entry) -> None:
    for name in NOT_YET[kind]:
        if entry.get(name):
            field = f"{kind}s.{name}" if kind else name
            raise BadProblem(field, ids, WHY.get(name, "is not known to this planner"))


def fixed_cost(vehicle: Entry, i: int) -> int:
    """Return VROOM's `costs.fixed`: the other costs must make a second of driving cost one, as here."""
    costs = mapping("vehicles.costs", (i,), vehicle.get("costs", {}))
    for name, usual in (("per_hour", 3_600), ("per_km", 0)):
        if costs.get(name, usual) != usual:
            raise BadProblem(
                f"vehicles.costs.{name}", (i,), f"other than {usual} is not known to this planner"
            )
    return whole(costs, "vehicles.costs.fixed", (i,), key="fixed", blank=0)


def listed(text: Entry, key: str, ids: Ids) -> Sequence[Any]:
    found = text.get(key, [])
    if not isinstance(found, list):
        raise BadProblem(key, ids, "must be a list")
    return found


def mapping(field: str, ids: Ids, value: Any) -> Entry:
    if not isinstance(value, Mapping):
        raise BadProblem(field, ids, "must be an object")
    return value


def whole(entry: Entry, field: str, ids: Ids, *, key: str, blank: int | None = None) -> int:
    value = entry.get(key, blank)
    if not is_whole(value):
        raise BadProblem(field, ids, "must be a whole number")
    return int(value)


def number(entry: Entry, field: str, i: int, *, blank: float) -> float:
    value = entry.get(_key(field), blank)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadProblem(field, (i,), "must be a number")
    return float(value)


def text_of(entry: Entry, field: str, i: int) -> str | None:
    value = entry.get(_key(field))
    if value is not None and not isinstance(value, str):
        raise BadProblem(field, (i,), "must be a text")
    return value


def ids_of(entry: Entry, field: str, i: object) -> frozenset[int]:
    found = entry.get(_key(field), [])
    if not isinstance(found, list) or not all(map(is_whole, found)):
        raise BadProblem(field, (i,), "must be a list of whole numbers")
    return frozenset(found)


def span(field: str, i: int, value: Any, origin_s: int) -> Window:
    if not isinstance(value, Sequence) or len(value) != 2 or not all(map(is_whole, value)):
        raise BadProblem(field, (i,), "must be two whole numbers of seconds")
    return Window(value[0] - origin_s, value[1] - origin_s)


def spans(
    entry: Entry, field: str, i: int, origin_s: int, *, blank: Sequence[Any] = ()
) -> tuple[Window, ...]:
    found = entry.get(_key(field), blank)
    if not isinstance(found, Sequence):
        raise BadProblem(field, (i,), "must be a list of spans")
    return tuple(span(field, i, value, origin_s) for value in found)


def amounts(entry: Entry, field: str, i: int) -> tuple[int, ...]:
    found = entry.get(_key(field), [])
    if not isinstance(found, Sequence) or not all(map(is_whole, found)):
        raise BadProblem(field, (i,), "must be whole numbers")
    return tuple(found)


def is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _key(field: str) -> str:
    return field.partition(".")[2]
