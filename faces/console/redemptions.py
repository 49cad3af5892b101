"""/console/redemptions: points that members spend on the spot, taken at a store and given back."""

from collections.abc import Sequence
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue
from marshmallow import fields, validate

from booking import queries as booking
from dispatch import queries as dispatch
from faces.chrome import audited, call
from faces.chrome.errors import sentence_of
from faces.chrome.filters import gettext
from faces.chrome.schema import Form, Text
from faces.chrome.sign_in import signed_in
from faces.console import acting, frame
from faces.console.acting import NO_FAILURE, Failure
from faces.console.forms import PageQuery
from faces.console.paging import Page
from faces.console.routes import STAFF, WRITERS, blueprint
from kernel.actor import Role
from kernel.db import Session, transaction
from kernel.errors import Invalid
from members import queries, redemption_queries, staff_queries
from members.operations import redemptions as operations
from members.operations.redemptions import WHY_MAX
from members.redeeming import WHAT_MAX, tidy_code, worth_of
from members.redemption_models import Redemption

CODE_LENGTH_MAX = 40
TAKERS = (*WRITERS, Role.STORE)


class RedemptionsQuery(PageQuery):
    """A page of what was taken, or the code that a member shows."""

    points_code = Text(most=CODE_LENGTH_MAX, load_default="")


class TakeForm(Form):
    """The code, what is given for the points, and at which store."""

    points_code = Text(most=CODE_LENGTH_MAX, least=1, required=True)
    what = Text(most=WHAT_MAX, least=1, required=True)
    store = fields.String(load_default="", validate=validate.Regexp(r"\A\d{0,9}\Z"))


class GiveBackForm(Form):
    """Which redemption is given back, and why."""

    number = fields.String(required=True, validate=validate.Length(max=CODE_LENGTH_MAX))
    why = Text(most=WHY_MAX, load_default="")


@blueprint.get("/redemptions")
@signed_in(*STAFF)
def redemptions() -> ResponseReturnValue:
    """Ask for a code, and list what was taken."""
    return _page(NO_FAILURE)


@blueprint.post("/redemptions/take")
@signed_in(*TAKERS)
def take_points() -> ResponseReturnValue:
    """Take the points of a code."""

    def effect(db: Session, given: dict[str, Any]) -> acting.Said:
        taken = operations.redeem(
            db,
            code=tidy_code(given["points_code"]),
            what=given["what"],
            store_id=store_of(db, given["store"]),
            by=call.actor(),
            now=call.now(),
        )
        audited.about(f"redemption:{taken.number}")
        return gettext("收下了 %(points)s 积分，会员已收到通知。", points=taken.points)

    return acting.perform("take", TakeForm(), effect, to="console.redemptions", page=_page)


@blueprint.post("/redemptions/back")
@signed_in(*TAKERS)
def give_points_back() -> ResponseReturnValue:
    """Give back what was taken."""

    def effect(db: Session, given: dict[str, Any]) -> acting.Said:
        audited.about(f"redemption:{given['number']}")
        back = operations.reverse(
            db, number=given["number"], why=given["why"], by=call.actor(), now=call.now()
        )
        return gettext("退回了 %(points)s 积分，会员已收到通知。", points=back.points)

    return acting.perform("back", GiveBackForm(), effect, to="console.redemptions", page=_page)


def _page(failed: Failure) -> str:
    try:
        wanted = call.query(RedemptionsQuery())
    except Invalid:
        wanted = {"branch": None, "page": 1, "points_code": ""}
    page = Page(number=wanted["page"])
    code = failed.typed.get("points_code", "") or wanted["points_code"]
    by, now = call.actor(), call.now()
    offered, whose, worth, said = None, None, None, ""
    with transaction(reads_only=True) as db:
        branch = frame.enter(db, branch_id=wanted["branch"])
        if code:
            try:
                offered = redemption_queries.by_code(db, code=tidy_code(code), now=now)
                whose = queries.member(db, offered.member_id)
                rules = booking.rules_of_member(db, whose.id)
                worth = worth_of(offered.points, rules=rules)
            except Invalid as missing:
                said = sentence_of(missing)
        rows, page.total = redemption_queries.redeemed(
            db, by=by, limit=page.size, offset=page.offset
        )
        return render_template(
            "console/redemptions.html",
            branch=branch,
            code=code,
            offered=offered,
            whose=whose,
            code_error=said,
            stores=stores_of(db),
            rows=rows,
            known=queries.members_by_id(db, [row.member_id for row in rows]),
            takers=_takers(db, rows),
            store_names={store.id: store.name for store in booking.stores(db)},
            may_take=by.role in TAKERS,
            worth=worth,
            what_max=WHAT_MAX,
            why_max=WHY_MAX,
            failed=failed,
            page_=page,
        )


def store_of(db: Session, wanted: str) -> int | None:
    """Return the store at which it happens: the one that was picked, else a store's people's first."""
    stores = [store_id for store_id, _ in stores_of(db)]
    if wanted and int(wanted) in stores:
        return int(wanted)
    return stores[0] if stores and call.actor().role is Role.STORE else None


def stores_of(db: Session) -> list[tuple[int, str]]:
    """Return the stores at which the actor may take points."""
    by = call.actor()
    return [
        (store.id, store.name)
        for store in booking.stores(db)
        if (store.id in by.store_ids if by.role is Role.STORE else by.sees_branch(store.branch_id))
    ]


def _takers(db: Session, rows: Sequence[Redemption]) -> dict[int, str]:
    """Return who took each, by the redemption's id."""
    is_technician = Role.TECHNICIAN.value
    people = dispatch.technicians_by_id(
        db, {r.by_id or 0 for r in rows if r.by_role == is_technician}
    )
    staff = staff_queries.names(db, {r.by_id or 0 for r in rows if r.by_role != is_technician})

    def name(row: Redemption) -> str:
        if row.by_role == is_technician:
            person = people.get(row.by_id or 0)
            return f"{person.name} {person.work_number}" if person else ""
        return staff.get(row.by_id or 0, "")

    return {row.id: name(row) for row in rows}
