"""/c/shop: the points shop."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from marshmallow import fields, validate

from booking import coupon_queries, queries, shop_queries
from booking.operations import shop as operations
from booking.shop import ArticleMissing, key_of
from faces.chrome import call
from faces.chrome.errors import sentence_of, status_of
from faces.chrome.schema import Form, Text
from faces.chrome.sign_in import signed_in
from faces.consumer.collecting import WAY_FIELDS
from faces.consumer.forms import CONTACT_LENGTH_MAX
from faces.consumer.routes import blueprint
from kernel.actor import Role
from kernel.db import Session, transaction
from kernel.errors import Conflict, Invalid, Refusal
from members import collection_queries, grade_queries, ledger_queries
from members.collecting import ADDRESS_MAX, NAME_MAX, WAY_WORDS, Way
from members.grades import price_for

NO_ERRORS: Mapping[str, str] = MappingProxyType({})
_CODE_LENGTH_MAX = 40


class TakeForm(Form):
    """How it is to come; to whom and where, or at which store."""

    way = fields.Enum(Way, by_value=True, load_default=None)
    name = Text(most=NAME_MAX, load_default="")
    phone = Text(most=CONTACT_LENGTH_MAX, load_default="")
    address = Text(most=ADDRESS_MAX, load_default="")
    store = fields.String(load_default="", validate=validate.Length(max=_CODE_LENGTH_MAX))


@blueprint.get("/shop")
@signed_in(Role.MEMBER)
def shop() -> ResponseReturnValue:
    """Show what there is."""
    with transaction(reads_only=True) as db:
        return render_template(
            "consumer/shop.html",
            articles=shop_queries.on_sale(db),
            price=_price(db),
            free=ledger_queries.points_free(db, call.actor().id, now=call.now()),
        )


@blueprint.get("/shop/<number>")
@signed_in(Role.MEMBER)
def article(number: str) -> ResponseReturnValue:
    """Show one article, and ask how it is to come."""
    return _page(number)


@blueprint.post("/shop/<number>")
@signed_in(Role.MEMBER)
def take_article(number: str) -> ResponseReturnValue:
    """Spend points on it."""
    try:
        given = call.form(TakeForm())
        with call.once() as db:
            taken = operations.take(
                db,
                article_number=number,
                way=given["way"],
                name=given["name"],
                phone=given["phone"],
                address=given["address"],
                store_code=given["store"],
                by=call.actor(),
                now=call.now(),
            )
            if taken.collection_id is None:
                return call.leads_to("consumer.coupons")
            owed = collection_queries.by_cause(db, cause=key_of(taken.number))
            assert owed is not None
            return call.leads_to("consumer.collection_page", number=owed.number)
    except (Invalid, Conflict) as refusal:
        return _page(number, refusal=refusal), status_of(refusal)


def _page(number: str, *, refusal: Refusal | None = None) -> str:
    errors = {refusal.field or "act": sentence_of(refusal)} if refusal else NO_ERRORS
    member_id = call.actor().id
    with transaction(reads_only=True) as db:
        found = shop_queries.article(db, number)
        if not found.on_sale:
            raise ArticleMissing
        had = shop_queries.taken_by(db, article_id=found.id, member_id=member_id)
        return render_template(
            "consumer/article.html",
            article=found,
            ways=[(way.value, WAY_WORDS[way]) for way in found.ways],
            way=request.form.get("way", "") or (found.ways[0].value if found.ways else ""),
            free=ledger_queries.points_free(db, member_id, now=call.now()),
            price=_price(db),
            is_had=found.own_max is not None and had >= found.own_max,
            live_days=_live_days(db, found),
            stores=queries.stores(db),
            typed=_typed(db, member_id),
            errors=errors,
        )


def _price(db: Session) -> Callable[[int], int]:
    """Return what tells the price for this member's grade."""
    member_id = call.actor().id
    rules = queries.rules_of_member(db, member_id)
    grade = grade_queries.held_by(db, member_id, rules=rules, now=call.now()).grade
    return lambda points: price_for(grade, points)


def _live_days(db: Session, article: Any) -> int | None:
    if article.coupon_kind_id is None:
        return None
    return coupon_queries.kind_by_id(db, article.coupon_kind_id).live_days


def _typed(db: Session, member_id: int) -> dict[str, str]:
    """Return what was typed, or to whom and where the member booked last."""
    if request.method == "POST":
        return {name: request.form.get(name, "") for name in WAY_FIELDS}
    last = queries.latest_draft(db, member_id)
    if last is None:
        return dict.fromkeys(WAY_FIELDS, "")
    where = last.address if last.address.endswith(last.door) else f"{last.address} {last.door}"
    return {"name": last.contact, "phone": last.phone, "address": where, "store": ""}
