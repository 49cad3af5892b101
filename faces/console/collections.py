"""/console/collections: what members are owed, handed over for their code or sent."""

from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue
from marshmallow import fields, validate

from booking import queries as booking
from faces.chrome import audited, call
from faces.chrome.errors import sentence_of
from faces.chrome.filters import gettext
from faces.chrome.schema import Form, Text
from faces.chrome.sign_in import signed_in
from faces.console import acting, frame
from faces.console.acting import NO_FAILURE, Failure
from faces.console.forms import PageQuery
from faces.console.paging import Page
from faces.console.redemptions import TAKERS, store_of, stores_of
from faces.console.routes import STAFF, WRITERS, blueprint
from kernel.db import Session, transaction
from kernel.errors import Invalid
from members import collection_queries, queries
from members.collecting import PARCEL_MAX
from members.operations import collections as operations
from members.redeeming import tidy_code

CODE_LENGTH_MAX = 40
_NUMBER = validate.Length(max=CODE_LENGTH_MAX)


class CollectionsQuery(PageQuery):
    """A page of what is owed, or the code that a member shows."""

    collection_code = Text(most=CODE_LENGTH_MAX, load_default="")


class HandForm(Form):
    """The code, and at which store."""

    collection_code = Text(most=CODE_LENGTH_MAX, least=1, required=True)
    store = fields.String(load_default="", validate=validate.Regexp(r"\A\d{0,9}\Z"))


class SendForm(Form):
    """Which thing was sent, and by which parcel."""

    number = fields.String(required=True, validate=_NUMBER)
    parcel = Text(most=PARCEL_MAX, load_default="")


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
        row = operations.hand_over(
            db,
            code=tidy_code(given["collection_code"]),
            store_id=store_of(db, given["store"]),
            by=call.actor(),
            now=call.now(),
        )
        audited.about(f"collection:{row.number}")
        return gettext("%(what)s 已交给会员。", what=row.what)

    return acting.perform("hand", HandForm(), effect, to="console.collections", page=_page)


@blueprint.post("/collections/send")
@signed_in(*WRITERS)
def send_collection() -> ResponseReturnValue:
    """Say that a thing was sent."""

    def effect(db: Session, given: dict[str, Any]) -> acting.Said:
        audited.about(f"collection:{given['number']}")
        row = operations.send(
            db, number=given["number"], parcel=given["parcel"], by=call.actor(), now=call.now()
        )
        return gettext("%(what)s 已寄出，会员会收到通知。", what=row.what)

    return acting.perform("send", SendForm(), effect, to="console.collections", page=_page)


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


def _page(failed: Failure) -> str:
    try:
        wanted = call.query(CollectionsQuery())
    except Invalid:
        wanted = {"branch": None, "page": 1, "collection_code": ""}
    page = Page(number=wanted["page"])
    code = failed.typed.get("collection_code", "") or wanted["collection_code"]
    by, waits, said = call.actor(), None, ""
    with transaction(reads_only=True) as db:
        branch = frame.enter(db, branch_id=wanted["branch"])
        if code:
            try:
                waits = collection_queries.by_code(db, code=tidy_code(code))
            except Invalid as missing:
                said = sentence_of(missing)
        rows, page.total = collection_queries.owed(db, by=by, limit=page.size, offset=page.offset)
        ids = [row.member_id for row in (*rows, *([waits] if waits else []))]
        return render_template(
            "console/collections.html",
            branch=branch,
            code=code,
            waits=waits,
            code_error=said,
            stores=stores_of(db),
            rows=rows,
            known=queries.members_by_id(db, ids),
            store_names={store.id: store.name for store in booking.stores(db)},
            may_hand=by.role in TAKERS,
            may_send=by.role in WRITERS,
            parcel_max=PARCEL_MAX,
            failed=failed,
            page_=page,
        )
