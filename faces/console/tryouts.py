"""/console/tryouts: samples with their funnel, who has them at home, and what is due."""

from collections.abc import Mapping
from typing import Any

from flask import flash, render_template
from flask.typing import ResponseReturnValue
from marshmallow import fields, validate

from booking import queries, tryout_queries
from booking.operations import tryouts as operations
from booking.tryouts import (
    ABOUT_MAX,
    HOURS,
    HOURS_MAX,
    HOURS_MIN,
    NAME_MAX,
    OPEN,
    PRICE_YUAN_MAX,
    STATE_WORDS,
    STOCK_MAX,
    is_due,
)
from faces.chrome import call
from faces.chrome.filters import gettext
from faces.chrome.schema import Form, Text
from faces.chrome.sign_in import signed_in
from faces.console import acting, filled, frame
from faces.console.acting import NO_FAILURE, Failure
from faces.console.forms import NoForm, PageQuery
from faces.console.paging import Page
from faces.console.routes import LEADERS, READERS, WRITERS, blueprint
from kernel.db import Session, transaction
from kernel.errors import Refusal
from kernel.money import Money
from members import queries as members

FIELDS = ("name", "about", "price", "hours", "stock", "delivery", "pickup")
CHANGED = ("about", "price", "hours", "more")


class ChangeSampleForm(Form):
    """What is offered from now on; `more` units come into stock, or go out below nothing."""

    about = Text(most=ABOUT_MAX, load_default="")
    price = fields.Integer(required=True, validate=validate.Range(min=1, max=PRICE_YUAN_MAX))
    hours = fields.Integer(required=True, validate=validate.Range(min=HOURS_MIN, max=HOURS_MAX))
    more = fields.Integer(load_default=0, validate=validate.Range(min=-STOCK_MAX, max=STOCK_MAX))
    on_offer = fields.Boolean(load_default=False)


class SampleForm(Form):
    """A new sample of the branch one stands in."""

    branch = fields.Integer(required=True, validate=validate.Range(min=1))
    name = Text(most=NAME_MAX, least=1, required=True)
    about = Text(most=ABOUT_MAX, load_default="")
    price = fields.Integer(required=True, validate=validate.Range(min=1, max=PRICE_YUAN_MAX))
    hours = fields.Integer(required=True, validate=validate.Range(min=HOURS_MIN, max=HOURS_MAX))
    stock = fields.Integer(required=True, validate=validate.Range(min=0, max=STOCK_MAX))
    delivery = fields.String(required=True)
    pickup = fields.String(required=True)


@blueprint.get("/tryouts")
@signed_in(*READERS)
def tryouts() -> ResponseReturnValue:
    """List the branch's samples with their funnel, and its tryouts, what is due first."""
    return _page(NO_FAILURE)


@blueprint.get("/samples/new")
@signed_in(*LEADERS)
def new_sample() -> ResponseReturnValue:
    """Show the form that offers one."""
    return _form({"hours": str(HOURS)}, {})


@blueprint.post("/samples")
@signed_in(*LEADERS)
def add_sample() -> ResponseReturnValue:
    """Offer a sample."""
    try:
        given = call.form(SampleForm())
        frame.check_branch(given["branch"])
        with call.once() as db:
            branch_id, price = given.pop("branch"), Money(given.pop("price") * 100)
            operations.add_sample(db, branch_id=branch_id, price=price, **given, now=call.now())
            done = call.leads_to("console.tryouts", branch=branch_id)
    except Refusal as refusal:
        if refusal.field not in FIELDS:
            raise
        return _form(filled.typed(*FIELDS), filled.errors_of(refusal, *FIELDS)), filled.STATUS
    flash(gettext("试用品已上架。"), "ok")
    return done


@blueprint.get("/samples/<number>")
@signed_in(*READERS)
def sample(number: str) -> ResponseReturnValue:
    """Show a sample, to be changed."""
    return _sample(number, NO_FAILURE)


