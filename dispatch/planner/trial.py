"""Keeps the clock of one solving, and lets only plans through that the judge prefers."""

import time
from collections.abc import Callable
from typing import TypeAlias

from dispatch.planner.judge import Verdict, judge
from dispatch.planner.problem import Plan, Problem

# Is told the seconds gone, the best cost so far and how many stops that plan leaves out.
Progress: TypeAlias = Callable[[float, int, int], None]
Stopper: TypeAlias = Callable[[], bool]


class Trial:
    """One solving: `best` serves all that `start` serves and ranks no worse."""

    def __init__(
        self,
        problem: Problem,
        start: Plan,
        seconds: float,
        progress: Progress | None,
        stop: Stopper | None,
    ) -> None:
        self.problem = problem
        self.start = self.best = self._shown = start
        self.verdict = judge(problem, start)
        self._rank = self.verdict.rank
        self._unserved = len(self.verdict.unserved)
        self.curve = [(0.0, self.verdict.cost)]
        self.began = time.monotonic()
        self._promised = start.served() & {i.id for i in problem.stops}
        self._seconds = seconds
        self._progress = progress
        self._stop = stop

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self.began

    def is_over(self) -> bool:
        return self.elapsed_s >= self._seconds or (self._stop is not None and self._stop())

    def offer(self, plan: Plan) -> None:
        """Take a plan if it serves what was served and the judge ranks it better."""
        verdict = self._judged(plan)
        if verdict is not None and verdict.rank < self.verdict.rank:
            self.best, self.verdict = plan, verdict

    def show(self, plan: Plan) -> None:
        """Tell how far the work has come with a plan that may still be chosen."""
        if plan != self._shown:
            self._shown = plan
            self._judged(plan)
        if self._progress is not None:
            self._progress(self.elapsed_s, self.curve[-1][1], self._unserved)

    def _judged(self, plan: Plan) -> Verdict | None:
        if not self._promised <= plan.served():
            return None
        verdict = judge(self.problem, plan)
        if verdict.rank < self._rank:
            self._rank = verdict.rank
            self._unserved = len(verdict.unserved)
            self.curve.append((self.elapsed_s, verdict.cost))
        return verdict
