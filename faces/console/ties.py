"""/console/ties: what crosses the routes of a branch, and what its vans hold, for plans to keep."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from flask import flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import fields, validate

from booking import queries as bookings
from dispatch import live, queries
from dispatch import ties as reads
from dispatch.keeping import HOURS_MAX
from dispatch.operations import roster, ties
from dispatch.operations.ties import COUNT_MAX, TieKind
from dispatch.planner.problem import Window
from dispatch.states import MOVABLE
from faces.chrome import audited, call
from faces.chrome.filters import day_text, gettext, second_text
from faces.chrome.schema import Form, Text
from faces.chrome.sign_in import signed_in
from faces.console import filled, frame, keeping
from faces.console.forms import TEXT_LENGTH_MAX, TextQuery
from faces.console.routes import LEADERS, READERS, blueprint
from kernel.db import Session, transaction
from kernel.errors import Invalid, Refusal
from kernel.words import msg
from members import tag_queries

FIELDS = ("name", "visits", "people", "tool", "count", "services", "down", "up")
# What can be written down here, and by which form each is.
KINDS = {
    "partner": msg("合作方"),
    "tool": msg("工具"),
    "crew": msg("同时上门"),
    "load": msg("装载量"),
}
FORMS = {
    "console.set_partner": "partner",
    "console.set_tool": "tool",
    "console.set_crew": "crew",
    "console.set_load": "load",
}
CREW_DAYS = 14
# So many visits are shown to choose a crew from; the others are found by a word.
CHOICES_MAX = 40
_COUNT = validate.Range(min=0, max=COUNT_MAX)
_WINDOW = validate.Regexp(r"\A\d{1,5}-\d{1,5}\Z")


class _BranchForm(Form):
    branch = fields.Integer(required=True, validate=validate.Range(min=1))


class PartnerForm(_BranchForm):
    """A partner: whose technicians they are, and how many visits a day they may be given."""

    name = Text(most=20, least=1, required=True)
    visits = fields.Integer(required=True, validate=_COUNT)
    people = fields.List(fields.Integer(), load_default=list)


class ToolForm(_BranchForm):
    """A tool that is shared: how many there are, and which services need one."""

    tool = Text(most=20, least=1, required=True)
    count = fields.Integer(required=True, validate=_COUNT)
    services = fields.List(fields.String(), load_default=list)


class CrewForm(_BranchForm):
    """The numbers of visits that begin together; `day` and `q` found them."""

    visits = fields.List(fields.String(), load_default=list)
    day = fields.Date(required=True)
    q = Text(most=TEXT_LENGTH_MAX, load_default="")


class TiesQuery(TextQuery):
    """Which kind is to be written down, the row of it that is changed, and the day of a crew."""

    add = fields.String(load_default="partner", validate=validate.OneOf(list(KINDS)))
    row = fields.Integer(load_default=0, validate=validate.Range(min=0))
    day = fields.Date(load_default=None)


class LoadForm(_BranchForm):
    """What a service's visit brings and takes along."""

    service = fields.String(required=True, validate=validate.Length(min=1, max=40))
    down = fields.Integer(load_default=0, validate=_COUNT)
    up = fields.Integer(load_default=0, validate=_COUNT)


class FairForm(_BranchForm):
    """Whether plans spread the hours of the month."""

    fair = fields.Boolean(load_default=False)


class KeepingForm(_BranchForm):
    """For which tag (0 for none) which windows are kept, each 36000-43200, and until when."""

    tag = fields.Integer(required=True, validate=validate.Range(min=0))
    kept = fields.List(fields.String(validate=_WINDOW), load_default=list)
    hours = fields.Integer(load_default=24, validate=validate.Range(min=1, max=HOURS_MAX))


class DropForm(_BranchForm):
    """The row that goes."""

    kind = fields.Enum(TieKind, by_value=True, required=True)
    row = fields.Integer(required=True, validate=validate.Range(min=1))


@blueprint.get("/ties")
@signed_in(*READERS)
def show_ties() -> ResponseReturnValue:
    """Show what plans of the branch keep beside each route's own rules, and how far it is used up."""
    asked = call.query(TiesQuery())
    return _page(asked["branch"], asked, errors={})