@blueprint.post("/samples/<number>")
@signed_in(*LEADERS)
def change_sample(number: str) -> ResponseReturnValue:
    """Change what is offered from now on."""

    def effect(db: Session, given: dict[str, Any]) -> acting.Said:
        price = Money(given.pop("price") * 100)
        operations.change_sample(db, number=number, price=price, **given, by=call.actor())
        return gettext("试用品已改好，借出去的不变。")

    def page(failed: Failure) -> str:
        return _sample(number, failed)

    return acting.perform(
        "sample", ChangeSampleForm(), effect, to="console.sample", page=page, number=number
    )


@blueprint.post("/tryouts/<number>/keep")
@signed_in(*WRITERS)
def keep_tryout(number: str) -> ResponseReturnValue:
    """Take note that its price was paid to one of us."""

    def effect(db: Session, _given: dict[str, Any]) -> acting.Said:
        operations.keep_by_hand(db, number=number, by=call.actor(), now=call.now())
        return gettext("已记为付款留下，积分已到账。")

    return acting.perform("keep", NoForm(), effect, to="console.tryouts", page=_page)


@blueprint.post("/tryouts/<number>/take-back")
@signed_in(*WRITERS)
def take_back_tryout(number: str) -> ResponseReturnValue:
    """Take note that it came back without a visit of ours."""

    def effect(db: Session, _given: dict[str, Any]) -> acting.Said:
        operations.take_back_by_hand(db, number=number, by=call.actor(), now=call.now())
        return gettext("已记为归还，回到库存。")

    return acting.perform("take-back", NoForm(), effect, to="console.tryouts", page=_page)


@blueprint.post("/tryouts/<number>/cancel")
@signed_in(*WRITERS)
def cancel_tryout(number: str) -> ResponseReturnValue:
    """Give up what is not delivered."""

    def effect(db: Session, _given: dict[str, Any]) -> acting.Said:
        operations.cancel(db, number=number, by=call.actor(), now=call.now())
        return gettext("申请已取消，回到库存。")

    return acting.perform("cancel", NoForm(), effect, to="console.tryouts", page=_page)


def _page(failed: Failure) -> str:
    wanted = call.query(PageQuery())
    page, now = Page(number=wanted["page"]), call.now()
    with transaction(reads_only=True) as db:
        branch = frame.enter(db, branch_id=wanted["branch"])
        samples = tryout_queries.samples(db, branch_id=branch.id)
        rows, page.total = tryout_queries.of_branch(
            db, branch.id, limit=page.size, offset=page.offset
        )
        by_id = {each.id: each for each in samples}
        return render_template(
            "console/tryouts.html",
            branch=branch,
            samples=samples,
            funnels=tryout_queries.funnels(db, branch_id=branch.id, now=now),
            rows=rows,
            by_id=by_id,
            visits={
                row.id: tryout_queries.next_visit(db, row) for row in rows if row.state in OPEN
            },
            known=members.members_by_id(db, [row.member_id for row in rows]),
            late={row.id for row in rows if is_due(row.state, row.ends_at, now=now)},
            words=STATE_WORDS,
            failed=failed,
            page_=page,
        )


def _sample(number: str, failed: Failure) -> str:
    with transaction(reads_only=True) as db:
        row = tryout_queries.sample(db, number, by=call.actor())
        branch = frame.enter(db, branch_id=row.branch_id)
        services = queries.services_by_id(db)
        shown = {
            "about": row.about,
            "price": str(row.price.whole_yuan),
            "hours": str(row.hours),
            "more": "0",
            "on_offer": "1" if row.on_offer else "",
        }
        return render_template(
            "console/sample.html",
            branch=branch,
            sample=row,
            names=[services[row.delivery_id].name, services[row.pickup_id].name],
            typed=failed.typed or shown,
            failed=failed,
        )


def _form(typed: Mapping[str, str], errors: Mapping[str, str]) -> str:
    with transaction(reads_only=True) as db:
        branch = frame.enter(db)
        return render_template(
            "console/sample_new.html",
            branch=branch,
            typed=typed,
            errors=errors,
            services=[("", gettext("请选择"))]
            + [(row.code, row.name) for row in tryout_queries.services(db)],
        )
