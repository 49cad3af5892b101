"""/console/coupons: the kinds of coupons, how far each is used, and to whom they are given."""

from collections.abc import Mapping
from typing import Any

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue
from marshmallow import fields, validate

from booking import coupon_queries, price_card
from booking import queries as booking
from booking.coupons import LIMIT_MAX, LIVE_DAYS_MAX, NAME_MAX, CouponForm, Terms
from booking.operations import coupons as operations
from booking.operations.catalogue import StoreMissing
from faces.chrome import call
from faces.chrome.filters import gettext
from faces.chrome.schema import Form, Text
from faces.chrome.sign_in import signed_in
from faces.console import acting, filled, frame
from faces.console.acting import NO_FAILURE, Failure
from faces.console.forms import NoForm, PageQuery
from faces.console.routes import LEADERS, READERS, WRITERS, blueprint
from kernel.db import Session, transaction
from kernel.errors import Refusal
from kernel.money import ZERO, Money
from kernel.words import msg
from members import tag_queries
from members.tagging import TagMissing

FORM_WORDS: Mapping[CouponForm, str] = {
    CouponForm.FIXED: msg("减固定金额"),
    CouponForm.PERCENT: msg("按百分比减"),
}
FIELDS = ("name", "form", "amount", "percent_off", "most", "least", "live_days", "given_max")
_CODE_LENGTH_MAX = 40


class KindForm(Form):
    """A new kind of coupon; sums are typed in yuan, an empty one is none."""

    name = Text(most=NAME_MAX, least=1, required=True)
    form = fields.Enum(CouponForm, by_value=True, required=True)
    amount = fields.String(load_default="")
    percent_off = fields.String(load_default="", validate=validate.Regexp(r"\A\d{0,3}\Z"))
    most = fields.String(load_default="")
    least = fields.String(load_default="")
    second = fields.Boolean(load_default=False)
    service = fields.String(load_default="", validate=validate.Length(max=_CODE_LENGTH_MAX))
    store = fields.String(load_default="", validate=validate.Length(max=_CODE_LENGTH_MAX))
    live_days = fields.Integer(required=True, validate=validate.Range(min=1, max=LIVE_DAYS_MAX))
    given_max = fields.String(load_default="", validate=validate.Regexp(r"\A\d{0,7}\Z"))


class GiveForm(Form):
    """Who gets one: a member by his number."""

    member = fields.String(required=True, validate=validate.Length(min=1, max=_CODE_LENGTH_MAX))


class GiveAllForm(Form):
    """Who gets one: all followers, those of a store by its code, or of a segment by its id."""

    whom = fields.String(
        load_default="", validate=validate.Regexp(r"\A(|(store|segment):[\w-]{1,40})\Z")
    )


@blueprint.get("/coupons")
@signed_in(*READERS)
def coupons() -> ResponseReturnValue:
    """List the kinds."""
    wanted = call.query(PageQuery())
    with transaction(reads_only=True) as db:
        frame.enter(db, branch_id=wanted["branch"])
        return render_template("console/coupons.html", rows=coupon_queries.kinds(db), **_words(db))


@blueprint.get("/coupons/new")
@signed_in(*LEADERS)
def new_coupon() -> ResponseReturnValue:
    """Ask what the new kind takes off."""
    typed = {**dict.fromkeys(FIELDS, ""), "form": CouponForm.FIXED.value, "live_days": "30"}
    return _form(typed=typed, errors={})


@blueprint.post("/coupons/new")
@signed_in(*LEADERS)
def make_coupon() -> ResponseReturnValue:
    """Make it."""
    try:
        given = call.form(KindForm())
        with call.once() as db:
            made = operations.make_kind(
                db,
                name=given["name"],
                terms=_terms(db, given),
                live_days=given["live_days"],
                given_max=min(int(given["given_max"]), LIMIT_MAX) if given["given_max"] else None,
                now=call.now(),
            )
            done = call.leads_to("console.coupon", number=made.number)
    except Refusal as refusal:
        if refusal.field is None:
            raise
        errors = filled.errors_of(refusal, *FIELDS)
        return _form(typed=filled.typed(*FIELDS), errors=errors), filled.STATUS
    flash(gettext("已做好「%(name)s」，现在可以发了。", name=given["name"]), "ok")
    return done


@blueprint.get("/coupons/<number>")
@signed_in(*READERS)
def coupon(number: str) -> ResponseReturnValue:
    """Show one kind, and give it."""
    return _page(number, NO_FAILURE)


@blueprint.post("/coupons/<number>/give")
@signed_in(*WRITERS)
def give_coupon(number: str) -> ResponseReturnValue:
    """Give one member one, to make amends."""

    def effect(db: Session, given: dict[str, Any]) -> acting.Said:
        operations.give_by_number(
            db,
            number=number,
            member_number=given["member"].strip().upper(),
            key=call.key(),
            by=call.actor(),
            now=call.now(),
        )
        return gettext("已发，会员会收到微信。")

    return _act(number, "give", GiveForm(), effect)


