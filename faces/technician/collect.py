"""Collecting the price at the door: a QR code that the member's WeChat scans."""

from flask import Response, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking import payment_queries
from booking import queries as bookings
from dispatch import queries
from faces.chrome import call, qr
from faces.chrome.sign_in import signed_in
from faces.technician.routes import blueprint
from gateways.wechat.pay import WeChatPay
from gateways.wechat.pay_errors import PayError
from kernel.actor import Role
from kernel.db import transaction


@blueprint.get("/visits/<number>/collect")
@signed_in(Role.TECHNICIAN)
def collect(number: str) -> ResponseReturnValue:
    """Show the code by which the member pays; what is paid leads back to the visit."""
    with transaction(reads_only=True) as db:
        visit = queries.own_visit(db, number=number, technician_id=call.actor().id)
        booking = bookings.booking_of_visit(db, visit.id)
        owed = payment_queries.owed(db, booking.id)
        service = bookings.service_name(db, booking.service_id)
    if owed is None:
        back = url_for("technician.visit", number=number)
        if request.headers.get("HX-Request"):
            return Response(status=204, headers={"HX-Redirect": back})
        return redirect(back, 303)
    pay: WeChatPay = current_app.extensions["doorbell.pay"]
    try:
        *_, order = payment_queries.orders_of(owed)
        code = pay.native_code(out_trade_no=order, description=service, amount=owed.amount)
    except PayError:
        code = ""
    return render_template(
        "technician/collect.html",
        number=number,
        amount=owed.amount,
        picture=qr.picture(code) if code else "",
    )
