"""/console/…/options: what can be done when the day breaks, side by side, each with what it costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from booking import policy
from booking import queries as bookings
from dispatch import queries, repairs, scope
from dispatch.causes import Cause, CauseKind
from dispatch.operations import repairs as operations
from dispatch.planner.repair import Broken, Option, Way
from faces.chrome import call
from faces.chrome.sign_in import signed_in
from faces.console import frame
from faces.console.plans import DayIsOver
from faces.console.roster_forms import REASONS, AbsentForm, GoodsForm, WayForm
from faces.console.routes import WRITERS, blueprint
from faces.console.technicians import check_own
from kernel.clock import instant_at, second_of_day
from kernel.db import Session, transaction
from kernel.money import ZERO, Money
from kernel.words import msg

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
    """One option as the page shows it; `owed` is what its broken promises cost by themselves."""

    option: Option
    word: str
    line: str
    owed: Money
    may_choose: bool
    gaining: int

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
    with transaction(reads_only=True) as db:
        people = {t.id: t for t in queries.technicians(db, branch_id=broken.day.branch_id)}
        named = {one.stop_id for option in found for one in option.broken}
        served = bookings.bookings_of_visits(db, sorted(named))
    return render_template(
        "console/options.html",
        cards=[_card(broken, option) for option in found],
        broken=broken,
        visits=broken.visits,
        bookings=served,
        person=people.get(broken.cause.technician_id),
        visit=broken.visits.get(broken.cause.visit_id),
        reason=REASONS.get(broken.cause.reason, ""),
        asked=asked,
        here=request.full_path.rstrip("?"),
        shown=BROKEN_SHOWN,
        is_quiet=not any(option.broken for option in found),
    )


def _card(broken: repairs.Broken, option: Option) -> Card:
    word, line = WAYS[option.way]
    owed = [_fee(broken, one) for one in option.broken]
    return Card(
        option=option,
        word=word,
        line=line,
        owed=sum(owed, ZERO),
        may_choose=option.way is not Way.KEEP or broken.cause.kind is CauseKind.GOODS,
        gaining=len({r.worker_id for r in option.plan.routes if _gains(broken, r)}),
    )


def _gains(broken: repairs.Broken, route: Any) -> bool:
    return bool(set(route.stop_ids) - set(broken.day.plan.route_of(route.worker_id).stop_ids))


def _fee(broken: repairs.Broken, one: Broken) -> Money:
    if one.late_s is None:
        return policy.BROKEN_FEE
    ends_at = instant_at(broken.day.day, broken.visits[one.stop_id].shuts_s)
    return policy.late_fee(ends_at=ends_at, now=ends_at + timedelta(seconds=one.late_s))
