"""/console/estates and the rules of a technician: what the planner must know of places and people."""

import re
from collections.abc import Mapping, Sequence
from datetime import time
from typing import Any

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue
from marshmallow import fields, validate

from dispatch import areas, queries
from dispatch.operations import roster, rules
from faces.chrome import audited, call
from faces.chrome.filters import gettext, second_text
from faces.chrome.schema import Form, Text
from faces.chrome.sign_in import signed_in
from faces.console import filled, frame
from faces.console.forms import PageQuery
from faces.console.routes import LEADERS, READERS, blueprint
from faces.console.technician import refused
from faces.console.technicians import check_own
from kernel.db import transaction
from kernel.errors import Refusal

SPANS_SHOWN = 2
MINUTE_S = 60
ESTATE_FIELDS = ("name", "access", "closed")
RULE_FIELDS = ("serves", "never", "overtime", "pace", "van")
_BETWEEN = re.compile(r"[、,，;；\s]+")


class RulesForm(Form):
    """Where a technician goes, how fast he is, and when he may be asked."""

    serves = Text(most=400, load_default="")
    never = Text(most=400, load_default="")
    overtime = fields.Integer(
        load_default=0, validate=validate.Range(min=0, max=rules.OVERTIME_MAX_S // MINUTE_S)
    )
    pace = fields.Integer(
        load_default=100, validate=validate.Range(min=rules.PACE_LEAST, max=rules.PACE_MOST)
    )
    standby = fields.Boolean(load_default=False)
    van = fields.String(load_default="", validate=validate.Regexp(r"^\d{0,3}$"))


class EstatesQuery(PageQuery):
    """The branch's 小区; the one that is to be changed."""

    name = fields.String(load_default="", validate=validate.Length(max=40))


class EstateForm(Form):
    """A 小区 and its rules; spans come as rows, of which empty ones count as none."""

    branch = fields.Integer(required=True, validate=validate.Range(min=1))
    name = Text(most=40, least=1, required=True)
    access = fields.Integer(
        load_default=0, validate=validate.Range(min=0, max=rules.ACCESS_MAX_S // MINUTE_S)
    )
    closed_from = fields.List(fields.String(), load_default=list)
    closed_to = fields.List(fields.String(), load_default=list)


class EstateNameForm(Form):
    """The 小区 that goes."""

    branch = fields.Integer(required=True, validate=validate.Range(min=1))
    name = Text(most=40, least=1, required=True)


@blueprint.post("/technicians/<int:technician_id>/rules")
@signed_in(*LEADERS)
def set_rules(technician_id: int) -> ResponseReturnValue:
    """Write down where he goes, how fast he is and when he may be asked; refused while a promise before
    him would suffer."""
    try:
        given = call.form(RulesForm())
        with call.once() as db:
            check_own(db, technician_id)
            rules.set_rules(
                db,
                technician_id=technician_id,
                only=_names(given["serves"]),
                never=_names(given["never"]),
                overtime_s=given["overtime"] * MINUTE_S,
                is_standby=given["standby"],
                pace_percent=given["pace"],
                van_room=int(given["van"]) if given["van"] else None,
                now=call.now(),
            )
            done = call.leads_to("console.technician", technician_id=technician_id)
    except Refusal as refusal:
        if refusal.field not in RULE_FIELDS and not isinstance(refusal, roster.BreaksPromises):
            raise
        return refused(technician_id, filled.errors_of(refusal, *RULE_FIELDS))
    flash(gettext("派单规则已保存。"), "ok")
    return done


@blueprint.get("/estates")
@signed_in(*READERS)
def estates() -> ResponseReturnValue:
    """Show the 小区 in the branch's books."""
    wanted = call.query(EstatesQuery())
    return _page(wanted["branch"], typed={}, errors={}, name=wanted["name"])


@blueprint.post("/estates")
@signed_in(*LEADERS)
def set_estate() -> ResponseReturnValue:
    """Write down a 小区, or change what is written of it."""
    try:
        given = call.form(EstateForm())
        frame.check_branch(given["branch"])
        closed = _spans(given["closed_from"], given["closed_to"])
        with call.once() as db:
            audited.about(f"branch:{given['branch']}")
            rules.set_estate(
                db,
                branch_id=given["branch"],
                name=given["name"],
                closed=closed,
                access_s=given["access"] * MINUTE_S,
                now=call.now(),
            )
            done = call.leads_to("console.estates", branch=given["branch"])
    except Refusal as refusal:
        if refusal.field not in ESTATE_FIELDS and not isinstance(refusal, roster.BreaksPromises):
            raise
        errors = filled.errors_of(refusal, *ESTATE_FIELDS)
        typed = filled.typed("name", "access")
        return _page(request.form.get("branch", type=int), typed=typed, errors=errors), (
            filled.STATUS
        )
    flash(gettext("已保存「%(name)s」。", name=given["name"]), "ok")
    return done


@blueprint.post("/estates/remove")
@signed_in(*LEADERS)
def drop_estate() -> ResponseReturnValue:
    """Take a 小区 out of the books."""
    given = call.form(EstateNameForm())
    frame.check_branch(given["branch"])
    try:
        with call.once() as db:
            audited.about(f"branch:{given['branch']}")
            rules.drop_estate(db, branch_id=given["branch"], name=given["name"], now=call.now())
            done = call.leads_to("console.estates", branch=given["branch"])
    except (rules.EstateInUse, roster.BreaksPromises) as refusal:
        errors = filled.errors_of(refusal)
        return _page(given["branch"], typed={}, errors=errors), filled.STATUS
    flash(gettext("已删除「%(name)s」。", name=given["name"]), "ok")
    return done


def _page(
    branch_id: int | None, *, typed: Mapping[str, str], errors: Mapping[str, str], name: str = ""
) -> str:
    with transaction(reads_only=True) as db:
        branch = frame.enter(db, branch_id=branch_id)
        rows = queries.estates(db, branch_id=branch.id)
    changed = next((row for row in rows if row.name == name), None)
    values: dict[str, Any] = {"name": "", "access": 0}
    spans: Sequence[Sequence[int]] = ()
    if changed is not None:
        values = {"name": changed.name, "access": changed.access_s // MINUTE_S}
        spans = changed.closed
    shown = [(second_text(a), second_text(b)) for a, b in spans]
    if errors and typed:
        froms, tos = request.form.getlist("closed_from"), request.form.getlist("closed_to")
        shown = list(zip(froms, tos, strict=False))
    return render_template(
        "console/estates.html",
        branch=branch,
        rows=rows,
        names=sorted(areas.estates()),
        typed={**values, **typed},
        spans=[*shown, ("", ""), ("", "")][: max(SPANS_SHOWN, len(shown))],
        changed=changed,
        errors=errors,
    )


def _names(text: str) -> list[str]:
    return list(dict.fromkeys(name for name in _BETWEEN.split(text) if name))


def _spans(froms: Sequence[str], tos: Sequence[str]) -> list[tuple[int, int]]:
    """Return the rows that are filled in, by time. Raises BadHours."""
    spans = []
    for start, end in zip(froms, tos, strict=False):
        if start or end:
            try:
                spans.append((_second(start), _second(end)))
            except ValueError as error:
                raise rules.BadHours(field="closed") from error
    return sorted(spans)


def _second(text: str) -> int:
    at = time.fromisoformat(text)
    return at.hour * 3600 + at.minute * MINUTE_S
