"""/console/collections: what members are owed, for points or as prizes: handed over for its code, sent,
or undone."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue
from marshmallow import fields, validate

from booking import queries as booking
from booking import shop_queries
from booking.operations import shop
from faces.chrome import audited, call
from faces.chrome.errors import sentence_of
from faces.chrome.filters import gettext
from faces.chrome.schema import Form, Text
from faces.chrome.sign_in import signed_in
from faces.console import acting, frame
from faces.console.acting import NO_FAILURE, Failure
from faces.console.forms import PageQuery
from faces.console.paging import Page
from faces.console.redemptions import TAKERS
from faces.console.routes import STAFF, WRITERS, blueprint
from kernel.db import Session, transaction
from kernel.errors import Invalid
from kernel.words import msg
from members import collection_queries, queries
from members.collecting import TRACKING_MAX, WAY_WORDS
from members.operations import collections as operations
from members.redeeming import tidy_code
from members.states import CollectionState

CODE_LENGTH_MAX, WHY_MIN, WHY_MAX = 40, 2, 60
_NUMBER = validate.Length(max=CODE_LENGTH_MAX)
STATES: Mapping[CollectionState, str] = MappingProxyType(
    {
        CollectionState.OWED: msg("待寄出或领取"),
        CollectionState.SENT: msg("已寄出"),
        CollectionState.HANDED_OVER: msg("已领取"),
        CollectionState.CANCELLED: msg("已取消"),
    }
)


class CollectionsQuery(PageQuery):
    """A page of what is owed, or the code that a member shows."""

    collection_code = Text(most=CODE_LENGTH_MAX, load_default="")
    state = fields.Enum(CollectionState, by_value=True, load_default=None)


class HandForm(Form):
    """The code that a member shows at the counter."""

    collection_code = Text(most=CODE_LENGTH_MAX, least=1, required=True)


class SendForm(Form):
    """Which thing was sent, by whom and under which number."""

    number = fields.String(required=True, validate=_NUMBER)
    carrier = Text(most=TRACKING_MAX, load_default="")
    tracking = Text(most=TRACKING_MAX, load_default="")


class CancelForm(Form):
    """Which exchange is undone, and why."""

    number = fields.String(required=True, validate=_NUMBER)
    why = Text(most=WHY_MAX, least=WHY_MIN, required=True)


class RecipientForm(Form):
    """Whose number is wanted."""

    number = fields.String(required=True, validate=_NUMBER)


@blueprint.get("/collections")
@signed_in(*STAFF)
def collections() -> ResponseReturnValue:
    """Ask for a code, and list what is owed."""
    return _page(NO_FAILURE)


@blueprint.post("/collections/hand")
@signed_in(*TAKERS)
def hand_collection() -> ResponseReturnValue:
    """Hand over what waits under a code."""

    def effect(db: Session, given: dict[str, Any]) -> acting.Said:
        by = call.actor()
        row = operations.hand_over(
            db,
            code=tidy_code(given["collection_code"]),
            by=by,
            within=booking.stores_within(db, by),
            now=call.now(),
        )
        audited.about(f"collection:{row.number}")
        return gettext("请把「%(what)s」交给会员，已记下领取。", what=row.what)

    return _act("hand", HandForm(), effect)


@blueprint.post("/collections/send")
@signed_in(*WRITERS)
def send_collection() -> ResponseReturnValue:
    """Take note that a thing was sent."""

    def effect(db: Session, given: dict[str, Any]) -> acting.Said:
        audited.about(f"collection:{given['number']}")
        row = operations.send(db, by=call.actor(), now=call.now(), **given)
        return gettext("已记下「%(what)s」寄出，会员会收到微信。", what=row.what)

    return _act("send", SendForm(), effect)


@blueprint.post("/collections/cancel")
@signed_in(*WRITERS)
def undo_exchange() -> ResponseReturnValue:
    """Undo the exchange for which a thing is owed that is not on its way."""

    def effect(db: Session, given: dict[str, Any]) -> acting.Said:
        audited.about(f"collection:{given['number']}")
        shop.cancel(
            db,
            collection_number=given["number"],
            why=given["why"],
            by=call.actor(),
            now=call.now(),
        )
        return gettext("已取消，积分退回，会员会收到微信。")

    return _act("cancel", CancelForm(), effect)


@blueprint.post("/collections/phone")
@signed_in(*WRITERS)
def collection_phone() -> ResponseReturnValue:
    """Show the recipient's whole number, once; that it was looked at is written down."""
    given = call.form(RecipientForm())
    audited.about(f"collection:{given['number']}")

    def told() -> str:
        with transaction(reads_only=True) as db:
            row = collection_queries.by_number(db, number=given["number"], by=call.actor())
        return render_template("console/member_phone.html", member=row)

    with call.once(again=told):
        pass
    return told()


def _act(form: str, schema: Form, effect: Any) -> ResponseReturnValue:
    return acting.perform(form, schema, effect, to="console.collections", page=_page)


def _page(failed: Failure) -> str:
    try:
        wanted = call.query(CollectionsQuery())
    except Invalid:
        wanted = {"branch": None, "page": 1, "collection_code": "", "state": None}
    page = Page(number=wanted["page"])
    code = failed.typed.get("collection_code", "") or wanted["collection_code"]
    by, waits, said = call.actor(), None, ""
    with transaction(reads_only=True) as db:
        frame.enter(db, branch_id=wanted["branch"])
        within = booking.stores_within(db, by)
        if code:
            try:
                waits = collection_queries.by_code(db, code=tidy_code(code), by=by, within=within)
            except Invalid as missing:
                said = sentence_of(missing)
        rows, page.total = collection_queries.owed(
            db, by=by, within=within, state=wanted["state"], limit=page.size, offset=page.offset
        )
        ids = [row.member_id for row in (*rows, *([waits] if waits else []))]
        return render_template(
            "console/collections.html",
            code=code,
            waits=waits,
            code_error=said,
            rows=rows,
            points=shop_queries.points_of(db, [row.id for row in rows]),
            known=queries.members_by_id(db, ids),
            store_names={store.id: store.name for store in booking.stores(db)},
            states=STATES,
            way_words=WAY_WORDS,
            wanted=wanted,
            may_hand=by.role in TAKERS,
            tracking_max=TRACKING_MAX,
            why_max=WHY_MAX,
            failed=failed,
            page_=page,
        )
