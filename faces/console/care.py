"""/console/care: whom to visit or call, today and in the days ahead, and what came of it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue
from marshmallow import fields, validate

from booking import care_queries, queries
from booking.care import (
    AGAIN_DAYS,
    AHEAD_DAYS,
    BY_HAND,
    DOERS,
    GIFT_MAX,
    KINDS,
    MONTHS_MAX,
    OUTCOMES,
    TIPS_MAX,
    CareKind,
    Doer,
)
from booking.operations import care as operations
from booking.operations.care import Terms
from dispatch import queries as dispatch
from faces.chrome import call, caring
from faces.chrome.filters import gettext
from faces.chrome.schema import Form, Text
from faces.chrome.sign_in import signed_in
from faces.console import acting, frame
from faces.console.acting import NO_FAILURE, Failure
from faces.console.cases import names_of
from faces.console.forms import NoForm, PageQuery
from faces.console.paging import Page
from faces.console.routes import STAFF, WRITERS, blueprint
from kernel.actor import CONSOLE_ROLES, Role
from kernel.db import Session, transaction
from members import queries as members

CARERS = (*WRITERS, Role.STORE)
WHEN = ("due", "ahead")
_NONE_OR_ID = validate.Range(min=0)


class CareQuery(PageQuery):
    """What is due by today, or in the days ahead."""

    when = fields.String(load_default="due", validate=validate.OneOf(WHEN))


class TermsForm(Form):
    """What a plan is about."""

    # 0 is none.
    service = fields.Integer(load_default=0, validate=_NONE_OR_ID)
    every_months = fields.Integer(required=True, validate=validate.Range(min=1, max=MONTHS_MAX))
    due_on = fields.Date(required=True)
    tips = Text(most=TIPS_MAX, load_default="")
    gift = Text(most=GIFT_MAX, load_default="")
    doer = fields.Enum(Doer, by_value=True, load_default=Doer.DISPATCHER)
    technician = fields.Integer(load_default=0, validate=_NONE_OR_ID)


class NewPlanForm(TermsForm):
    """A plan that was not there before."""

    kind = fields.Enum(CareKind, by_value=True, required=True)


@blueprint.get("/care")
@signed_in(*STAFF)
def care() -> ResponseReturnValue:
    """List whose turn it is, longest due first."""
    wanted = call.query(CareQuery())
    page, by, today = Page(number=wanted["page"]), call.actor(), frame.today()
    is_ahead = wanted["when"] == "ahead"
    with transaction(reads_only=True) as db:
        branch = frame.enter(db, branch_id=wanted["branch"])
        counts = care_queries.counts(db, by=by, branch_id=branch.id, today=today)
        page.total = counts.ahead if is_ahead else counts.overdue + counts.today
        plans = care_queries.due(
            db,
            by=by,
            branch_id=branch.id,
            first=today + timedelta(days=1) if is_ahead else None,
            last=today + timedelta(days=AHEAD_DAYS) if is_ahead else today,
            limit=page.size,
            offset=page.offset,
        )
        return render_template(
            "console/care.html",
            lines=care_queries.lines(db, plans),
            counts=counts,
            is_ahead=is_ahead,
            page_=page,
            failed=NO_FAILURE,
            **_words(),
        )


@blueprint.get("/members/<number>/care")
@signed_in(*WRITERS)
def new_care(number: str) -> ResponseReturnValue:
    """Ask what a member's new plan is about."""
    return _new(number, NO_FAILURE)


@blueprint.post("/members/<number>/care")
@signed_in(*WRITERS)
def plan_care(number: str) -> ResponseReturnValue:
    """Make a plan, at the branch that served him last."""

    def effect(db: Session, given: dict[str, Any]) -> acting.Said:
        by = call.actor()
        member = members.member_by_number(db, number=number, by=by)
        branch_id = _branch_of(db, member.id)
        kind = given.pop("kind")
        made = operations.make(
            db,
            member_id=member.id,
            branch_id=branch_id,
            kind=kind,
            terms=_terms(given),
            by=by,
            now=call.now(),
        )
        return gettext("计划已建好，到期会出现在名单里。"), {"number": made.number}

    return acting.perform(
        "plan",
        NewPlanForm(),
        effect,
        to="console.care_plan",
        page=lambda failed: _new(number, failed),
    )


@blueprint.get("/care/<number>")
@signed_in(*STAFF)
def care_plan(number: str) -> ResponseReturnValue:
    """Show one plan with all that came of it."""
    return _page(number, NO_FAILURE)


