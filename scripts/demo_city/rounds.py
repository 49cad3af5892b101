"""Technicians' rounds as they really went: a plan's route played with the chances of a day."""

from dataclasses import dataclass, replace
from random import Random

from dispatch.planner.problem import Problem, Timetable, Window
from scripts.demo_city.stage import MINUTE_S

# He who is early waits round the corner, and rings this much after the window opens.
PUNCTUAL_S = (0, 4 * MINUTE_S)
LEG_S_MIN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a technician goes about his day: shares of the planned times, and seconds in between."""

    # Matrices are careful: the real drive takes such a share of theirs.
    drive: tuple[float, float]
    # Ringing, shoes off, the 服务码; then tools and signature.
    doorstep_s: tuple[int, int]
    packing_s: tuple[int, int]
    # Work against its standard time: least, most, and what is usual.
    work: tuple[float, float, float]


USUAL = Pace(
    drive=(0.82, 1.0), doorstep_s=(60, 8 * MINUTE_S), packing_s=(20, 150), work=(0.65, 1.1, 0.86)
)
# Of one whose day is tight.
BRISK = Pace(drive=(0.8, 0.9), doorstep_s=(20, 90), packing_s=(10, 40), work=(0.62, 0.9, 0.75))


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What came of one visit, in seconds of the day; None for what has not happened yet.

    `eta_s` is the arrival that people were told of at the departure.
    """

    stop_id: int
    departed_s: int
    eta_s: int
    arrived_s: int | None
    started_s: int | None
    finished_s: int | None

    def until(self, second: int) -> "Deed":
        """Return as much of it as has happened by that second."""

        def known(at_s: int | None) -> int | None:
            return None if at_s is None or at_s > second else at_s

        return replace(
            self,
            arrived_s=known(self.arrived_s),
            started_s=known(self.started_s),
            finished_s=known(self.finished_s),
        )


@dataclass(frozen=True, slots=True)
class Round:
    """A technician's whole day: what came of his visits, in order, and when he rested."""

    deeds: tuple[Deed, ...]
    rests: tuple[tuple[int, int], ...]

    def until(self, second: int) -> tuple[Deed, ...]:
        """Return what has happened by that second."""
        return tuple(deed.until(second) for deed in self.deeds if deed.departed_s <= second)


def play(throw: Random, problem: Problem, timetable: Timetable, pace: Pace = USUAL) -> Round:
    """Play a route through the whole day, as planned but for the chances of the road and the work."""
    worker = problem.worker(timetable.worker_id)
    place, free_s = worker.start_place, worker.shift_open_s
    due, rests, deeds = list(timetable.breaks), [], []
    for timed in timetable.visits:
        stop = problem.stop(timed.stop_id)
        drive_s = problem.drive_s(place, stop.place)
        while due and due[0][0] < timed.start_s:
            rest, drive_s = _rest(due.pop(0), free_s=free_s, drive_s=drive_s)
            rests.append(rest)
            free_s = rest[1]
        deed, finished_s = _deed(
            throw,
            stop.id,
            window=stop.windows[0],
            work_s=stop.work_s,
            free_s=free_s,
            drive_s=drive_s,
            pace=pace,
        )
        deeds.append(deed)
        place, free_s = stop.place, finished_s + throw.randint(*pace.packing_s)
    rests += [_rest(rest, free_s=free_s, drive_s=0)[0] for rest in due]
    return Round(tuple(deeds), tuple(rests))


def _rest(due: tuple[int, int], *, free_s: int, drive_s: int) -> tuple[tuple[int, int], int]:
    """Return when he really rests, and the drive left: what he could he drove before."""
    start_s, end_s = due
    left_s = drive_s - min(drive_s, max(0, start_s - free_s))
    begins_s = max(free_s, start_s)
    return (begins_s, begins_s + end_s - start_s), left_s


def _deed(
    throw: Random,
    stop_id: int,
    *,
    window: Window,
    work_s: int,
    free_s: int,
    drive_s: int,
    pace: Pace,
) -> tuple[Deed, int]:
    """Return what came of a visit, and when it was finished."""
    told_s = max(drive_s, LEG_S_MIN)
    real_s = round(told_s * throw.uniform(*pace.drive))
    departed_s = max(free_s, window.open_s - real_s + throw.randint(*PUNCTUAL_S))
    started_s = departed_s + real_s + throw.randint(*pace.doorstep_s)
    finished_s = started_s + round(work_s * throw.triangular(*pace.work))
    deed = Deed(
        stop_id=stop_id,
        departed_s=departed_s,
        eta_s=departed_s + told_s,
        arrived_s=departed_s + real_s,
        started_s=started_s,
        finished_s=finished_s,
    )
    return deed, finished_s
