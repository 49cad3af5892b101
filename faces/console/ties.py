"""/console/ties: what crosses the routes of a branch, and what its vans hold, for plans to keep."""

import re
from collections.abc import Mapping
from typing import Any

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue
from marshmallow import fields, validate

from booking import queries as bookings
from dispatch import queries
from dispatch import ties as reads
from dispatch.operations import roster, ties
from dispatch.operations.ties import COUNT_MAX, TieKind
from faces.chrome import audited, call
from faces.chrome.filters import gettext
from faces.chrome.schema import Form, Text
from faces.chrome.sign_in import signed_in
from faces.console import filled, frame
from faces.console.forms import PageQuery
from faces.console.routes import LEADERS, READERS, blueprint
from kernel.db import transaction
from kernel.errors import Refusal

FIELDS = ("name", "visits", "people", "tool", "count", "services", "crew", "down", "up")
# Questions with several answers, which a refused form shows again as they were.
CHIPS = ("people", "services")
_BETWEEN = re.compile(r"[、,，;；\s]+")
_COUNT = validate.Range(min=0, max=COUNT_MAX)


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
    """The numbers of visits that begin together."""

    crew = Text(most=200, least=1, required=True)


class LoadForm(_BranchForm):
    """What a service's visit brings and takes along."""

    service = fields.String(required=True, validate=validate.Length(min=1, max=40))
    down = fields.Integer(load_default=0, validate=_COUNT)
    up = fields.Integer(load_default=0, validate=_COUNT)


class FairForm(_BranchForm):
    """Whether plans spread the hours of the month."""

    fair = fields.Boolean(load_default=False)


class DropForm(_BranchForm):
    """The row that goes."""

    kind = fields.Enum(TieKind, by_value=True, required=True)
    row = fields.Integer(required=True, validate=validate.Range(min=1))


@blueprint.get("/ties")
@signed_in(*READERS)
def show_ties() -> ResponseReturnValue:
    """Show what plans of the branch keep beside each route's own rules."""
    return _page(call.query(PageQuery())["branch"], errors={})


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
            numbers = [number for number in _BETWEEN.split(given["crew"]) if number]
            ties.set_crew(db, branch_id=given["branch"], numbers=numbers)
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
        return _page(given["branch"], errors=filled.errors_of(refusal)), filled.STATUS
    return _said(done)


def _given(form: Form) -> dict[str, Any]:
    given = call.form(form)
    frame.check_branch(given["branch"])
    return given


def _kept(given: Mapping[str, Any]) -> ResponseReturnValue:
    """Note whose rules these are, and lead back."""
    audited.about(f"branch:{given['branch']}")
    return call.leads_to("console.show_ties", branch=given["branch"])


def _said(done: ResponseReturnValue) -> ResponseReturnValue:
    flash(gettext("派单关联已保存，下一次优化排班起遵守。"), "ok")
    return done


def _refused(refusal: Refusal) -> ResponseReturnValue:
    if refusal.field not in FIELDS:
        raise refusal
    errors = filled.errors_of(refusal, *FIELDS)
    return _page(request.form.get("branch", type=int), errors=errors), filled.STATUS


def _page(branch_id: int | None, *, errors: Mapping[str, str]) -> str:
    with transaction(reads_only=True) as db:
        branch = frame.enter(db, branch_id=branch_id)
        people = queries.technicians(db, branch_id=branch.id)
        crews = reads.crews_from(db, branch_id=branch.id, day=frame.today())
        ids = [visit_id for crew in crews for visit_id in crew.visit_ids]
        return render_template(
            "console/ties.html",
            branch=branch,
            people=people,
            names={person.id: person.name for person in people},
            services={service.code: service.name for service in bookings.catalogue(db)},
            partners=reads.partners(db, branch_id=branch.id),
            tools=reads.tools(db, branch_id=branch.id),
            loads=reads.loads(db, branch_id=branch.id),
            crews=crews,
            visits=queries.visits_by_id(db, ids),
            typed=request.form if errors else {},
            ticked={name: request.form.getlist(name) if errors else [] for name in CHIPS},
            errors=errors,
        )