@blueprint.post("/care/<number>")
@signed_in(*WRITERS)
def change_care(number: str) -> ResponseReturnValue:
    """Change what a plan is about."""

    def effect(db: Session, given: dict[str, Any]) -> acting.Said:
        operations.change(db, number=number, terms=_terms(given), by=call.actor())
        return gettext("已保存。")

    return acting.perform(
        "plan",
        TermsForm(),
        effect,
        to="console.care_plan",
        page=lambda failed: _page(number, failed),
        number=number,
    )


@blueprint.post("/care/<number>/note")
@signed_in(*CARERS)
def note_care(number: str) -> ResponseReturnValue:
    """Write down what came of it."""

    def effect(db: Session, given: dict[str, Any]) -> acting.Said:
        return caring.note(db, number=number, given=given)

    return _act(number, "note", caring.OutcomeForm(), effect)


@blueprint.post("/care/<number>/send")
@signed_in(*CARERS)
def send_care(number: str) -> ResponseReturnValue:
    """Write to the member."""

    def effect(db: Session, _given: dict[str, Any]) -> acting.Said:
        operations.send(db, number=number, by=call.actor(), now=call.now())
        return gettext("消息已排队发出。")

    return _act(number, "send", NoForm(), effect)


def of_member(db: Session, member_id: int) -> list[care_queries.Line]:
    """Return what a member's page shows of his plans, as far as they are in the actor's scope."""
    by = call.actor()
    found = [row for row in care_queries.open_of(db, member_id) if by.sees_branch(row.branch_id)]
    return care_queries.lines(db, found)


def _act(number: str, form: str, schema: Form, effect: Any) -> ResponseReturnValue:
    def page(failed: Failure) -> str:
        return _page(number, failed)

    return acting.perform(form, schema, effect, to="console.care", page=page)


def _page(number: str, failed: Failure) -> str:
    with transaction(reads_only=True) as db:
        row = care_queries.plan(db, number=number, by=call.actor())
        frame.enter(db, branch_id=row.branch_id)
        notes = care_queries.notes(db, row.id)
        hands = {note.actor_id for note in notes if note.actor_role in CONSOLE_ROLES}
        return render_template(
            "console/care_plan.html",
            line=care_queries.lines(db, [row])[0],
            notes=notes,
            names=names_of(db, hands),
            typed=failed.typed if failed.form == "plan" else _typed(row),
            failed=failed,
            **_choices(db, row.branch_id),
            **_words(),
        )


def _new(number: str, failed: Failure) -> str:
    with transaction(reads_only=True) as db:
        member = members.member_by_number(db, number=number, by=call.actor())
        frame.enter(db)
        first = {"kind": "maintenance", "every_months": "12", "doer": "dispatcher"}
        return render_template(
            "console/care_new.html",
            member=member,
            typed=failed.typed or first,
            failed=failed,
            **_choices(db, _branch_of(db, member.id)),
            **_words(),
        )


def _branch_of(db: Session, member_id: int) -> int:
    """Return the branch that served him last, if the actor sees it, else the one he stands in."""
    last = queries.branch_of_member(db, member_id)
    return last if last is not None and call.actor().sees_branch(last) else frame.enter(db).id


def _terms(given: dict[str, Any]) -> Terms:
    service, technician = given.pop("service"), given.pop("technician")
    return Terms(service_id=service or None, technician_id=technician or None, **given)


def _typed(row: Any) -> Mapping[str, str]:
    return {
        "service": str(row.service_id or 0),
        "every_months": str(row.every_months),
        "due_on": row.due_on.isoformat() if row.due_on else "",
        "tips": row.tips,
        "gift": row.gift,
        "doer": row.doer,
        "technician": str(row.technician_id or 0),
    }


def _choices(db: Session, branch_id: int) -> dict[str, Any]:
    nobody = [("0", gettext("不选"))]
    people = dispatch.technicians(db, branch_id=branch_id)
    return {
        "services": nobody + [(str(row.id), row.name) for row in queries.services(db)],
        "technicians": nobody
        + [(str(row.id), f"{row.name} {row.work_number}") for row in people if not row.disabled_at],
    }


def _words() -> dict[str, Any]:
    return {
        "today": frame.today(),
        "ahead_days": AHEAD_DAYS,
        "again_days": AGAIN_DAYS,
        "kinds": {kind.value: gettext(word) for kind, word in KINDS.items()},
        "doers": {doer.value: gettext(word) for doer, word in DOERS.items()},
        "outcomes": {outcome.value: gettext(word) for outcome, word in OUTCOMES.items()},
        "by_hand": [(outcome.value, gettext(OUTCOMES[outcome])) for outcome in BY_HAND],
        "may_care": call.actor().role in CARERS,
    }
