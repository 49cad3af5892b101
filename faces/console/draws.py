"""/console/draws: lucky draws set up, begun, watched and stopped, with their odds told as they are."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue
from marshmallow import fields, validate

from booking import coupon_queries, prize_queries
from booking import queries as booking
from booking.operations import prizes
from faces.chrome import call
from faces.chrome.filters import gettext
from faces.chrome.schema import Form, Text
from faces.chrome.sign_in import signed_in
from faces.console import acting, filled, frame, growing
from faces.console.acting import NO_FAILURE, Failure
from faces.console.forms import NoForm, PageQuery
from faces.console.paging import Page
from faces.console.routes import GROWERS, STAFF, blueprint
from kernel.clock import local_date, midnight
from kernel.db import Session, transaction
from kernel.errors import Refusal
from members import draw_queries, queries
from members.drawing import (
    ABOUT_MAX,
    EGGS_MAX,
    NAME_MAX,
    POINTS_MAX,
    PRIZE_NAME_MAX,
    PRIZES_MAX,
    WHY_MAX,
    BadPrizes,
    HousePrizes,
    Prize,
    PrizeKind,
    check_begins,
)
from members.operations import draws as operations

FIELDS = ("name", "about", "eggs", "ends_on", "store", "prizes")
COLUMNS = ("prize_name", "prize_kind", "prize_points", "prize_quantity")
# What a prize is, where it is no coupon, which is named by its kind's number.
KINDS = (PrizeKind.GIFT.value, PrizeKind.POINTS.value)
DAYS_AHEAD = 14


def _column() -> fields.List[str]:
    text = fields.String(validate=validate.Length(max=PRIZE_NAME_MAX))
    return fields.List(text, load_default=list, validate=validate.Length(max=PRIZES_MAX))


class DrawForm(Form):
    """A draw; its prizes come as columns of one table."""

    name = Text(most=NAME_MAX, least=1, required=True)
    about = Text(most=ABOUT_MAX, load_default="")
    eggs = fields.Integer(required=True, validate=validate.Range(min=1, max=EGGS_MAX))
    ends_on = fields.Date(required=True)
    store = fields.Integer(load_default=growing.ALL, validate=validate.Range(min=0))
    prize_name = _column()
    prize_kind = _column()
    prize_points = _column()
    prize_quantity = _column()


class StopForm(Form):
    """Why it is stopped; members read it."""

    why = Text(most=WHY_MAX, load_default="")


@blueprint.get("/draws")
@signed_in(*STAFF)
def draws() -> ResponseReturnValue:
    """List the draws, a store's own for its people."""
    wanted = call.query(PageQuery())
    page = Page(number=wanted["page"])
    with transaction(reads_only=True) as db:
        branch = frame.enter(db, branch_id=wanted["branch"])
        rows, page.total = draw_queries.draws(
            db,
            by=call.actor(),
            within=growing.within(db),
            limit=page.size,
            offset=page.offset,
        )
        return render_template(
            "console/draws.html",
            branch=branch,
            rows=rows,
            won=draw_queries.stock_of(db, rows),
            store_names=growing.names(db),
            now=call.now(),
            page_=page,
        )


@blueprint.get("/draws/new")
@signed_in(*GROWERS)
def new_draw() -> ResponseReturnValue:
    """Show the form that sets one up."""
    ends_on = local_date(call.now()) + timedelta(days=DAYS_AHEAD)
    return _form({"eggs": "100", "ends_on": ends_on.isoformat()}, {})


@blueprint.post("/draws")
@signed_in(*GROWERS)
def set_up_draw() -> ResponseReturnValue:
    """Write a draw down; it is not begun yet."""
    try:
        given = call.form(DrawForm())
        with call.once() as db:
            row = prizes.set_up(
                db,
                name=given["name"],
                about=given["about"],
                eggs=given["eggs"],
                prizes=_prizes(given),
                ends_at=midnight(given["ends_on"] + timedelta(days=1)),
                store_id=growing.chosen(db, given["store"]),
                by=call.actor(),
                now=call.now(),
            )
            done = call.leads_to("console.draw", number=row.number)
    except Refusal as refusal:
        if refusal.field not in FIELDS:
            raise
        return _form(filled.typed(*FIELDS), filled.errors_of(refusal, *FIELDS)), filled.STATUS
    flash(gettext("活动已记下，核对后再开始。"), "ok")
    return done


@blueprint.get("/draws/<number>")
@signed_in(*STAFF)
def draw(number: str) -> ResponseReturnValue:
    """Show a draw: its odds, what was won, and the log."""
    return _page(number, NO_FAILURE)


