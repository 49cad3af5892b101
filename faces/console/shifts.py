"""/console/technicians/…/shifts and leave: when a technician works, and when he does not."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, time

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue

from dispatch import alerts, queries, roster_queries
from dispatch.operations import leave, roster, withdrawals
from dispatch.operations.leave import Moved
from dispatch.operations.roster import BadShift
from faces.chrome import call
from faces.chrome.filters import gettext, second_text
from faces.chrome.sign_in import signed_in
from faces.console import filled, frame
from faces.console.forms import NoForm
from faces.console.roster_forms import REASONS, RESTS, LeaveForm, OneDayForm, ShiftForm, ShiftQuery
from faces.console.routes import READERS, WRITERS, blueprint
from faces.console.technician import refused
from faces.console.technicians import check_own
from kernel.db import Session, transaction
from kernel.errors import Conflict, Invalid, Missing, Refusal

MINUTE_S = 60
FIELDS = ("opens", "shuts", "breaks")
# What the form of a day without a shift begins with.
USUAL = (8 * 3600 + 1800, 18 * 3600, [[11 * 3600 + 1800, 13 * 3600 + 900, 2700]])


@blueprint.get("/technicians/<int:technician_id>/shifts/<day>")
@signed_in(*READERS)
def shift(technician_id: int, day: str) -> ResponseReturnValue:
    """Show one working day: its hours and rests, and the visits that stand in it."""
    with transaction(reads_only=True) as db:
        return render_template("console/shift.html", **_page(db, technician_id, _day(day)))


@blueprint.post("/technicians/<int:technician_id>/shifts/<day>")
@signed_in(*WRITERS)
def set_shift(technician_id: int, day: str) -> ResponseReturnValue:
    """Give or change that working day; refused when it would break promises, which it names."""
    try:
        given = call.form(ShiftForm())
        rests = _rests(given["rest_from"], given["rest_to"], given["rest_minutes"])
        with call.once() as db:
            check_own(db, technician_id)
            roster.set_shift(
                db,
                technician_id=technician_id,
                day=_day(day),
                opens_s=_seconds(given["opens"]),
                shuts_s=_seconds(given["shuts"]),
                breaks=rests,
                now=call.now(),
            )
            done = call.leads_to("console.technician", technician_id=technician_id)
    except (Invalid, Conflict) as refusal:
        return _again(technician_id, _day(day), refusal)
    flash(gettext("班次已保存。"), "ok")
    return done


@blueprint.post("/technicians/<int:technician_id>/shifts/<day>/remove")
@signed_in(*WRITERS)
def remove_shift(technician_id: int, day: str) -> ResponseReturnValue:
    """Take the working day away; refused while visits stand in it."""
    call.form(NoForm())
    try:
        with call.once() as db:
            check_own(db, technician_id)
            roster.remove_shift(db, technician_id=technician_id, day=_day(day), now=call.now())
            done = call.leads_to("console.technician", technician_id=technician_id)
    except Conflict as refusal:
        return _again(technician_id, _day(day), refusal)
    flash(gettext("班次已取消。"), "ok")
    return done


@blueprint.get("/technicians/<int:technician_id>/leave")
@signed_in(*WRITERS)
def plan_leave(technician_id: int) -> ResponseReturnValue:
    """Say what leave on those days would move, before anything is moved."""
    try:
        given = call.query(LeaveForm())
    except Invalid as refusal:
        return refused(technician_id, filled.errors_of(refusal, "first", "last", "reason"))
    with transaction(reads_only=True) as db:
        check_own(db, technician_id)
        person = queries.technician(db, technician_id)
        frame.enter(db, branch_id=person.branch_id)
        days = [
            (day, _with_takers(db, person.branch_id, technician_id, day.day))
            for day in roster_queries.days_of(
                db, technician_id=technician_id, first=given["first"], last=given["last"]
            )
            if day.is_working
        ]
    return render_template(
        "console/leave.html",
        person=person,
        given=given,
        reason_words=REASONS,
        days=days,
        total=sum(len(visits) for _, visits in days),
        alone=sum(not takers for _, visits in days for _, takers in visits),
    )


@blueprint.post("/technicians/<int:technician_id>/leave")
@signed_in(*WRITERS)
def take_leave(technician_id: int) -> ResponseReturnValue:
    """Take him off those days, and show who took his visits and which found nobody."""
    given = call.form(LeaveForm())
    with call.once() as db:
        check_own(db, technician_id)
        person = queries.technician(db, technician_id)
        frame.enter(db, branch_id=person.branch_id)
        moved = leave.take_leave(
            db,
            technician_id=technician_id,
            first=given["first"],
            last=given["last"],
            reason=given["reason"],
            by=call.actor(),
            now=call.now(),
        )
        names = queries.technicians_by_id(db, {m.taker_id for m in moved if m.taker_id})
        call.leads_to("console.technician", technician_id=technician_id)
    return render_template(
        "console/left.html", person=person, given=given, moved=moved, names=names, **_sums(moved)
    )


@blueprint.post("/technicians/<int:technician_id>/call-back")
@signed_in(*WRITERS)
def call_back(technician_id: int) -> ResponseReturnValue:
    """Let him work that day after all."""
    given = call.form(OneDayForm())
    with call.once() as db:
        check_own(db, technician_id)
        withdrawals.call_back(db, technician_id=technician_id, day=given["day"], now=call.now())
        done = call.leads_to("console.technician", technician_id=technician_id)
    flash(gettext("已销假，当天可以给他派单了。"), "ok")
    return done


def _sums(moved: Sequence[Moved]) -> dict[str, object]:
    taken = Counter(m.taker_id for m in moved if m.taker_id is not None)
    return {"taken": taken.most_common(), "unserved": [m for m in moved if m.taker_id is None]}


def _with_takers(
    db: Session, branch_id: int, technician_id: int, day: date
) -> list[tuple[object, tuple[alerts.Taker, ...]]]:
    """Return what he has not set out for that day, each with who could take it."""
    visits = roster_queries.to_move(db, technician_id=technician_id, day=day)
    takers = alerts.takers_of(db, visits, branch_id=branch_id, day=day, now=call.now())
    return [(visit, takers[visit.id]) for visit in visits]


def _again(technician_id: int, day: date, refusal: Refusal) -> ResponseReturnValue:
    errors = filled.errors_of(refusal, *FIELDS)
    broken = refusal.facts.get("visits", [])
    with transaction(reads_only=True) as db:
        context = _page(db, technician_id, day, errors=errors, broken=broken)
    return render_template("console/shift.html", **context), filled.STATUS


def _page(
    db: Session,
    technician_id: int,
    day: date,
    *,
    errors: Mapping[str, str] | None = None,
    broken: object = (),
) -> dict[str, object]:
    check_own(db, technician_id)
    person = queries.technician(db, technician_id)
    frame.enter(db, branch_id=person.branch_id)
    [found] = roster_queries.days_of(db, technician_id=technician_id, first=day, last=day)
    opens_s, shuts_s, rests = USUAL
    if found.shift is not None:
        opens_s, shuts_s, rests = found.shift.opens_s, found.shift.shuts_s, found.shift.breaks
    typed = {"opens": second_text(opens_s), "shuts": second_text(shuts_s)}
    rows = [(second_text(a), second_text(b), str(length // MINUTE_S)) for a, b, length in rests]
    asked = call.query(ShiftQuery())["shuts"] if request.method == "GET" else None
    if asked is not None:
        typed["shuts"] = asked.strftime("%H:%M")
    if request.method == "POST" and "opens" in request.form:
        typed = filled.typed("opens", "shuts")
        names = ("rest_from", "rest_to", "rest_minutes")
        rows = list(zip(*(request.form.getlist(name) for name in names), strict=False))
    return {
        "person": person,
        "found": found,
        "day": day,
        "typed": typed,
        "asked": asked,
        "rests": (rows + [("", "", "")] * RESTS)[:RESTS],
        "errors": errors or {},
        "broken": broken,
        "is_over": day < frame.today(),
        "reason_words": REASONS,
    }


def _rests(
    froms: Sequence[str], tos: Sequence[str], minutes: Sequence[str]
) -> list[tuple[int, int, int]]:
    """Return the rows that are filled in as (opens_s, shuts_s, length_s). Raises BadShift."""
    rests = []
    for start, end, length in zip(froms, tos, minutes, strict=False):
        if not (start or end or length):
            continue
        try:
            row = (
                _seconds(time.fromisoformat(start)),
                _seconds(time.fromisoformat(end)),
                int(length) * MINUTE_S,
            )
        except ValueError as error:
            raise BadShift(field="breaks") from error
        rests.append(row)
    return rests


def _day(text: str) -> date:
    """Return the day that an address names. Raises Missing."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Missing from error


def _seconds(at: time) -> int:
    return at.hour * 3600 + at.minute * MINUTE_S
