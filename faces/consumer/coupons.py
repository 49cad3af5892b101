"""/c/coupons: the member's coupons, those that he may still use first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from booking import coupon_queries
from booking import queries as bookings
from booking.coupons import SOURCE_WORDS, CouponForm
from faces.chrome import call
from faces.chrome.filters import gettext
from faces.chrome.sign_in import signed_in
from faces.consumer.routes import blueprint
from kernel.actor import Role
from kernel.db import transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One coupon in words: what it takes off, in big and small, and for what."""

    name: str
    number: str
    off: str
    unit: str
    terms: str
    source: str
    expires_at: datetime
    used_at: datetime | None
    service_code: str
    is_on_a_booking: bool


@blueprint.get("/coupons")
@signed_in(Role.MEMBER)
def coupons() -> ResponseReturnValue:
    """List them."""
    now = call.now()
    with transaction(reads_only=True) as db:
        services = bookings.services_by_id(db)
        stores = {store.id: store.name for store in bookings.stores(db)}
        own = coupon_queries.of_member(db, call.actor().id)
        shown = [
            _shown(
                coupon,
                kind,
                service=services.get(kind.service_id or 0),
                store=stores.get(kind.store_id or 0, ""),
            )
            for coupon, kind in own
        ]
    good = [one for one in shown if one.used_at is None and one.expires_at > now]
    past = [one for one in shown if one not in good]
    return render_template("consumer/coupons.html", good=good, past=past[::-1])


def _shown(coupon: Any, kind: Any, *, service: Any, store: str) -> Shown:
    name = service.name if service else ""
    terms = [
        gettext("限%(service)s", service=name) if name else "",
        gettext("满 %(sum)s", sum=kind.least) if kind.least.fen else "",
        gettext("第二单专用") if kind.is_second_only else "",
        gettext("限%(store)s的会员", store=store) if store else "",
        gettext("最多减 %(sum)s", sum=kind.most) if kind.most.fen else "",
    ]
    off, unit = off_words(kind)
    return Shown(
        name=kind.name,
        number=coupon.number,
        off=off,
        unit=unit,
        terms=" · ".join(term for term in terms if term) or gettext("所有服务都能用"),
        source=gettext(SOURCE_WORDS[coupon.source]),
        expires_at=coupon.expires_at,
        used_at=coupon.used_at,
        service_code=service.code if service else "",
        is_on_a_booking=coupon.booking_id is not None,
    )


def off_words(kind: Any) -> tuple[str, str]:
    """Return what a kind takes off: a number and its unit; 免费 has none."""
    if kind.form is CouponForm.FIXED:
        yuan, fen = divmod(kind.amount.fen, 100)
        return (f"{yuan}.{fen:02d}" if fen else str(yuan)), gettext("元")
    if kind.percent_off == 100:
        return gettext("免费"), ""
    return f"−{kind.percent_off}", "%"
