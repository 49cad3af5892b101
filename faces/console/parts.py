"""/console/plans/…/part: what the ticked part of a proposal does, proven at every tick."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from booking import queries as bookings
from dispatch import preview, queries, scope
from dispatch.diff import Change, Diff
from dispatch.preview import Preview
from faces.chrome import call, ruling
from faces.chrome.once import repeatable
from faces.chrome.sign_in import signed_in
from faces.console import balances
from faces.console.forms import TicksForm
from faces.console.routes import WRITERS, blueprint
from faces.console.why_words import tie_sentences
from kernel.db import Session, transaction
from kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A proposal and the part of it that is ticked.

    `joined` were ticked because others need them, `parted` lost their tick with another. Nobody would
    come to the visits in `left`, though the whole has somebody for them.
    """

    whole: Preview
    part: Preview
    joined: tuple[Change, ...]
    parted: tuple[Change, ...]
    left: tuple[Change, ...]
    people: Mapping[int, Any]
    visits: Mapping[int, Any]
    bookings: Mapping[int, Any]
    branch_id: int

    @property
    def torn(self) -> list[str]:
        """Say what it breaks across routes."""
        return tie_sentences(self.part.torn, self.visits)

    @property
    def ticked(self) -> frozenset[int]:
        return self.whole.made(self.part)

    @property
    def is_whole(self) -> bool:
        return self.part is self.whole

    @property
    def told(self) -> int:
        return told(self.part.diff, self.people)

    @property
    def fee(self) -> Money:
        """What a visit to which nobody comes costs by itself."""
        return ruling.at(self.branch_id).broken_fee


def told(diff: Diff, people: Mapping[int, Any]) -> int:
    """Return how many technicians get a message: those with new visits whose WeChat is bound."""
    return sum(people[t].openid is not None for t in diff.told_technicians if t in people)


def shown(
    db: Session, found: Any, *, chosen: set[int] | None = None, turned: int | None = None
) -> Shown | None:
    """Return the proposal with all of it ticked, or what fits best to `chosen`; None when it no longer
    fits the plan."""
    whole = preview.of_proposal(db, found, now=call.now())
    if whole is None:
        return None
    part = whole
    if chosen is not None and not chosen >= whole.changed:
        part = whole.fitting(chosen & whole.changed, turned=turned)
    asked = whole.changed if chosen is None else chosen & whole.changed
    ticked = whole.made(part)
    left = whole.unserved_by(part)
    named = {change.visit_id for change in (*whole.diff.each, *part.diff.each, *part.diff.broken)}
    named |= {breach.stop_id for breach in part.torn if breach.stop_id}
    nobody = [change.visit_id for change in part.diff.broken if change.after is None]
    return Shown(
        whole=whole,
        part=part,
        joined=tuple(c for c in whole.diff.each if c.visit_id in ticked - asked),
        parted=tuple(c for c in whole.diff.each if c.visit_id in asked - ticked),
        left=left,
        people={t.id: t for t in queries.technicians(db, branch_id=found.branch_id)},
        visits=queries.visits_by_id(db, sorted(named)),
        bookings=bookings.bookings_of_visits(db, nobody),
        branch_id=found.branch_id,
    )


@blueprint.post("/plans/<number>/part")
@signed_in(*WRITERS)
@repeatable("a reckoning of what is ticked; nothing is kept")
def plan_part(number: str) -> ResponseReturnValue:
    """Show what the ticked part would do; what has to be ticked with it comes ticked."""
    given = call.form(TicksForm())
    with transaction(reads_only=True) as db:
        found = scope.proposal(db, number=number, by=call.actor())
        seen = shown(db, found, chosen=set(given["visit"]), turned=given["turned"])
    if seen is None:
        return "", 200, {"HX-Refresh": "true"}
    return render_template("console/plan_part.html", plan=found, shown=seen, balances=balances)