@blueprint.post("/ties/partners")
@signed_in(*LEADERS)
def set_partner() -> ResponseReturnValue:
    """Write down a partner and its quota."""
    try:
        given = _given(PartnerForm())
        with call.once() as db:
            ties.set_partner(
                db,
                branch_id=given["branch"],
                name=given["name"],
                technician_ids=given["people"],
                visits_max=given["visits"],
                now=call.now(),
            )
            done = _kept(given)
    except Refusal as refusal:
        return _refused(refusal)
    return _said(done)


@blueprint.post("/ties/tools")
@signed_in(*LEADERS)
def set_tool() -> ResponseReturnValue:
    """Write down a shared tool."""
    try:
        given = _given(ToolForm())
        with call.once() as db:
            known = {service.code for service in bookings.catalogue(db)}
            ties.set_tool(
                db,
                branch_id=given["branch"],
                name=given["tool"],
                services=known.intersection(given["services"]),
                count=given["count"],
                now=call.now(),
            )
            done = _kept(given)
    except Refusal as refusal:
        return _refused(refusal)
    return _said(done)


@blueprint.post("/ties/crews")
@signed_in(*LEADERS)
def set_crew() -> ResponseReturnValue:
    """Write down visits that are to begin together."""
    try:
        given = _given(CrewForm())
        with call.once() as db:
            ties.set_crew(db, branch_id=given["branch"], numbers=given["visits"])
            done = _kept(given)
    except Refusal as refusal:
        return _refused(refusal)
    return _said(done)


@blueprint.post("/ties/loads")
@signed_in(*LEADERS)
def set_load() -> ResponseReturnValue:
    """Write down what a service's visit brings and takes along."""
    try:
        given = _given(LoadForm())
        with call.once() as db:
            service = bookings.service_by_code(db, given["service"])
            ties.set_load(
                db,
                branch_id=given["branch"],
                service=service.code,
                down=given["down"],
                up=given["up"],
                now=call.now(),
            )
            done = _kept(given)
    except Refusal as refusal:
        return _refused(refusal)
    return _said(done)


@blueprint.post("/ties/fair")
@signed_in(*LEADERS)
def set_fair() -> ResponseReturnValue:
    """Say whether plans spread the hours of the month."""
    given = _given(FairForm())
    with call.once() as db:
        ties.set_fair(db, branch_id=given["branch"], is_fair=given["fair"])
        done = _kept(given)
    return _said(done)


@blueprint.post("/ties/kept")
@signed_in(*LEADERS)
def set_kept() -> ResponseReturnValue:
    """Keep windows for the members with a tag, or none any more."""
    given: dict[str, Any] = {}
    try:
        given = _given(KeepingForm())
        windows = [Window(*map(int, text.split("-"))) for text in given["kept"]]
        with call.once() as db:
            tag_id = tag_queries.tag(db, given["tag"]).id if given["tag"] else None
            ties.set_keeping(
                db,
                branch_id=given["branch"],
                tag_id=tag_id,
                windows=windows,
                hours=given["hours"],
            )
            done = _kept(given)
    except Invalid as refusal:
        if not given:
            raise
        return _page(given["branch"], {}, errors=filled.errors_of(refusal, "kept")), filled.STATUS
    return _said(done)


@blueprint.post("/ties/remove")
@signed_in(*LEADERS)
def drop_tie() -> ResponseReturnValue:
    """Take a row out."""
    given = _given(DropForm())
    try:
        with call.once() as db:
            ties.drop(
                db,
                branch_id=given["branch"],
                kind=given["kind"],
                row_id=given["row"],
                now=call.now(),
            )
            done = _kept(given)
    except roster.BreaksPromises as refusal:
        return _page(given["branch"], {}, errors=filled.errors_of(refusal)), filled.STATUS
    return _said(done)


def _given(form: Form) -> dict[str, Any]:
    given = call.form(form)
    frame.check_branch(given["branch"])
    return given


def _kept(given: Mapping[str, Any]) -> ResponseReturnValue:
    """Note whose rules these are, and lead back to where one was."""
    audited.about(f"branch:{given['branch']}")
    add = FORMS.get(request.endpoint or "", "partner")
    return call.leads_to("console.show_ties", branch=given["branch"], add=add)


def _said(done: ResponseReturnValue) -> ResponseReturnValue:
    flash(gettext("派单关联已保存，从现在起遵守。"), "ok")
    return done


