"""Has the kernel compiled: `python -m dispatch.planner.warming`."""

import numpy as np

from dispatch.planner import compiling, insertion
from dispatch.planner.problem import Break, Plan, Problem, Route, Stop, Window, Worker
from dispatch.planner.search import Search


def exercise() -> None:
    """Call all of the kernel that the planner calls, on a day so small that it takes no time."""
    window = Window(0, 600)
    stops = tuple(Stop(n, n, 10, (window,)) for n in range(2))
    problem = Problem(stops, (Worker(1, 0, 0, 0, 600, (Break(0, 300, 10),)),), np.ones((2, 2), int))
    day = insertion.prepare_day(problem, Plan((Route(1, (0,)),)))
    to_s, from_s = problem.travel_of(1)
    insertion.find(day, stop=stops[1], to_s=to_s, from_s=from_s, windows=[window])
    Search(problem, Plan(), seed=1).take(1, heat_s=1.0)


if __name__ == "__main__":
    compiling.compile_once(exercise)