@blueprint.post("/draws/<number>/begin")
@signed_in(*GROWERS)
def begin_draw(number: str) -> ResponseReturnValue:
    """Begin it: what lies in which egg is fixed now."""

    def effect(db: Session, _given: dict[str, Any]) -> acting.Said:
        operations.begin(db, number=number, **_hand(db))
        return gettext("活动已开始，承诺值已公布。")

    return _perform(number, "begin", NoForm(), effect)


@blueprint.post("/draws/<number>/discard")
@signed_in(*GROWERS)
def discard_draw(number: str) -> ResponseReturnValue:
    """Give it up before it began."""

    def effect(db: Session, _given: dict[str, Any]) -> acting.Said:
        operations.discard(db, number=number, **_hand(db))
        return gettext("活动已作废。")

    return _perform(number, "discard", NoForm(), effect)


@blueprint.post("/draws/<number>/stop")
@signed_in(*GROWERS)
def stop_draw(number: str) -> ResponseReturnValue:
    """Stop it before its time."""

    def effect(db: Session, given: dict[str, Any]) -> acting.Said:
        operations.stop(db, number=number, why=given["why"], **_hand(db))
        return gettext("活动已停止，种子已公布。")

    return _perform(number, "stop", StopForm(), effect)


def _hand(db: Session) -> dict[str, Any]:
    """Return who acts, within which stores, and when."""
    return {"by": call.actor(), "within": growing.within(db), "now": call.now()}


def _perform(number: str, form: str, schema: Form, effect: Any) -> ResponseReturnValue:
    def page(failed: Failure) -> str:
        return _page(number, failed)

    return acting.perform(form, schema, effect, to="console.draw", page=page, number=number)


def _page(number: str, failed: Failure) -> str:
    page = Page(number=call.query(PageQuery())["page"])
    with transaction(reads_only=True) as db:
        branch = frame.enter(db)
        row = draw_queries.draw(db, number=number, **_hand(db))
        log = draw_queries.log_of(db, draw_id=row.id, limit=page.size, offset=page.offset)
        page.total = row.smashed
        stock = draw_queries.stock_of(db, [row])[row.id]
        return render_template(
            "console/draw.html",
            branch=branch,
            draw=row,
            state=row.state_at(call.now()).value,
            stock=stock,
            store_name=booking.store_name(db, row.store_id),
            needs_leader=_needs_leader(stock),
            names={s.prize.place: s.prize.name for s in stock},
            known=queries.members_by_id(db, [play.member_id for play in log]),
            log=log,
            proof=prize_queries.prove(db, row) if row.started_at else None,
            why_max=WHY_MAX,
            failed=failed,
            page_=page,
        )


def _needs_leader(stock: Sequence[draw_queries.Stock]) -> bool:
    """Tell whether the actor may not begin a draw of these prizes."""
    try:
        check_begins([each.prize for each in stock], by=call.actor())
    except HousePrizes:
        return True
    return False


def _form(typed: Mapping[str, str], errors: Mapping[str, str]) -> str:
    columns = [request.form.getlist(name) for name in COLUMNS]
    known = [dict(zip(COLUMNS, row, strict=True)) for row in zip(*columns, strict=False)]
    blank = {"prize_name": "", "prize_kind": "gift", "prize_points": "", "prize_quantity": ""}
    rows = (known + [blank] * PRIZES_MAX)[:PRIZES_MAX]
    with transaction(reads_only=True) as db:
        branch = frame.enter(db)
        return render_template(
            "console/draw_new.html",
            branch=branch,
            typed=typed,
            errors=errors,
            prizes=rows,
            places=growing.places(db),
            coupons=[(one.kind.number, one.kind.name) for one in coupon_queries.promisable(db)],
        )


def _prizes(given: Mapping[str, Any]) -> list[Prize]:
    """Return the prizes of the table's rows that say something. Raises BadPrizes."""
    rows = zip(*(given[name] for name in COLUMNS), strict=False)
    said = [row for row in rows if row[0].strip() or row[3].strip()]
    return [
        Prize(
            place=place,
            name=name.strip(),
            kind=PrizeKind(kind) if kind in KINDS else PrizeKind.COUPON,
            points=_whole(points),
            quantity=_whole(quantity),
            coupon="" if kind in KINDS else kind,
        )
        for place, (name, kind, points, quantity) in enumerate(said, start=1)
    ]


def _whole(text: str) -> int:
    """Return the number of a cell, 0 for an empty one. Raises BadPrizes."""
    text = text.strip()
    if text and not (text.isascii() and text.isdigit() and int(text) <= POINTS_MAX):
        raise BadPrizes(field="prizes")
    return int(text or 0)
