"""Today at 09:00: early rounds under way, late ones to come, the last callers still choosing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from dispatch import daybook, travel
from dispatch.daybook import DayPlan, VisitFacts
from dispatch.planner import judge
from dispatch.planner.problem import Timetable
from dispatch.states import VisitState
from kernel.clock import instant_at
from scripts.demo_city import demand, publication, rounds
from scripts.demo_city.demand import LAST_HOUR_S
from scripts.demo_city.desk import CONFIRMING_S, Desk
from scripts.demo_city.office import Office
from scripts.demo_city.rounds import Deed
from scripts.demo_city.stage import HOUR_S, MINUTE_S, NOW, NOW_S, TODAY, dice
from scripts.demo_city.story import Line, Sheet, Story

# How many people asked for today before it began, over all branches.
ASKING = 206
# How many have booked since the plan was published this morning, and how many hold a window now.
BOOKED_LATE = 4
HOLDING = 2
LATE_FROM_S = 7 * HOUR_S + 15 * MINUTE_S
LATE_TO_S = 8 * HOUR_S + 40 * MINUTE_S
CALLERS_MAX = 60
# How long ago those began who are choosing now, and how soon they held a window.
CHOOSING_SINCE_S = (6 * MINUTE_S, 9 * MINUTE_S)
HOLD_AFTER_S = (60, 210)
# Those on early rounds have answered for their morning; of the rest some have not looked yet.
SILENT_SHARE = 0.12
SILENT_LATE_SHARE = 0.55
SILENT_FROM_S = 12 * HOUR_S
# For how long promises hold although nobody moves: whoever shows the city needs a moment.
ENOUGH_S = 25 * MINUTE_S
PATIENCE_S = (ENOUGH_S, 20 * MINUTE_S, 10 * MINUTE_S, 0)
# How many ways each technician's morning may go, and how many of them the branch puts together.
THROWS = 24
MORNINGS_MAX = 400

Deeds = tuple[Deed, ...]


def sheets(offices: Iterable[Office]) -> list[Sheet]:
    """Return today's sheet of each branch."""
    return [_sheet(office) for office in offices]


def _sheet(office: Office) -> Sheet:
    throw = dice(f"today:{office.code}")
    desk = office.open_desk(TODAY)
    stories = desk.serve(
        throw,
        office.neighbourhood,
        count=round(ASKING * office.share),
        until=instant_at(TODAY - timedelta(days=1), LAST_HOUR_S),
    )
    published_at = publication.publish(throw, stories, desk.plan.plan, day=TODAY)
    deeds = _morning(office, desk.plan, stories)
    late_desk = Desk(_as_of(NOW_S, office, desk.plan, stories, deeds), next_id=desk.next_id)
    everyone = [*stories, *_latecomers(throw, office, late_desk)]
    plan = _as_of(NOW_S, office, late_desk.plan, everyone, deeds)
    assert not plan.late
    assert judge.judge(plan.problem, plan.plan).is_feasible

    for story in stories:
        story.deed = deeds.get(story.stop_id)
    _keep_silent(throw, stories, plan)
    return Sheet(
        branch_id=office.branch_id,
        day=TODAY,
        stories=everyone,
        lines=_lines(plan),
        published_at=published_at,
        publisher=office.publisher,
    )


def _latecomers(throw: Random, office: Office, desk: Desk) -> list[Story]:
    """Let people ask until BOOKED_LATE have booked since the publication, and HOLDING still choose."""
    span_s = LATE_TO_S - LATE_FROM_S
    asked = sorted(LATE_FROM_S + throw.randrange(span_s) for _ in range(BOOKED_LATE))
    booked = [_served(throw, office, desk, instant_at(TODAY, second)) for second in asked]
    for story in booked:
        story.committed_at = story.held_at + timedelta(seconds=throw.randint(*CONFIRMING_S))
    choosing = [
        _served(throw, office, desk, NOW - timedelta(seconds=throw.randint(*CHOOSING_SINCE_S)))
        for _ in range(HOLDING)
    ]
    return [*booked, *choosing]


def _served(throw: Random, office: Office, desk: Desk, asked_at: datetime) -> Story:
    """Return the hold of the first who asks then and finds a window."""
    for _ in range(CALLERS_MAX):
        wish = demand.wish(throw, office.neighbourhood, asked_at=asked_at, day=TODAY)
        held_at = asked_at + timedelta(seconds=throw.randint(*HOLD_AFTER_S))
        story = desk.take(wish, held_at=held_at)
        if story is not None:
            return story
    raise AssertionError(f"today is sold out at {office.code}")


def _morning(office: Office, plan: DayPlan, stories: Sequence[Story]) -> dict[int, Deed]:
    """Return what was done by 09:00, by stop id: every promise holds, and many states show.

    Of the ways in which each technician's morning may have gone only those are put together after
    which his promises hold for a while without his moving.
    """
    timetables = judge.judge(plan.problem, plan.plan).timetables
    mornings = [
        _good_mornings(office, plan, stories, timetable)
        for timetable in timetables.values()
        if timetable.visits and plan.problem.worker(timetable.worker_id).shift_open_s < NOW_S
    ]
    throw = dice(f"morning:{office.code}")
    chances = [[throw.choice(ways) for ways in mornings] for _ in range(MORNINGS_MAX)]
    chosen = max(chances, key=_liveliness)
    return {deed.stop_id: deed for deeds in chosen for deed in deeds}


