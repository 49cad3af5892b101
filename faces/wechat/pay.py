"""WeChat Pay's notices: verified, written down once, answered at once."""

import logging

from flask import Response, current_app, request
from flask.typing import ResponseReturnValue

from booking import paying, payment_queries
from booking.operations import payments
from faces.chrome import call
from faces.chrome.limits import UNCOUNTED, rated
from faces.chrome.sign_in import public
from faces.wechat.routes import blueprint
from gateways.wechat.pay import NOTICE_BYTES_MAX, Forged, Unreadable, WeChatPay
from gateways.wechat.pay_values import Notice, NoticeKind
from gateways.wechat.pay_wire import NOTICE_PATH
from kernel.db import transaction
from kernel.errors import ChangedMeanwhile, Refusal, Unavailable

log = logging.getLogger(__name__)


@blueprint.post(NOTICE_PATH)
@public
@rated(UNCOUNTED)
def pay_notice() -> ResponseReturnValue:
    """Take note of a payment or refund. Forged: 401. What cannot be done now is asked for again."""
    pay: WeChatPay = current_app.extensions["doorbell.pay"]
    if (request.content_length or 0) > NOTICE_BYTES_MAX:
        return _refused(413)
    try:
        notice = pay.read_notice(dict(request.headers), request.get_data())
    except Forged as reason:
        log.warning("a forged notice of payment: %s", reason)
        return _refused(401)
    except Unreadable as reason:
        log.error("a signed notice of payment could not be read: %s", reason)
        return _refused(500)
    try:
        _written(notice)
    except (ChangedMeanwhile, Unavailable):
        return _refused(503)
    except Refusal as refusal:
        # Asking again cannot help; a person has to look.
        log.error("a payment could not be settled: %s %s", notice.out_trade_no, refusal)
    else:
        if notice.kind is NoticeKind.PAYMENT and notice.state == "SUCCESS":
            paying.close_others(pay, notice.out_trade_no)
    return Response(status=204)


def _written(notice: Notice) -> None:
    if notice.state != "SUCCESS":
        log.warning("notice of %s: %s", notice.out_trade_no, notice.state)
        return
    with transaction() as db:
        if notice.kind is NoticeKind.REFUND:
            payments.returned(db, number=notice.out_refund_no, now=call.now())
            return
        payments.settle(
            db,
            number=payment_queries.number_of(notice.out_trade_no),
            amount=notice.total,
            transaction_id=notice.transaction_id,
            paid_at=notice.success_at or call.now(),
            now=call.now(),
        )


def _refused(status: int) -> Response:
    return Response('{"code": "FAIL", "message": "again"}', status, mimetype="application/json")
