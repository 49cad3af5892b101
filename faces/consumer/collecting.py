"""/c/collections: a thing that the member is owed, by post or by a code at a store."""

from collections.abc import Mapping

from flask import render_template, request
from flask.typing import ResponseReturnValue
from marshmallow import fields, validate

from booking import queries as booking
from faces.chrome import call, qr
from faces.chrome.errors import sentence_of, status_of
from faces.chrome.schema import Form, Text
from faces.chrome.sign_in import signed_in
from faces.consumer.routes import blueprint
from kernel.actor import Role
from kernel.db import transaction
from kernel.errors import Conflict, Invalid
from members import collection_queries, queries
from members.collecting import ADDRESS_MAX, NAME_MAX, Way
from members.operations import collections

FIELDS = ("name", "phone", "address")


class WayForm(Form):
    """How he wants it, and for a parcel where to."""

    way = fields.Enum(Way, by_value=True, required=True)
    name = Text(most=NAME_MAX, load_default="")
    phone = fields.String(load_default="", validate=validate.Length(max=30))
    address = Text(most=ADDRESS_MAX, load_default="")


@blueprint.get("/collections/<number>")
@signed_in(Role.MEMBER)
def collection_page(number: str) -> ResponseReturnValue:
    """Show the code, where the parcel goes or went, or ask how he wants it."""
    return _page(number)


@blueprint.post("/collections/<number>")
@signed_in(Role.MEMBER)
def choose_way(number: str) -> ResponseReturnValue:
    """Keep how he wants it; until it is given he may change his mind."""
    try:
        given = call.form(WayForm())
        with call.once() as db:
            if given["way"] is Way.PICK_UP:
                collections.choose_pick_up(db, number=number, by=call.actor())
            else:
                where = {name: given[name] for name in FIELDS}
                collections.choose_post(db, number=number, by=call.actor(), **where)
            return call.leads_to("consumer.collection_page", number=number)
    except (Invalid, Conflict) as refusal:
        said = {refusal.field or "form": sentence_of(refusal)}
        return _page(number, errors=said), status_of(refusal)


def _page(number: str, *, errors: Mapping[str, str] | None = None) -> str:
    by = call.actor()
    with transaction(reads_only=True) as db:
        row = collection_queries.by_number(db, number=number, by=by)
        member = queries.member(db, by.id)
        known = {"name": row.name or member.name, "phone": row.phone or member.phone}
        typed = {name: request.form.get(name, "") for name in FIELDS} if errors else {}
        return render_template(
            "consumer/collection.html",
            row=row,
            typed={**known, "address": row.address, **typed},
            stores=booking.stores(db),
            picture=qr.picture(row.code),
            errors=errors or {},
        )
