"""What crosses routes and stands against one visit more, asked of the judge: quotas, tools, crews, gaps."""

from dataclasses import replace

from dispatch.planner import judge, keeping
from dispatch.planner.across import Ties
from dispatch.planner.explain_ways import Kind, Relaxation
from dispatch.planner.judge import Breach
from dispatch.planner.problem import Plan, Problem, Route


class Crossing:
    """The ties of a day as they are for a visit that its plan leaves out; what the plan breaks of the
    others already is not the visit's fault, and has given way."""

    def __init__(self, problem: Problem, plan: Plan, stop_id: int) -> None:
        ties = problem.ties
        own = Ties(
            after=tuple(each for each in ties.after if stop_id in each.stop_ids),
            together=tuple(each for each in ties.together if stop_id in each.stop_ids),
        )
        others = replace(
            ties,
            after=tuple(each for each in ties.after if each not in own.after),
            together=tuple(each for each in ties.together if each not in own.together),
        )
        eased = keeping.eased(replace(problem, ties=others), plan)
        after, together = (*eased.after, *own.after), (*eased.together, *own.together)
        self.plan = plan
        self.stop_id = stop_id
        self.problem = replace(problem, ties=replace(eased, after=after, together=together))
        self.counted = replace(problem, ties=Ties(quotas=eased.quotas, tools=eased.tools))
        self.timed = replace(problem, ties=keeping.unsure(self.problem))
        self.tied = {i for tie in self.timed.ties.groups for i in tie.stop_ids}
        self.before = (
            {_key(b) for b in judge.judge(self.timed, plan).broken} if self.tied else set()
        )

    @property
    def held(self) -> Problem:
        """The problem in which every route by itself keeps what is tied in time, the visit's own aside."""
        return keeping.held(self.problem, self.plan) if self.tied else self.problem

    def closed(self, worker_id: int) -> tuple[Relaxation, ...]:
        """Return the quotas and tools that close the visit to him, whatever the time."""
        route = self.plan.route_of(worker_id)
        longer = route.with_stop(self.stop_id, position=len(route.stop_ids))
        found = judge.torn(self.counted, self.plan.with_route(longer))
        return self.ways(worker_id, found)

    def torn(self, route: Route) -> tuple[Breach, ...]:
        """Return what the day breaks with this route, the visit in it, that keeps its own rules."""
        plan = self.plan.with_route(route)
        found = judge.torn(self.counted, plan)
        if not self.tied:
            return found
        linked = tuple(
            each
            for each in plan.routes
            if each.worker_id == route.worker_id or not self.tied.isdisjoint(each.stop_ids)
        )
        waiting = judge.judge(self.timed, Plan(linked)).broken
        # Where one man is to be two, no times mean anything.
        missing = [breach for breach in waiting if breach.rule == "hands_missing"]
        if missing:
            return (*found, *missing)
        is_own = self.stop_id in self.tied
        return (*found, *(b for b in waiting if is_own or _key(b) not in self.before))

    def ways(self, worker_id: int, torn: tuple[Breach, ...]) -> tuple[Relaxation, ...]:
        """Return how far each tie would have to give way."""
        return tuple(
            Relaxation(
                kind=Kind.TIE,
                worker_id=worker_id,
                stop_id=breach.stop_id or self.stop_id,
                amount=breach.excess,
                rule=breach.rule,
                tie=breach.tie,
            )
            for breach in torn
            if breach.worker_id is None
        )


def _key(breach: Breach) -> tuple[str, int | None, int | None, str]:
    return breach.rule, breach.worker_id, breach.stop_id, breach.tie
