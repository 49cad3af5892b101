"""The board: one branch's day as the console shows it. Reads only, in the same few queries whatever
the day's size.

Times are seconds of the day: as they were where a technician has acted, else as the live plan
predicts them from now on. A day that is over shows what its routes last said.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from dispatch import chances, learning, live, queries, travel
from dispatch.daybook import DayPlan
from dispatch.looks import Look, look_of
from dispatch.models import RouteRow, Shift, Technician, Visit
from dispatch.planner.lateness import Chance
from dispatch.service_times import ServiceTimes
from dispatch.states import MOVABLE, STARTED, VisitState
from gateways.maps.travel import TravelTimes
from kernel.clock import local_date, second_of_day
from kernel.db import Session
from kernel.geo import Point

# Arriving this much before the window opens is still on time.
EARLY_GRACE_S = 15 * 60
BUSY_PERCENT = 82

Span = tuple[int, int]


_ATTENDED = STARTED - {VisitState.EN_ROUTE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One visit in its technician's row; `opens_s` to `shuts_s` is the promise for the arrival."""

    visit_id: int
    number: str
    label: str
    state: VisitState
    look: Look
    technician_id: int
    technician: str
    # False while no technician was told, or another one than he in whose row it stands.
    is_told: bool
    # Kept with him by hand.
    is_pinned: bool
    arrive_s: int
    start_s: int
    end_s: int
    opens_s: int
    shuts_s: int
    work_s: int
    point: Point
    # How likely it is late; known of today's visits that nobody has set out for.
    chance: Chance | None = None

    @property
    def slack_s(self) -> int:
        """What is left of the window at the arrival, all of it for who comes before it opens.

        Negative when it has shut before.
        """
        return self.shuts_s - max(self.arrive_s, self.opens_s)

    @property
    def is_there(self) -> bool:
        """The technician has arrived: its times are facts and no estimates."""
        return self.state in _ATTENDED

    @property
    def is_open(self) -> bool:
        """Promised, and nobody was told yet who comes."""
        return not self.is_told and self.state in MOVABLE and self.state is not VisitState.HELD


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One technician's day; without a shift he is off. `drives` and `breaks` are spans."""

    technician_id: int
    work_number: str
    name: str
    shift: Span | None
    breaks: tuple[Span, ...]
    drives: tuple[Span, ...]
    bars: tuple[Bar, ...]
    # Where he was last known to be: the latest door, else home.
    place: Point
    has_wechat: bool

    @property
    def drive_s(self) -> int:
        return sum(end - start for start, end in self.drives)

    @property
    def utilisation_percent(self) -> int | None:
        """Seconds of service for each hundred of the shift without its breaks."""
        if self.shift is None:
            return None
        rest_s = sum(end - start for start, end in self.breaks)
        open_s = self.shift[1] - self.shift[0] - rest_s
        return round(100 * sum(bar.end_s - bar.start_s for bar in self.bars) / max(open_s, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What stands above the board; a percentage is None while nothing has fallen due."""

    visits: int
    done: int
    kept_percent: float | None
    on_time_percent: float | None
    visits_each: float | None
    drive_s_each: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A branch's day. `now_s` is None unless the day is today."""

    branch_id: int
    day: date
    version: int
    now_s: int | None
    rows: tuple[Row, ...]
    figures: Figures

    @property
    def bars(self) -> tuple[Bar, ...]:
        return tuple(bar for row in self.rows for bar in row.bars)

    @property
    def unassigned(self) -> tuple[Bar, ...]:
        """Promised visits that no technician has been told about, by window."""
        found = [bar for bar in self.bars if bar.is_open]
        return tuple(sorted(found, key=lambda bar: (bar.opens_s, bar.shuts_s, bar.visit_id)))

    @property
    def at_risk(self) -> tuple[Bar, ...]:
        """Promises in danger, those that break first before the others."""
        found = [bar for bar in self.bars if bar.look in (Look.RISK, Look.LATE)]
        return tuple(sorted(found, key=lambda bar: (bar.shuts_s, bar.slack_s, bar.visit_id)))


def day_board(db: Session, *, branch_id: int, day: date, now: datetime) -> Board:
    """Return the board of that branch and day as it stands at `now`."""
    days_off = (day - local_date(now)).days
    # Always asked, as its version says how fresh the board is; it is cached.
    plan = live.day_plan(db, branch_id=branch_id, day=day, now=now)
    shifts = queries.shifts(db, branch_id=branch_id, day=day)
    routes = queries.routes(db, branch_id=branch_id, day=day)
    return lay_out(
        technicians=[
            technician
            for technician in queries.technicians(db, branch_id=branch_id)
            # Who has left stands on the days on which he worked.
            if technician.disabled_at is None or technician.id in shifts | routes
        ],
        shifts=shifts,
        routes=routes,
        visits=queries.visits_in_routes(db, branch_id=branch_id, day=day),
        plan=plan,
        now_s=second_of_day(now, day) if days_off == 0 else None,
        is_over=days_off < 0,
        travel=travel.current(),
        times=learning.service_times(db, branch_id=branch_id, now=now) if days_off == 0 else None,
    )


def bar_of(db: Session, visit_id: int, *, branch_id: int, day: date, now: datetime) -> Bar | None:
    """Return the visit as the board shows it; None when it stands in no route."""
    board = day_board(db, branch_id=branch_id, day=day, now=now)
    return next((bar for bar in board.bars if bar.visit_id == visit_id), None)


def lay_out(
    *,
    technicians: Sequence[Technician],
    shifts: Mapping[int, Shift],
    routes: Mapping[int, RouteRow],
    visits: Mapping[int, Visit],
    plan: DayPlan,
    now_s: int | None,
    is_over: bool,
    travel: TravelTimes,
    times: ServiceTimes | None = None,
) -> Board:
    """Lay the day out, a row for each technician in the order given. Asks no database."""
    known: dict[int, Chance] = {}
    if now_s is not None and not is_over:
        known = chances.of_day(plan, visits, now_s=now_s, times=times or ServiceTimes(()))
    rows = tuple(
        _row(
            technician,
            shift=shifts.get(technician.id),
            times=_times(technician.id, routes, None if is_over else plan, visits),
            breaks=_breaks(technician.id, routes, None if is_over else plan),
            visits=visits,
            now_s=now_s,
            travel=travel,
            known=known,
        )
        for technician in technicians
    )
    at_work = sum(row.shift is not None for row in rows)
    return Board(
        branch_id=plan.branch_id,
        day=plan.day,
        version=plan.version,
        now_s=now_s,
        rows=rows,
        figures=_figures(rows, now_s=now_s, is_over=is_over, at_work=at_work),
    )


def _times(
    technician_id: int,
    routes: Mapping[int, RouteRow],
    plan: DayPlan | None,
    visits: Mapping[int, Visit],
) -> list[tuple[int, int, int, int]]:
    """Return (visit id, arrive, start, depart) in the order of the route."""
    row = routes.get(technician_id)
    if row is None:
        return []
    if plan is None or technician_id not in plan.timetables:
        stops = row.stops
    else:
        stops = plan.stops_of(technician_id, plan.timetables[technician_id])
    return [(stop[0], stop[1], stop[2], stop[3]) for stop in stops if stop[0] in visits]


def _breaks(
    technician_id: int, routes: Mapping[int, RouteRow], plan: DayPlan | None
) -> tuple[Span, ...]:
    row = routes.get(technician_id)
    if row is None:
        return ()
    if plan is None or technician_id not in plan.timetables:
        spans = row.breaks
    else:
        spans = plan.breaks_of(technician_id, plan.timetables[technician_id])
    return tuple((span[0], span[1]) for span in spans)


def _row(
    technician: Technician,
    *,
    shift: Shift | None,
    times: Sequence[tuple[int, int, int, int]],
    breaks: tuple[Span, ...],
    visits: Mapping[int, Visit],
    now_s: int | None,
    travel: TravelTimes,
    known: Mapping[int, Chance],
) -> Row:
    bars = tuple(
        _bar(visits[time[0]], technician, time, now_s, known.get(time[0])) for time in times
    )
    doors = [visits[bar.visit_id].point for bar in bars if bar.state in _ATTENDED]
    opens_s = shift.opens_s if shift else (bars[0].start_s if bars else 0)
    return Row(
        technician_id=technician.id,
        work_number=technician.work_number,
        name=technician.name,
        shift=(shift.opens_s, shift.shuts_s) if shift else None,
        breaks=breaks,
        drives=tuple(
            _drives(bars, visits=visits, home=technician.point, opens_s=opens_s, travel=travel)
        ),
        bars=bars,
        place=doors[-1] if doors else technician.point,
        has_wechat=technician.openid is not None,
    )


def _bar(
    visit: Visit,
    technician: Technician,
    time: tuple[int, int, int, int],
    now_s: int | None,
    chance: Chance | None,
) -> Bar:
    _, arrive_s, start_s, end_s = time
    shuts_in_s = None if now_s is None else visit.shuts_s - now_s
    return Bar(
        visit_id=visit.id,
        number=visit.number,
        label=visit.label,
        state=visit.state,
        look=look_of(
            visit.state,
            slack_s=visit.shuts_s - arrive_s,
            shuts_in_s=shuts_in_s,
            late_percent=chance.percent if chance else 0,
        ),
        technician_id=technician.id,
        technician=technician.name,
        is_told=visit.technician_id == technician.id,
        is_pinned=visit.pinned_id == technician.id,
        arrive_s=arrive_s,
        start_s=start_s,
        end_s=end_s,
        opens_s=visit.opens_s,
        shuts_s=visit.shuts_s,
        work_s=visit.work_s,
        point=visit.point,
        chance=chance,
    )


def _drives(
    bars: Sequence[Bar],
    *,
    visits: Mapping[int, Visit],
    home: Point,
    opens_s: int,
    travel: TravelTimes,
) -> Iterable[Span]:
    """Yield the span of each drive, home left out.

    The plan times an arrival at its earliest; who would then wait sets out later, so a drive to
    come is shown as ending where the work begins.
    """
    places = [home, *(bar.point for bar in bars)]
    legs_s = travel.matrix(places).diagonal(1).tolist()
    free_s = opens_s
    for bar, leg_s in zip(bars, legs_s, strict=True):
        visit = visits[bar.visit_id]
        ends_s = bar.arrive_s if bar.state in STARTED else bar.start_s
        if visit.departed_at is None:
            begins_s = max(free_s, ends_s - leg_s)
        else:
            begins_s = second_of_day(visit.departed_at, visit.day)
        if begins_s < ends_s:
            yield begins_s, ends_s
        free_s = bar.end_s


def _figures(rows: Sequence[Row], *, now_s: int | None, is_over: bool, at_work: int) -> Figures:
    bars = [bar for row in rows for bar in row.bars if bar.state is not VisitState.HELD]
    arrived = [bar for bar in bars if bar.state in _ATTENDED]
    missed = sum(
        bar.state not in _ATTENDED and _has_shut(bar, now_s, is_over=is_over) for bar in bars
    )
    due = len(arrived) + missed
    kept = [bar for bar in arrived if bar.slack_s >= 0]
    on_time = [bar for bar in kept if bar.arrive_s >= bar.opens_s - EARLY_GRACE_S]
    return Figures(
        visits=len(bars),
        done=sum(bar.state in (VisitState.WORK_DONE, VisitState.DONE) for bar in bars),
        kept_percent=100 * len(kept) / due if due else None,
        on_time_percent=100 * len(on_time) / len(arrived) if arrived else None,
        visits_each=len(bars) / at_work if at_work and bars else None,
        drive_s_each=round(sum(row.drive_s for row in rows) / len(bars)) if bars else None,
    )


def _has_shut(bar: Bar, now_s: int | None, *, is_over: bool) -> bool:
    return is_over or (now_s is not None and bar.shuts_s < now_s)
