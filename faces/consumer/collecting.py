"""/c/collections: things that the member is owed, by post or by a code at a store."""

from collections.abc import Mapping

from flask import render_template, request
from flask.typing import ResponseReturnValue
from marshmallow import fields, validate

from booking import queries as booking
from booking import shop_queries
from booking.operations import shop
from faces.chrome import call, qr
from faces.chrome.errors import sentence_of, status_of
from faces.chrome.schema import Form, Text
from faces.chrome.sign_in import signed_in
from faces.consumer.confirm import NothingForm
from faces.consumer.routes import blueprint
from kernel.actor import Role
from kernel.db import Session, transaction
from kernel.errors import Conflict, Invalid
from members import collection_queries, queries
from members.collecting import ADDRESS_MAX, NAME_MAX, WAY_WORDS, Way
from members.collection_models import Collection
from members.operations import collections

WAY_FIELDS = ("name", "phone", "address", "store")


class WayForm(Form):
    """How he wants it: for a parcel where to, else at which store."""

    way = fields.Enum(Way, by_value=True, required=True)
    name = Text(most=NAME_MAX, load_default="")
    phone = fields.String(load_default="", validate=validate.Length(max=30))
    address = Text(most=ADDRESS_MAX, load_default="")
    store = fields.String(load_default="", validate=validate.Length(max=40))


@blueprint.get("/collections")
@signed_in(Role.MEMBER)
def own_collections() -> ResponseReturnValue:
    """List what the member was owed, for points or as a prize."""
    with transaction(reads_only=True) as db:
        rows = collection_queries.all_of(db, member_id=call.actor().id)
        return render_template(
            "consumer/collections.html",
            rows=rows,
            points=shop_queries.points_of(db, [row.id for row in rows]),
        )


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
                store = booking.store_by_code(db, given["store"])
                collections.choose_pick_up(
                    db, number=number, store_id=store.id if store else None, by=call.actor()
                )
            else:
                where = {name: given[name] for name in ("name", "phone", "address")}
                collections.choose_post(db, number=number, by=call.actor(), **where)
            return call.leads_to("consumer.collection_page", number=number)
    except (Invalid, Conflict) as refusal:
        said = {refusal.field or "form": sentence_of(refusal)}
        return _page(number, errors=said), status_of(refusal)


@blueprint.post("/collections/<number>/cancel")
@signed_in(Role.MEMBER)
def cancel_exchange(number: str) -> ResponseReturnValue:
    """Undo the exchange for which it is owed, while it is not on its way."""
    call.form(NothingForm())
    with call.once() as db:
        shop.cancel(db, collection_number=number, by=call.actor(), now=call.now())
        return call.leads_to("consumer.collection_page", number=number)


def _page(number: str, *, errors: Mapping[str, str] | None = None) -> str:
    with transaction(reads_only=True) as db:
        row = collection_queries.by_number(db, number=number, by=call.actor())
        stores = booking.stores(db)
        store = next((one for one in stores if one.id == row.store_id), None)
        chosen = row.way or row.ways[0]
        return render_template(
            "consumer/collection.html",
            row=row,
            store=store,
            points=shop_queries.points_of(db, [row.id]).get(row.id, 0),
            ways=[(way.value, WAY_WORDS[way]) for way in row.ways],
            way=(request.form.get("way", "") if errors else "") or chosen.value,
            typed=_typed(db, row, store.code if store else "", is_again=bool(errors)),
            stores=stores,
            picture=qr.picture(row.code) if row.is_open and row.code else "",
            errors=errors or {},
        )


def _typed(db: Session, row: Collection, store: str, *, is_again: bool) -> Mapping[str, str]:
    if is_again:
        return {name: request.form.get(name, "") for name in WAY_FIELDS}
    member = queries.member(db, row.member_id)
    name, phone = row.name or member.name, row.phone or member.phone
    return {"name": name, "phone": phone, "address": row.address, "store": store}