@blueprint.post("/coupons/<number>/give-all")
@signed_in(*LEADERS)
def give_coupons(number: str) -> ResponseReturnValue:
    """Give all followers one each, or those of a store or a segment."""

    def effect(db: Session, given: dict[str, Any]) -> acting.Said:
        kind, _, which = given["whom"].partition(":")
        operations.give_to_all(
            db,
            number=number,
            store_id=_store_id(db, which) if kind == "store" else None,
            segment_id=_segment_id(which) if kind == "segment" else None,
            by=call.actor(),
            now=call.now(),
        )
        return gettext("开始发放，几分钟内到会员的券包。")

    return _act(number, "all", GiveAllForm(), effect)


@blueprint.post("/coupons/<number>/end")
@signed_in(*LEADERS)
def end_coupon(number: str) -> ResponseReturnValue:
    """Give it no more."""

    def effect(db: Session, _given: dict[str, Any]) -> acting.Said:
        operations.end_kind(db, number=number, now=call.now())
        return gettext("不再发放，会员手里的照常能用。")

    return _act(number, "end", NoForm(), effect)


def _store_id(db: Session, code: str) -> int:
    """Raises StoreMissing."""
    store = booking.store_by_code(db, code)
    if store is None:
        raise StoreMissing
    return store.id


def _segment_id(typed: str) -> int:
    """Raises TagMissing."""
    if not typed.isdecimal():
        raise TagMissing
    return int(typed)


def _act(number: str, form: str, schema: Form, effect: Any) -> ResponseReturnValue:
    return acting.perform(
        form,
        schema,
        effect,
        to="console.coupon",
        page=lambda failed: _page(number, failed),
        number=number,
    )


def _page(number: str, failed: Failure) -> str:
    with transaction(reads_only=True) as db:
        frame.enter(db)
        kind = coupon_queries.kind(db, number)
        [counted] = [one for one in coupon_queries.kinds(db) if one.kind.id == kind.id]
        return render_template(
            "console/coupon.html",
            kind=kind,
            used=counted.used,
            givings=coupon_queries.givings(db, kind.id),
            store_choices=[(store.code, store.name) for store in booking.stores(db)],
            segment_names={row.id: row.name for row in tag_queries.segments(db)},
            failed=failed,
            **_words(db),
        )


def _terms(db: Session, given: Mapping[str, Any]) -> Terms:
    """Return the terms that were typed. Raises BadPrice, ServiceMissing."""
    store = booking.store_by_code(db, given["store"]) if given["store"] else None
    service = booking.service_by_code(db, given["service"]) if given["service"] else None
    is_fixed = given["form"] is CouponForm.FIXED
    return Terms(
        form=given["form"],
        amount=_yuan(given, "amount") if is_fixed else ZERO,
        percent_off=0 if is_fixed else int(given["percent_off"] or 0),
        most=ZERO if is_fixed else _yuan(given, "most"),
        least=_yuan(given, "least"),
        is_second_only=given["second"],
        service_id=service.id if service else None,
        store_id=store.id if store else None,
    )


def _yuan(given: Mapping[str, Any], field: str) -> Money:
    return price_card.yuan(given[field], field=field) if given[field].strip() else ZERO


def _words(db: Session) -> dict[str, Any]:
    services, stores = booking.services_by_id(db), booking.stores(db)
    return {
        "service_names": {key: service.name for key, service in services.items()},
        "store_names": {store.id: store.name for store in stores},
        "takes_off": takes_off,
    }


def takes_off(kind: Any) -> str:
    """Return what a kind takes off, in words."""
    if kind.form is CouponForm.FIXED:
        return gettext("减 %(amount)s", amount=kind.amount)
    if kind.percent_off == 100 and not kind.most.fen:
        return gettext("免费")
    off = gettext("减 %(percent)s%%", percent=kind.percent_off)
    return gettext("%(off)s，最多 %(most)s", off=off, most=kind.most) if kind.most.fen else off


def _form(*, typed: Mapping[str, str], errors: Mapping[str, str]) -> str:
    with transaction(reads_only=True) as db:
        frame.enter(db)
        return render_template(
            "console/coupon_new.html",
            typed=typed,
            errors=errors,
            is_second=request.form.get("second", "") not in ("", "0"),
            forms=[(form.value, gettext(word)) for form, word in FORM_WORDS.items()],
            services=[(one.code, one.name) for one in booking.services(db)],
            stores=[(one.code, one.name) for one in booking.stores(db)],
            service=request.form.get("service", ""),
            store=request.form.get("store", ""),
        )
