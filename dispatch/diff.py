"""What a proposal would change, visit by visit: who goes instead of whom, when, and who is told. Pure.

Seconds of the day throughout. Only the part of the day that may still move is compared.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from dispatch.planner.problem import Plan, Problem, Timed, Timetable

# A visit of the same technician counts as moved from this on: less is the noise of replanning.
RETIMED_S = 5 * 60
# With less than this left of its window a promise is called tight.
TIGHT_S = 30 * 60


class Message(StrEnum):
    """What the member hears when the proposal is accepted."""

    NONE = ""
    ASSIGNED = "assigned"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What people know of a visit: its window, and who comes (None: nobody was named).

    The window is the promised one: a day that already runs late is planned with wider ones. Nobody
    is told of a visit that is only held.
    """

    opens_s: int
    shuts_s: int
    technician_id: int | None = None
    is_held: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a visit stands in a plan: whose route, when he arrives and begins."""

    technician_id: int
    arrive_s: int
    start_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One visit that moves. `before` is None for one that no route held, `after` for one left out.

    `slack_s` is what is left of the window after the move, all of it for who comes early; `travel_s` what the move adds to all
    driving, seen by itself.
    """

    visit_id: int
    before: Place | None
    after: Place | None
    opens_s: int
    shuts_s: int
    slack_s: int | None
    travel_s: int
    message: Message

    @property
    def is_tight(self) -> bool:
        return self.slack_s is not None and self.slack_s < TIGHT_S

    @property
    def is_broken(self) -> bool:
        """Nobody comes, or he comes after the window has shut."""
        return self.slack_s is None or self.slack_s < 0

    @property
    def is_handed_over(self) -> bool:
        """Another technician comes than the plan had before."""
        return _whose(self.before) != _whose(self.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One technician's part; `changes` are the visits in his new route, those he loses are counted.

    A group without technician holds the visits left out.
    """

    technician_id: int | None
    changes: tuple[Change, ...]
    gained: int
    lost: int
    finish_s: tuple[int, int]
    travel_s: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """All changes, by technician in the order of the problem; totals are (before, after), of those who
    are still at work.

    `assigned` visits get a technician people are told about for the first time, `changed` another
    one: both whether or not the proposal moves them, as accepting publishes the day.
    """

    groups: tuple[Group, ...]
    handed_over: int
    retimed: int
    # Left to nobody.
    dropped: int
    untouched: int
    assigned: int
    changed: int
    tight: int
    # Technicians who get a message of a new visit, each with how many.
    told_technicians: Mapping[int, int]
    travel_s: tuple[int, int]
    # The promises that would not be kept, moved or not: late by their slack, or left to nobody.
    broken: tuple[Change, ...] = ()

    @property
    def changes(self) -> int:
        return len(self.each)

    @property
    def each(self) -> tuple[Change, ...]:
        return tuple(change for group in self.groups for change in group.changes)

    def of(self, technician_id: int) -> frozenset[int]:
        """Return the visits whose changes stand under that technician."""
        return frozenset(
            change.visit_id
            for group in self.groups
            if group.technician_id == technician_id
            for change in group.changes
        )

    @property
    def driving_s(self) -> int:
        """What it adds to the driving of those who are still at work."""
        return self.travel_s[1] - self.travel_s[0]

    @property
    def told_members(self) -> int:
        return self.assigned + self.changed


@dataclass(frozen=True, slots=True)
class Side:
    """A plan with its judged times."""

    plan: Plan
    timetables: Mapping[int, Timetable]


def compare(
    problem: Problem, *, before: Side, after: Side, promises: Mapping[int, Promise]
) -> Diff:
    """Compare two plans of one problem; `promises` has every visit of it."""
    places_before, places_after = _places(before), _places(after)
    detours_before, detours_after = _detours(problem, before.plan), _detours(problem, after.plan)
    changes = [
        _change(
            stop.id,
            promises[stop.id],
            before=places_before.get(stop.id),
            after=places_after.get(stop.id),
            travel_s=detours_after.get(stop.id, 0) - detours_before.get(stop.id, 0),
        )
        for stop in problem.stops
    ]
    moved = [change for change in changes if _has_moved(change)]
    return Diff(
        groups=_groups(problem, moved, before, after),
        handed_over=sum(c.is_handed_over and c.after is not None for c in moved),
        dropped=sum(change.after is None for change in moved),
        retimed=sum(not change.is_handed_over for change in moved),
        untouched=len(changes) - len(moved),
        assigned=sum(change.message is Message.ASSIGNED for change in changes),
        changed=sum(change.message is Message.CHANGED for change in changes),
        tight=sum(change.is_tight for change in moved),
        told_technicians=_told_technicians(changes),
        travel_s=(_travel_s(before, after.timetables), _travel_s(after, after.timetables)),
        broken=tuple(change for change in changes if change.is_broken),
    )


def _has_moved(change: Change) -> bool:
    before, after = change.before, change.after
    if before is None or after is None:
        return before is not after
    return change.is_handed_over or abs(after.start_s - before.start_s) >= RETIMED_S


def _change(
    visit_id: int, promise: Promise, *, before: Place | None, after: Place | None, travel_s: int
) -> Change:
    return Change(
        visit_id=visit_id,
        before=before,
        after=after,
        opens_s=promise.opens_s,
        shuts_s=promise.shuts_s,
        slack_s=promise.shuts_s - max(after.arrive_s, promise.opens_s) if after else None,
        travel_s=travel_s,
        message=_message(promise, after),
    )


def _message(promise: Promise, after: Place | None) -> Message:
    if after is None or promise.is_held or after.technician_id == promise.technician_id:
        return Message.NONE
    return Message.ASSIGNED if promise.technician_id is None else Message.CHANGED


def _groups(
    problem: Problem, moved: Sequence[Change], before: Side, after: Side
) -> tuple[Group, ...]:
    gained, lost = defaultdict[int | None, list[Change]](list), defaultdict[int | None, int](int)
    for change in moved:
        gained[_whose(change.after)].append(change)
        lost[_whose(change.before)] += change.is_handed_over
    order: list[int | None] = [worker.id for worker in problem.workers]
    return tuple(
        Group(
            technician_id=technician_id,
            changes=tuple(sorted(gained[technician_id], key=_when)),
            gained=sum(change.is_handed_over for change in gained[technician_id]),
            lost=lost[technician_id],
            finish_s=(_finish_s(before, technician_id), _finish_s(after, technician_id)),
            travel_s=(_his_travel_s(before, technician_id), _his_travel_s(after, technician_id)),
        )
        for technician_id in [*order, None]
        if gained[technician_id] or lost[technician_id]
    )


def _when(change: Change) -> tuple[int, int]:
    return (change.after.start_s if change.after else change.opens_s, change.visit_id)


def _whose(place: Place | None) -> int | None:
    return place.technician_id if place else None


def _places(side: Side) -> dict[int, Place]:
    return {
        timed.stop_id: _place(technician_id, timed)
        for technician_id, timetable in side.timetables.items()
        for timed in timetable.visits
    }


def _place(technician_id: int, timed: Timed) -> Place:
    return Place(technician_id=technician_id, arrive_s=timed.arrive_s, start_s=timed.start_s)


def _detours(problem: Problem, plan: Plan) -> dict[int, int]:
    """Return what each visit adds to the driving of its route, as the route stands."""
    found = {}
    for route in plan.routes:
        worker = problem.worker(route.worker_id)
        places = [worker.start_place, *(problem.stop(i).place for i in route.stop_ids)]
        for index, stop_id in enumerate(route.stop_ids, start=1):
            last, here = places[index - 1], places[index]
            following = places[index + 1] if index + 1 < len(places) else worker.end_place
            through_s = problem.drive_s(last, here) + problem.drive_s(here, following)
            found[stop_id] = through_s - problem.drive_s(last, following)
    return found


def _told_technicians(changes: Iterable[Change]) -> dict[int, int]:
    told = defaultdict[int, int](int)
    for change in changes:
        if change.message is not Message.NONE and change.after is not None:
            told[change.after.technician_id] += 1
    return dict(told)


def _travel_s(side: Side, people: Container[int]) -> int:
    return sum(t.travel_s for t in side.timetables.values() if t.worker_id in people)


def _his_travel_s(side: Side, technician_id: int | None) -> int:
    timetable = side.timetables.get(technician_id or 0)
    return timetable.travel_s if timetable else 0


def _finish_s(side: Side, technician_id: int | None) -> int:
    timetable = side.timetables.get(technician_id or 0)
    return timetable.finish_s if timetable and timetable.visits else 0


def order_changes(
    before: Mapping[int, Sequence[int]], after: Mapping[int, Sequence[int]]
) -> list[tuple[int, int | None, int | None]]:
    """Return (visit, technician before, technician after) of all that changed hands.

    For a proposal that was decided: its times are past, its orders are kept.
    """
    old = {visit_id: t for t, ids in before.items() for visit_id in ids}
    new = {visit_id: t for t, ids in after.items() for visit_id in ids}
    every = sorted({*old, *new})
    return [(i, old.get(i), new.get(i)) for i in every if old.get(i) != new.get(i)]
