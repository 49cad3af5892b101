"""/console/shop: what the points shop has, with its stock."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import flash, render_template
from flask.typing import ResponseReturnValue
from marshmallow import fields, validate

from booking import coupon_queries, shop_queries
from booking.operations import shop as operations
from booking.shop import (
    ABOUT_MAX,
    NAME_MAX,
    OWN_MAX_MAX,
    POINTS_MAX,
    STOCK_MAX,
    SoldOut,
)
from faces.chrome import call
from faces.chrome.filters import gettext
from faces.chrome.schema import Form, Text
from faces.chrome.sign_in import signed_in
from faces.console import filled, frame
from faces.console.catalogue_forms import SaleForm
from faces.console.forms import PageQuery
from faces.console.routes import LEADERS, READERS, blueprint
from kernel.db import transaction
from kernel.errors import Refusal
from kernel.words import msg
from members.collecting import WAY_WORDS

LATELY = timedelta(days=30)
FIELDS = ("name", "about", "icon", "points", "stock", "more", "own_max", "coupon")
ICONS = {
    "gift": msg("礼物"),
    "ticket": msg("券"),
    "package": msg("包裹"),
    "sparkles": msg("清洁用品"),
    "droplet": msg("滤芯"),
    "ac": msg("空调"),
    "flame": msg("厨房"),
    "wrench": msg("工具"),
}
_CODE_LENGTH_MAX = 40


class ArticleForm(Form):
    """What an article is called and costs; `more` comes into stock, or leaves it."""

    name = Text(most=NAME_MAX, least=1, required=True)
    about = Text(most=ABOUT_MAX, load_default="")
    points = fields.Integer(required=True, validate=validate.Range(min=1, max=POINTS_MAX))
    own_max = fields.String(load_default="", validate=validate.Regexp(r"\A\d{0,2}\Z"))
    more = fields.Integer(load_default=0, validate=validate.Range(min=-STOCK_MAX, max=STOCK_MAX))


class NewArticleForm(ArticleForm):
    """An article that was not there before: a gift with its ways, or a coupon."""

    icon = fields.String(load_default="gift", validate=validate.OneOf([*ICONS]))
    stock = fields.String(load_default="", validate=validate.Regexp(r"\A\d{0,7}\Z"))
    coupon = fields.String(load_default="", validate=validate.Length(max=_CODE_LENGTH_MAX))
    by_post = fields.Boolean(load_default=False)
    by_pickup = fields.Boolean(load_default=False)


@blueprint.get("/shop")
@signed_in(*READERS)
def shop() -> ResponseReturnValue:
    """List the articles."""
    wanted = call.query(PageQuery())
    with transaction(reads_only=True) as db:
        frame.enter(db, branch_id=wanted["branch"])
        return render_template(
            "console/shop.html",
            rows=shop_queries.articles(db),
            taken=shop_queries.taken_since(db, call.now() - LATELY),
            way_words=WAY_WORDS,
        )


@blueprint.get("/shop/new")
@signed_in(*LEADERS)
def new_article() -> ResponseReturnValue:
    """Ask what the new article is."""
    return _form("", typed={**dict.fromkeys(FIELDS, ""), "icon": "gift"}, errors={})


@blueprint.post("/shop/new")
@signed_in(*LEADERS)
def add_article() -> ResponseReturnValue:
    """Put it into the shop."""
    try:
        given = call.form(NewArticleForm())
        with call.once() as db:
            made = operations.add_article(
                db,
                name=given["name"],
                about=given["about"],
                icon=given["icon"],
                points=given["points"],
                stock=int(given["stock"]) if given["stock"] else None,
                own_max=_own_max(given),
                coupon=given["coupon"],
                by_post=given["by_post"],
                by_pickup=given["by_pickup"],
                now=call.now(),
            )
            name, done = made.name, call.leads_to("console.shop")
    except Refusal as refusal:
        return _again("", refusal)
    flash(gettext("「%(name)s」已上架。", name=name), "ok")
    return done


@blueprint.get("/shop/<number>")
@signed_in(*READERS)
def article(number: str) -> ResponseReturnValue:
    """Show one article to be changed."""
    with transaction(reads_only=True) as db:
        found = shop_queries.article(db, number)
    typed = {
        **dict.fromkeys(FIELDS, ""),
        "name": found.name,
        "about": found.about,
        "points": str(found.points),
        "own_max": "" if found.own_max is None else str(found.own_max),
    }
    return _form(number, typed=typed, errors={})


@blueprint.post("/shop/<number>")
@signed_in(*LEADERS)
def change_article(number: str) -> ResponseReturnValue:
    """Change it; what was taken keeps its price."""
    try:
        given = call.form(ArticleForm())
        with call.once() as db:
            operations.change_article(
                db,
                number=number,
                name=given["name"],
                about=given["about"],
                points=given["points"],
                more=given["more"],
                own_max=_own_max(given),
            )
            done = call.leads_to("console.shop")
    except Refusal as refusal:
        return _again(number, refusal)
    flash(gettext("已保存「%(name)s」。", name=given["name"]), "ok")
    return done


@blueprint.post("/shop/<number>/sale")
@signed_in(*LEADERS)
def sell_article(number: str) -> ResponseReturnValue:
    """Put it on sale, or off."""
    given = call.form(SaleForm())
    with call.once() as db:
        operations.set_on_sale(db, number=number, on_sale=given["on_sale"])
        return call.leads_to("console.shop")


def _own_max(given: Mapping[str, Any]) -> int | None:
    return min(int(given["own_max"]), OWN_MAX_MAX) if given["own_max"] else None


def _again(number: str, refusal: Refusal) -> ResponseReturnValue:
    """Show the form once more as it was typed. Raises what no field of it can say."""
    if refusal.field is None and not isinstance(refusal, SoldOut):
        raise refusal
    errors = filled.errors_of(refusal, *FIELDS)
    return _form(number, typed=filled.typed(*FIELDS), errors=errors), filled.STATUS


def _form(number: str, *, typed: Mapping[str, str], errors: Mapping[str, str]) -> str:
    with transaction(reads_only=True) as db:
        frame.enter(db)
        return render_template(
            "console/article.html",
            article=shop_queries.article(db, number) if number else None,
            typed=typed,
            errors=errors,
            icons=[(key, gettext(word)) for key, word in ICONS.items()],
            coupons=[
                (one.kind.number, one.kind.name)
                for one in coupon_queries.kinds(db)
                if one.kind.ended_at is None
            ],
        )
