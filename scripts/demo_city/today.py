"""Today at 09:00: early rounds under way, late ones to come, the last callers still choosing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random

from dispatch import daybook, travel
from dispatch.daybook import DayPlan, VisitFacts
from dispatch.planner import judge
from dispatch.planner.problem import Timetable
from dispatch.states import VisitState
from kernel.clock import instant_at
from scripts.demo_city import demand, publication, rounds
from scripts.demo_city.demand import LAST_HOUR_S, Wish
from scripts.demo_city.desk import CHOOSING_S, CONFIRMING_S, Desk
from scripts.demo_city.office import Office
from scripts.demo_city.rounds import Deed
from scripts.demo_city.stage import HOUR_S, MINUTE_S, NOW, NOW_S, TODAY, dice
from scripts.demo_city.story import Line, Sheet, Story

# How many people asked for today before it began, over all branches.
ASKING = 224
# How many have booked since the plan was published this morning, and how many hold a window now.
BOOKED_LATE = 4
HOLDING = 2
LATE_FROM_S = 7 * HOUR_S + 15 * MINUTE_S
LATE_TO_S = 8 * HOUR_S + 40 * MINUTE_S
HOLDING_FOR_S = (2 * MINUTE_S, 7 * MINUTE_S)
# Those on early rounds have answered for their morning; of the rest some have not looked yet.
SILENT_SHARE = 0.12
SILENT_LATE_SHARE = 0.55
SILENT_FROM_S = 12 * HOUR_S
# For how long promises hold although nobody moves: whoever shows the city needs a moment.
PATIENCE_S = (30 * MINUTE_S, 20 * MINUTE_S, 10 * MINUTE_S, 0)
ENOUGH_S = 20 * MINUTE_S
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
    wishes = _late_wishes(throw, office)
    deeds = _morning(office, desk.plan, stories)
    late_desk = Desk(_as_of(NOW_S, office, desk.plan, stories, deeds), next_id=desk.next_id)
    latecomers = _latecomers(throw, late_desk, wishes)

    for story in stories:
        story.deed = deeds.get(story.stop_id)
    _keep_silent(throw, stories, late_desk.plan)
    return Sheet(
        branch_id=office.branch_id,
        day=TODAY,
        stories=[*stories, *latecomers],
        lines=_lines(late_desk.plan),
        published_at=published_at,
        publisher=office.publisher,
    )


def _late_wishes(throw: Random, office: Office) -> list[Wish]:
    """Return what those want who ask after the publication, in order; the last HOLDING still choose."""
    span_s = LATE_TO_S - LATE_FROM_S
    seconds = sorted(LATE_FROM_S + throw.randrange(span_s) for _ in range(BOOKED_LATE))
    asked = [instant_at(TODAY, second) for second in seconds]
    asked += [NOW - timedelta(minutes=12, seconds=throw.randrange(60)) for _ in range(HOLDING)]
    return [
        demand.wish(throw, office.neighbourhood, asked_at=asked_at, day=TODAY) for asked_at in asked
    ]


def _latecomers(throw: Random, desk: Desk, wishes: Sequence[Wish]) -> list[Story]:
    """Take the late wishes; the last HOLDING are held and not yet promised."""
    stories = []
    for place, wish in enumerate(wishes, start=HOLDING - len(wishes)):
        is_choosing = place > 0
        if is_choosing:
            held_at = NOW - timedelta(seconds=throw.randint(*HOLDING_FOR_S))
        else:
            held_at = wish.asked_at + timedelta(seconds=throw.randint(*CHOOSING_S))
        story = desk.take(wish, held_at=held_at)
        if story is not None:
            if not is_choosing:
                story.committed_at = held_at + timedelta(seconds=throw.randint(*CONFIRMING_S))
            stories.append(story)
    return stories


def _morning(office: Office, plan: DayPlan, stories: Sequence[Story]) -> dict[int, Deed]:
    """Return what was done by 09:00, by stop id: every promise holds, and many states show.

    Of the ways in which each technician's morning may have gone only those are put together after
    which his promises hold longest without his moving.
    """
    timetables = judge.judge(plan.problem, plan.plan).timetables
    plan = replace(plan, timetables=timetables)
    mornings = [
        _best_mornings(office, plan, stories, timetable)
        for timetable in timetables.values()
        if timetable.visits and plan.problem.worker(timetable.worker_id).shift_open_s < NOW_S
    ]
    throw = dice(f"morning:{office.code}")
    chances = [[throw.choice(ways) for ways in mornings] for _ in range(MORNINGS_MAX)]
    chosen = max(chances, key=_states_shown)
    return {deed.stop_id: deed for deeds in chosen for deed in deeds}


def _states_shown(mornings: Iterable[Deeds]) -> int:
    return len({_state(deed) for deeds in mornings for deed in deeds})


def _best_mornings(
    office: Office, plan: DayPlan, stories: Sequence[Story], timetable: Timetable
) -> list[Deeds]:
    """Return the most patient ways in which a technician's morning may have gone.

    He whose promises bear no dawdling works briskly.
    """
    by_patience: dict[int, list[Deeds]] = {}
    for pace in (rounds.USUAL, rounds.BRISK):
        throw = dice(f"morning:{office.code}:{timetable.worker_id}")
        for _ in range(THROWS):
            deeds = rounds.play(throw, plan.problem, timetable, pace).until(NOW_S)
            patience_s = _patience_s(office, plan, stories, timetable.worker_id, deeds)
            by_patience.setdefault(patience_s, []).append(deeds)
        if max(by_patience) >= ENOUGH_S:
            break
    best_s = max(by_patience)
    assert best_s >= 0, f"no morning of technician {timetable.worker_id} keeps his promises"
    return by_patience[best_s]


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
        replace(
            colleague.facts(TODAY),
            order=_order(plan, colleague.technician.id),
            planned_breaks=plan.timetables[colleague.technician.id].breaks,
        )
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
    timetables = judge.judge(plan.problem, plan.plan).timetables
    lines = {
        worker.id: Line(
            plan.stops_of(worker.id, timetables.get(worker.id)),
            plan.breaks_of(worker.id, timetables.get(worker.id)),
        )
        for worker in plan.problem.workers
    }
    return {technician_id: line for technician_id, line in lines.items() if line.stops}
