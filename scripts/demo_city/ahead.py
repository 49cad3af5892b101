"""The days to come: ever fewer bookings, so that there are offers every day and some windows full."""

from collections.abc import Iterable
from datetime import timedelta

from dispatch.planner import judge
from scripts.demo_city.office import Office
from scripts.demo_city.stage import AHEAD_DAYS, NOW, day_at, dice
from scripts.demo_city.story import Line, Sheet

# How many people have asked for each day by now, tomorrow first, over all branches.
ASKING = (178, 158, 138, 120, 106, 96, 80, 64, 50, 38, 26, 14, 6)
# The last of them finished a few minutes ago; those still choosing are today's.
QUIET = timedelta(minutes=12)


def sheets(offices: Iterable[Office]) -> list[Sheet]:
    """Return the sheet of each branch and day to come."""
    return [_sheet(office, offset) for office in offices for offset in range(1, AHEAD_DAYS + 1)]


def _sheet(office: Office, offset: int) -> Sheet:
    desk = office.open_desk(day_at(offset))
    stories = desk.serve(
        dice(f"ahead:{office.code}:{offset}"),
        office.neighbourhood,
        count=round(ASKING[offset - 1] * office.share),
        until=NOW - QUIET,
    )
    timetables = judge.judge(desk.plan.problem, desk.plan.plan).timetables
    return Sheet(
        branch_id=office.branch_id,
        day=desk.plan.day,
        stories=stories,
        lines={
            technician_id: Line(
                desk.plan.stops_of(technician_id, timetable),
                desk.plan.breaks_of(technician_id, timetable),
            )
            for technician_id, timetable in timetables.items()
            if timetable.visits
        },
        published_at=(),
        publisher=office.publisher,
    )
