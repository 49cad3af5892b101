"""The week behind us: every visit done, every other hold given up."""

from collections.abc import Iterable
from datetime import timedelta

from dispatch.planner import judge
from kernel.clock import instant_at
from scripts.demo_city import publication, rounds
from scripts.demo_city.demand import LAST_HOUR_S
from scripts.demo_city.office import Office
from scripts.demo_city.rounds import Deed, Round
from scripts.demo_city.stage import PAST_DAYS, day_at, dice
from scripts.demo_city.story import Line, Sheet, Story

# How many people ask for each of the seven days, oldest first, over all branches.
ASKING = (74, 80, 86, 82, 92, 100, 96)


def sheets(offices: Iterable[Office]) -> list[Sheet]:
    """Return the sheet of each branch and past day."""
    return [_sheet(office, offset) for office in offices for offset in range(-PAST_DAYS, 0)]


def _sheet(office: Office, offset: int) -> Sheet:
    day, throw = day_at(offset), dice(f"history:{office.code}:{offset}")
    desk = office.open_desk(day)
    stories = desk.serve(
        throw,
        office.neighbourhood,
        count=round(ASKING[offset] * office.share),
        until=instant_at(day - timedelta(days=1), LAST_HOUR_S),
    )
    published_at = publication.publish(throw, stories, desk.plan.plan, day=day)

    timetables = judge.judge(desk.plan.problem, desk.plan.plan).timetables
    played = {
        technician_id: rounds.play(throw, desk.plan.problem, timetable)
        for technician_id, timetable in timetables.items()
        if timetable.visits
    }
    _tell(stories, played.values())
    return Sheet(
        branch_id=office.branch_id,
        day=day,
        stories=stories,
        lines={technician_id: _line(done) for technician_id, done in played.items()},
        published_at=published_at,
        publisher=office.publisher,
    )


def _tell(stories: Iterable[Story], played: Iterable[Round]) -> None:
    deeds = {deed.stop_id: deed for done in played for deed in done.deeds}
    for story in stories:
        story.deed = deeds.get(story.stop_id)


def _line(done: Round) -> Line:
    return Line([_as_it_was(deed) for deed in done.deeds], done.rests)


def _as_it_was(deed: Deed) -> tuple[int, int, int, int]:
    assert deed.arrived_s is not None
    assert deed.started_s is not None
    assert deed.finished_s is not None
    return deed.stop_id, deed.arrived_s, deed.started_s, deed.finished_s
