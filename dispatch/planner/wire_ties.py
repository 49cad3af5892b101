"""What crosses routes, on the wire: ours, ignored by VROOM."""

from collections.abc import Iterator
from typing import Any

from dispatch.planner.across import After, Quota, Ties, Together, Tool
from dispatch.planner.problem import DAY_S, BadProblem
from dispatch.planner.wire_fields import Entry, ids_of, listed, mapping, text_of, whole

RELATIONS = ("after", "together")


def read_ties(text: Entry) -> Ties:
    """Read `relations`, `quotas`, `tools` and `fair`. Raises BadProblem."""
    relations = list(_entries(text, "relations"))
    for nth, relation in relations:
        if relation.get("type") not in RELATIONS:
            raise BadProblem("relations.type", (nth,), f"must be one of {', '.join(RELATIONS)}")
    is_fair = text.get("fair", False)
    if not isinstance(is_fair, bool):
        raise BadProblem("fair", (), "must be true or false")
    return Ties(
        after=tuple(_after(nth, one) for nth, one in relations if one["type"] == "after"),
        together=tuple(
            Together(tuple(sorted(ids_of(one, "relations.jobs", nth))))
            for nth, one in relations
            if one["type"] == "together"
        ),
        quotas=tuple(
            Quota(
                text_of(one, "quotas.name", nth) or str(nth + 1),
                ids_of(one, "quotas.vehicles", nth),
                whole(one, "quotas.max", (nth,), key="max"),
            )
            for nth, one in _entries(text, "quotas")
        ),
        tools=tuple(
            Tool(
                text_of(one, "tools.name", nth) or str(nth + 1),
                ids_of(one, "tools.jobs", nth),
                whole(one, "tools.count", (nth,), key="count"),
            )
            for nth, one in _entries(text, "tools")
        ),
        is_fair=is_fair,
    )


def _entries(text: Entry, key: str) -> Iterator[tuple[int, Entry]]:
    for nth, entry in enumerate(listed(text, key, ())):
        yield nth, mapping(key, (nth,), entry)


def _after(nth: int, relation: Entry) -> After:
    def read(key: str, blank: int | None = None) -> Any:
        return whole(relation, f"relations.{key}", (nth,), key=key, blank=blank)

    return After(
        first=read("first"),
        second=read("second"),
        min_gap_s=read("min_gap", 0),
        max_gap_s=read("max_gap", DAY_S),
        same_worker=relation.get("same_vehicle") is True,
    )