def _refused(refusal: Refusal) -> ResponseReturnValue:
    if refusal.field not in FIELDS:
        raise refusal
    errors = filled.errors_of(refusal, *FIELDS)
    asked = {
        "add": FORMS[request.endpoint or ""],
        "q": request.form.get("q", ""),
        "day": request.form.get("day", type=date.fromisoformat),
    }
    return _page(request.form.get("branch", type=int), asked, errors=errors), filled.STATUS


def _page(branch_id: int | None, asked: Mapping[str, Any], *, errors: Mapping[str, str]) -> str:
    with transaction(reads_only=True) as db:
        branch = frame.enter(db, branch_id=branch_id)
        people = queries.technicians(db, branch_id=branch.id)
        crews = reads.crews_from(db, branch_id=branch.id, day=frame.today())
        ids = [visit_id for crew in crews for visit_id in crew.visit_ids]
        rows: dict[str, Sequence[Any]] = {
            "partner": reads.partners(db, branch_id=branch.id),
            "tool": reads.tools(db, branch_id=branch.id),
            "load": reads.loads(db, branch_id=branch.id),
        }
        add, day = asked.get("add", "partner"), asked.get("day") or frame.today()
        found = [row for row in rows.get(add, ()) if row.id == asked.get("row")]
        typed, ticked = _typed(add, found, errors)
        choices = _choices(db, branch.id, day, asked.get("q", "")) if add == "crew" else []
        return render_template(
            "console/ties.html",
            branch=queries.branch(db, branch.id),
            names={person.id: person.name for person in people},
            services={service.code: service.name for service in bookings.catalogue(db)},
            partners=rows["partner"],
            tools=rows["tool"],
            loads=rows["load"],
            crews=crews,
            visits=queries.visits_by_id(db, ids),
            used=_used(db, branch.id, frame.today()),
            tomorrow=_used(db, branch.id, frame.today() + timedelta(days=1)),
            kinds=[
                (
                    gettext(word),
                    url_for("console.show_ties", branch=branch.id, add=kind),
                    kind == add,
                )
                for kind, word in KINDS.items()
            ],
            add=add,
            days=[(each.isoformat(), day_text(each)) for each in _days()],
            day=day,
            q=asked.get("q", ""),
            choices=choices[:CHOICES_MAX],
            more=len(choices[CHOICES_MAX:]),
            typed=typed,
            ticked=ticked,
            keeping=keeping.shown(db, branch.id),
            errors=errors,
        )


def _used(db: Session, branch_id: int, day: date) -> reads.Used:
    return reads.used(live.day_plan(db, branch_id=branch_id, day=day, now=call.now()))


def _days() -> list[date]:
    return [frame.today() + timedelta(days=nth) for nth in range(CREW_DAYS)]


def _typed(
    add: str, found: Sequence[Any], errors: Mapping[str, str]
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return what the form shows: what was sent in vain, else the row that is to be changed."""
    if errors:
        sent = request.form
        ticked = {name: sent.getlist(name) for name in ("services", "visits")}
        return sent, {**ticked, "people": sent.getlist("people", type=int)}
    for row in found:
        match add:
            case "partner":
                typed: dict[str, Any] = {"name": row.name, "visits": row.visits_max}
                return typed, {"people": row.technician_ids}
            case "tool":
                return {"tool": row.name, "count": row.count}, {"services": row.services}
            case _:
                return {"service": row.service, "down": row.down, "up": row.up}, {}
    return {}, {"people": (), "services": (), "visits": ()}


def _choices(db: Session, branch_id: int, day: date, q: str) -> list[tuple[str, str, str]]:
    """Return the visits of that day that may become a crew, by window: number, what, when and for whom."""
    found = queries.visits_in_routes(db, branch_id=branch_id, day=day)
    taken = {
        visit_id
        for crew in reads.crews_from(db, branch_id=branch_id, day=day)
        for visit_id in crew.visit_ids
    }
    free = [
        visit
        for visit in found.values()
        if visit.state in MOVABLE and visit.id not in taken
        if q in visit.label or q in visit.number
    ]
    served = bookings.bookings_of_visits(db, [visit.id for visit in free])

    def when(visit: Any) -> str:
        who = served[visit.id].contact if visit.id in served else ""
        return f"{second_text(visit.opens_s)}–{second_text(visit.shuts_s)} {who}"

    free.sort(key=lambda visit: (visit.opens_s, visit.label, visit.id))
    return [(visit.number, visit.label or visit.number, when(visit)) for visit in free]