def _liveliness(mornings: Iterable[Deeds]) -> tuple[int, int]:
    """Return how many states show, and on how many visits."""
    states = [_state(deed) for deeds in mornings for deed in deeds]
    return len(set(states)), len(states)


def _good_mornings(
    office: Office, plan: DayPlan, stories: Sequence[Story], timetable: Timetable
) -> list[Deeds]:
    """Return ways in which a technician's morning may have gone, patient enough, or the most patient.

    He whose promises bear no dawdling works briskly.
    """
    ways: list[tuple[int, Deeds]] = []
    for pace in (rounds.USUAL, rounds.BRISK):
        throw = dice(f"morning:{office.code}:{timetable.worker_id}")
        for _ in range(THROWS):
            deeds = rounds.play(throw, plan.problem, timetable, pace).until(NOW_S)
            ways.append((_patience_s(office, plan, stories, timetable.worker_id, deeds), deeds))
        enough = [deeds for patience_s, deeds in ways if patience_s >= ENOUGH_S]
        if enough:
            return enough
    best_s = max(patience_s for patience_s, _ in ways)
    assert best_s >= 0, f"no morning of technician {timetable.worker_id} keeps his promises"
    return [deeds for patience_s, deeds in ways if patience_s == best_s]


def _patience_s(
    office: Office, plan: DayPlan, stories: Sequence[Story], technician_id: int, deeds: Deeds
) -> int:
    """Return how long after 09:00 his promises and his shift hold if he stands still; -1 if not at all."""
    by_stop = {deed.stop_id: deed for deed in deeds}
    [colleague] = [c for c in office.colleagues if c.technician.id == technician_id]
    alone = replace(office, colleagues=[colleague])
    on_route = set(_order(plan, technician_id))
    his = [story for story in stories if story.stop_id in on_route]
    for patience_s in PATIENCE_S:
        read = _as_of(NOW_S + patience_s, alone, plan, his, by_stop)
        verdict = judge.judge(read.problem, read.plan)
        finish_s = verdict.timetables[technician_id].finish_s
        is_over = bool(read.plan.served()) and finish_s > colleague.shifts[TODAY].shuts_s
        if not (read.late or verdict.broken or is_over):
            return patience_s
    return -1


def _as_of(
    now_s: int,
    office: Office,
    plan: DayPlan,
    stories: Iterable[Story],
    deeds: Mapping[int, Deed],
) -> DayPlan:
    """Return the live plan as the house would read it at that second of today."""
    technicians = [
        replace(colleague.facts(TODAY), order=_order(plan, colleague.technician.id))
        for colleague in office.colleagues
        if TODAY in colleague.shifts
    ]
    return daybook.build(
        branch_id=office.branch_id,
        day=TODAY,
        version=0,
        now_s=now_s,
        technicians=technicians,
        visits={s.stop_id: _facts(s, deeds.get(s.stop_id)) for s in stories if s.stop_id},
        travel=travel.current(),
    )


def _order(plan: DayPlan, technician_id: int) -> tuple[int, ...]:
    begun = tuple(stop[0] for stop in plan.frozen.get(technician_id, ()))
    return (*begun, *plan.plan.route_of(technician_id).stop_ids)


def _facts(story: Story, deed: Deed | None) -> VisitFacts:
    shape = story.wish.shape
    facts = VisitFacts(
        id=story.stop_id,
        point=shape.point,
        work_s=shape.work_s,
        window=story.window,
        skill=shape.skill,
        level=shape.level,
        state=_state(deed),
    )
    if deed is None:
        return facts
    return replace(
        facts,
        departed_s=deed.departed_s,
        arrived_s=deed.arrived_s,
        started_s=deed.started_s,
        finished_s=deed.finished_s,
    )


def _state(deed: Deed | None) -> VisitState:
    if deed is None:
        return VisitState.PLANNED
    if deed.finished_s is not None:
        return VisitState.DONE
    if deed.started_s is not None:
        return VisitState.IN_SERVICE
    return VisitState.EN_ROUTE if deed.arrived_s is None else VisitState.ARRIVED


def _keep_silent(throw: Random, stories: Iterable[Story], plan: DayPlan) -> None:
    """Let some technicians not have answered yet for a visit of the afternoon."""
    for story in stories:
        if story.technician_id is None or story.deed is not None:
            continue
        begins_s = plan.problem.worker(story.technician_id).shift_open_s
        share = SILENT_LATE_SHARE if begins_s > NOW_S else SILENT_SHARE
        if story.window.open_s >= SILENT_FROM_S and throw.random() < share:
            story.accepted_at = None


def _lines(plan: DayPlan) -> dict[int, Line]:
    lines = {
        technician_id: Line(
            plan.stops_of(technician_id, timetable), plan.breaks_of(technician_id, timetable)
        )
        for technician_id, timetable in plan.timetables.items()
    }
    return {technician_id: line for technician_id, line in lines.items() if line.stops}
