"""/console/…/options: what can be done when the day breaks, side by side, each with what it costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from booking import policy
from booking import queries as bookings
from dispatch import preview, queries, repairs, scope
from dispatch.causes import Cause, CauseKind
from dispatch.diff import Change, Diff, Side, compare
from dispatch.operations import repairs as operations
from dispatch.planner.judge import Breach
from dispatch.planner.repair import Option, Way
from dispatch.preview import Known, Proposed
from faces.chrome import call, ruling
from faces.chrome.sign_in import signed_in
from faces.console import frame, parts
from faces.console.plans import DayIsOver
from faces.console.roster_forms import REASONS, AbsentForm, GoodsForm, WayForm
from faces.console.routes import WRITERS, blueprint
from faces.console.technicians import check_own
from faces.console.why_words import tie_sentences
from kernel.clock import instant_at, second_of_day
from kernel.db import Session, transaction
from kernel.money import ZERO, Money
from kernel.words import msg
from members.rules import Rules

# What a way is called, and what it does, in one line each.
WAYS = {
    Way.FEW: (msg("少动"), msg("只给没着落的单找人，别的尽量原样")),
    Way.MOVE: (msg("尽量守住承诺"), msg("为了少破承诺，可以多挪几单")),
    Way.OVERTIME: (msg("允许加班"), msg("每人最多加班 30 分钟，要师傅同意")),
    Way.REORDER: (msg("重排附近路线"), msg("附近几位师傅的路线整条重排")),
    Way.KEEP: (msg("先不动"), msg("路线照旧，下面这些单另外处理")),
}
BROKEN_SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One option as the page shows it, counted as the proposal will be that it becomes; `owed` is what
    its broken promises cost by themselves, `told` how many technicians get a message.
    """

    option: Option
    word: str
    line: str
    diff: Diff
    owed: Money
    may_choose: bool
    told: int
    torn: list[str]

    @property
    def overtime_s(self) -> int:
        """Overtime in all, each technician's in whole minutes."""
        return sum(-(-seconds // 60) * 60 for seconds in self.option.overtime_s.values())


@blueprint.get("/technicians/<int:technician_id>/options")
@signed_in(*WRITERS)
def technician_options(technician_id: int) -> ResponseReturnValue:
    """Show what can be done when he is away from now on, or that whole day."""
    found = _absent(technician_id, **call.query(AbsentForm()))
    return _page(found, repairs.options(found), {})


@blueprint.post("/technicians/<int:technician_id>/options")
@signed_in(*WRITERS)
def repair_absence(technician_id: int) -> ResponseReturnValue:
    """Make one of them a proposal, and go to look at it."""
    return _proposed(_absent(technician_id, **call.query(AbsentForm())))


@blueprint.get("/visits/<number>/options")
@signed_in(*WRITERS)
def visit_options(number: str) -> ResponseReturnValue:
    """Show what can be done about the day of a visit that is late, has nobody, or waits for its goods."""
    given = call.query(GoodsForm())
    found = _late(number, given["goods"])
    return _page(found, repairs.options(found), {"goods": given["goods"] or "", "visit": number})


@blueprint.post("/visits/<number>/options")
@signed_in(*WRITERS)
def repair_visit(number: str) -> ResponseReturnValue:
    """Make one of them a proposal, and go to look at it."""
    given = call.query(GoodsForm())
    return _proposed(_late(number, given["goods"]))


def _absent(technician_id: int, day: date | None, reason: str) -> repairs.Broken:
    day = day or frame.today()
    with transaction(reads_only=True) as db:
        check_own(db, technician_id)
        branch_id = queries.technician(db, technician_id).branch_id
        cause = Cause(
            kind=CauseKind.ILL,
            technician_id=technician_id,
            from_s=max(0, second_of_day(call.now(), day)),
            reason=reason,
        )
        return _read(db, branch_id, day, cause)


def _late(number: str, goods_s: int | None) -> repairs.Broken:
    with transaction(reads_only=True) as db:
        visit = scope.visit(db, number=number, by=call.actor())
        cause = Cause(kind=CauseKind.LATE, visit_id=visit.id)
        if goods_s is not None:
            cause = Cause(kind=CauseKind.GOODS, visit_id=visit.id, from_s=goods_s)
        return _read(db, visit.branch_id, visit.day, cause)


def _read(db: Session, branch_id: int, day: date, cause: Cause) -> repairs.Broken:
    frame.enter(db, branch_id=branch_id, day=day)
    if day < frame.today():
        raise DayIsOver
    return repairs.read(db, branch_id=branch_id, day=day, cause=cause, now=call.now())


def _proposed(broken: repairs.Broken) -> ResponseReturnValue:
    given = call.form(WayForm())
    found = repairs.options(broken)
    with call.once() as db:
        proposal = operations.propose(
            db, broken, found, way=given["way"], by=call.actor(), now=call.now()
        )
        return call.leads_to("console.plan", number=proposal.number)


def _page(
    broken: repairs.Broken, found: Sequence[Option], asked: Mapping[str, Any]
) -> ResponseReturnValue:
    branch_id, day = broken.day.branch_id, broken.day.day
    with transaction(reads_only=True) as db:
        people = {t.id: t for t in queries.technicians(db, branch_id=branch_id)}
        lost = list(broken.visits.values())
        known = preview.known_of(db, lost, branch_id=branch_id, day=day)
        cards = [_card(broken, option, known, people) for option in found]
        named = {change.visit_id for card in cards for change in card.diff.broken}
        named |= {ask.stop_id for option in found for ask in option.asks}
        served = bookings.bookings_of_visits(db, sorted(named))
    return render_template(
        "console/options.html",
        cards=cards,
        broken=broken,
        visits=broken.visits,
        bookings=served,
        people=people,
        person=people.get(broken.cause.technician_id),
        visit=broken.visits.get(broken.cause.visit_id),
        reason=REASONS.get(broken.cause.reason, ""),
        asked=asked,
        here=request.full_path.rstrip("?"),
        shown=BROKEN_SHOWN,
        is_quiet=not any(card.diff.broken for card in cards),
    )


def _card(broken: repairs.Broken, option: Option, known: Known, people: Mapping[int, Any]) -> Card:
    branch_id = next(iter(broken.visits.values())).branch_id if broken.visits else None
    rules = ruling.at(branch_id)
    word, line = WAYS[option.way]
    found, fits, torn = _diff(broken, option, known)
    is_way = option.way is not Way.KEEP or broken.cause.kind is CauseKind.GOODS
    return Card(
        option=option,
        word=word,
        line=line,
        diff=found,
        owed=sum((_fee(change, broken.day.day, rules) for change in found.broken), ZERO),
        may_choose=is_way and fits,
        told=parts.told(found, people),
        torn=tie_sentences(torn, broken.visits),
    )


def _diff(
    broken: repairs.Broken, option: Option, known: Known
) -> tuple[Diff, bool, tuple[Breach, ...]]:
    """Return the changes as the proposal's page will count them, whether it can be one, and what it
    breaks across routes."""
    day = broken.day
    wanted = Proposed(
        after={route.worker_id: route.stop_ids for route in option.plan.routes},
        versions=day.route_versions,
        cause=broken.cause_of(option),
    )
    found = preview.judged(day, wanted, known)
    if found is not None:
        return found.diff, True, found.torn
    as_found = Side(option.plan, option.verdict.timetables)
    before = Side(day.plan, day.timetables)
    return compare(day.problem, before=before, after=as_found, promises=known.promises), False, ()


def _fee(change: Change, day: date, rules: Rules) -> Money:
    if change.after is None or change.slack_s is None:
        return rules.broken_fee
    ends_at = instant_at(day, change.shuts_s)
    return policy.late_fee(
        ends_at=ends_at, now=ends_at - timedelta(seconds=change.slack_s), rules=rules
    )
