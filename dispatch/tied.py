"""What crosses the routes of a branch, as its rows say it: the ties of one day's problem are made of it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from dispatch.planner.across import UNTIED, After, Quota, Ties, Together, Tool

Frozen = Mapping[int, tuple[tuple[int, int, int, int], ...]]


@dataclass(frozen=True, slots=True)
class PartnerFacts:
    """Technicians of another firm, and how many visits a day they may be given in all."""

    name: str
    technician_ids: frozenset[int]
    visits_max: int


@dataclass(frozen=True, slots=True)
class ToolFacts:
    """What the branch has `count` of, and the services that need one."""

    name: str
    services: frozenset[str]
    count: int


@dataclass(frozen=True, slots=True)
class TieFacts:
    """A branch's partners and tools, and the crews of one day: the visits that begin together.

    `loads` are what a visit for a service brings and takes along, in units of a van's room: of one
    route alone, but written down and read with the rest.
    """

    partners: tuple[PartnerFacts, ...] = ()
    tools: tuple[ToolFacts, ...] = ()
    crews: tuple[tuple[int, ...], ...] = ()
    loads: Mapping[str, tuple[int, int]] = field(default_factory=dict)


NO_TIES = TieFacts()


@dataclass(frozen=True, slots=True)
class Needs:
    """What of a visit ties ask about: its service, and the visit that it comes after."""

    service: str = ""
    after_id: int | None = None


NOTHING_NEEDED = Needs()


def ties_of(
    facts: TieFacts,
    *,
    ahead: Mapping[int, Needs],
    made: Mapping[int, Needs],
    worker_ids: Iterable[int],
    frozen: Frozen,
) -> Ties:
    """Return the ties of a day: what is left of quotas and tools by the visits that are `made`.

    `ahead` are the visits that may still move, `frozen` says who made which.
    """
    people = frozenset(worker_ids)
    return Ties(
        after=tuple(
            After(needs.after_id, visit_id)
            for visit_id, needs in ahead.items()
            if needs.after_id is not None and needs.after_id in ahead
        ),
        together=tuple(Together(crew) for crew in facts.crews if ahead.keys() >= set(crew)),
        quotas=tuple(
            Quota(
                partner.name,
                people & partner.technician_ids,
                max(
                    0,
                    partner.visits_max
                    - sum(len(frozen.get(t, ())) for t in partner.technician_ids),
                ),
            )
            for partner in facts.partners
            if not people.isdisjoint(partner.technician_ids)
        ),
        tools=tuple(_tool(tool, ahead, made, frozen) for tool in facts.tools),
    )


def _tool(
    tool: ToolFacts, ahead: Mapping[int, Needs], made: Mapping[int, Needs], frozen: Frozen
) -> Tool:
    """Return a tool; who has made such a visit has one of them for the day."""
    uses = {visit_id for visit_id, needs in made.items() if needs.service in tool.services}
    gone = {t for t, stops in frozen.items() if not uses.isdisjoint(stop[0] for stop in stops)}
    needing = frozenset(i for i, needs in ahead.items() if needs.service in tool.services)
    return Tool(tool.name, needing, max(0, tool.count - len(gone)))


def joined(
    facts: TieFacts,
    ties: Ties,
    stop_id: int,
    needs: Needs,
    crews: tuple[tuple[int, ...], ...] = (),
) -> Ties:
    """Return the ties of a day with one visit more among its stops, whose first, if it has one, is there,
    and the others of its `crews`."""
    using = {tool.name for tool in facts.tools if needs.service in tool.services}
    if not (ties or crews) and needs.after_id is None:
        return UNTIED
    after = (After(needs.after_id, stop_id),) if needs.after_id is not None else ()
    return replace(
        ties,
        after=(*ties.after, *after),
        together=(*ties.together, *map(Together, crews)),
        tools=tuple(
            replace(tool, stop_ids=tool.stop_ids | {stop_id}) if tool.name in using else tool
            for tool in ties.tools
        ),
    )
