"""WeChat Pay v3 as the merchant's server calls it: orders, refunds and the bills of a day."""

import gzip
import hashlib
from datetime import date

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue
from itsdangerous import BadData, URLSafeTimedSerializer

from kernel.words import msg
from sandbox import phones
from sandbox.api import pay_call
from sandbox.pay import bills, orders, refunds
from sandbox.pay.errors import PayRefusal
from sandbox.pay.orders import Order, PaymentMissing
from sandbox.stage import stage

blueprint = pay_call.blueprint("pay")


@blueprint.post("/pay/transactions/jsapi")
def jsapi() -> ResponseReturnValue:
    return jsonify(prepay_id=_placed("JSAPI"))


@blueprint.post("/pay/transactions/native")
def native() -> ResponseReturnValue:
    return jsonify(code_url=_placed("NATIVE"))


@blueprint.get("/pay/transactions/out-trade-no/<out_trade_no>")
def by_own_number(out_trade_no: str) -> ResponseReturnValue:
    return _queried(out_trade_no=out_trade_no)


@blueprint.get("/pay/transactions/id/<transaction_id>")
def by_wechats_number(transaction_id: str) -> ResponseReturnValue:
    return _queried(transaction_id=transaction_id)


@blueprint.post("/pay/transactions/out-trade-no/<out_trade_no>/close")
def close(out_trade_no: str) -> ResponseReturnValue:
    orders.check_merchant(pay_call.body(), shop=pay_call.shop())
    with stage().memory.transaction() as db:
        orders.close(db, out_trade_no=out_trade_no)
    return Response(status=204)


@blueprint.post("/refund/domestic/refunds")
def refund() -> ResponseReturnValue:
    here = stage()
    here.clock.refresh()
    with here.memory.transaction() as db:
        told = refunds.ask(db, body=pay_call.body(), shop=pay_call.shop(), moment=here.moment())
    here.ring()
    return jsonify(told)


@blueprint.get("/refund/domestic/refunds/<out_refund_no>")
def one_refund(out_refund_no: str) -> ResponseReturnValue:
    with stage().memory.reading() as db:
        found = refunds.find(db, out_refund_no=out_refund_no)
        order = orders.find(db, out_trade_no=found.out_trade_no)
    return jsonify(refunds.told(found, order))


@blueprint.get("/bill/tradebill")
def trade_bill() -> ResponseReturnValue:
    day, packing = request.args.get("bill_date", ""), request.args.get("tar_type", "")
    if request.args.get("bill_type", "ALL") != "ALL" or packing not in ("", "GZIP"):
        raise PayRefusal(
            "PARAM_ERROR", rule=msg("沙箱只有 bill_type=ALL 的账单，可用 tar_type=GZIP。")
        )
    told = hashlib.sha1(_bill(day)).hexdigest()
    token = _way().dumps([day, packing])
    return jsonify(
        hash_type="SHA1",
        hash_value=told,
        download_url=f"{request.host_url}v3/billdownload/file?token={token}",
    )


@blueprint.get("/billdownload/file")
def bill_file() -> ResponseReturnValue:
    try:
        day, packing = _way().loads(request.args.get("token", ""), max_age=bills.LENT_S)
    except BadData as error:
        raise PayRefusal("PARAM_ERROR", rule=msg("下载地址不对，或已过 5 分钟。")) from error
    content = _bill(day)
    return Response(
        gzip.compress(content, mtime=0) if packing else content,
        mimetype="application/x-gzip" if packing else "text/plain",
    )


def _bill(day: str) -> bytes:
    here = stage()
    here.clock.refresh()
    try:
        asked = date.fromisoformat(day)
    except ValueError as error:
        raise PayRefusal("PARAM_ERROR", rule=msg("bill_date 要写成 2026-11-23。")) from error
    with here.memory.reading() as db:
        return bills.text(
            db, day=asked, shop=pay_call.shop(), account=here.account, moment=here.moment()
        )


def _way() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(pay_call.shop().apiv3_key, salt="bill")


@blueprint.route("/<path:rest>", methods=["GET", "POST"])
def unknown(rest: str) -> ResponseReturnValue:
    raise PayRefusal(
        "INVALID_REQUEST", rule=(msg("沙箱没有这个支付接口：/v3/%(rest)s。") % {"rest": rest})
    )


def _placed(trade_type: str) -> str:
    here = stage()
    here.clock.refresh()
    body = pay_call.body()
    with here.memory.transaction() as db:
        key = orders.place(
            db,
            body=body,
            trade_type=trade_type,
            shop=pay_call.shop(),
            account=here.account,
            moment=here.moment(),
        )
        if trade_type == "JSAPI":
            pay_call.note(phone_id=phones.by_openid(db, openid=body["payer"]["openid"]).id)
    return key


def _queried(*, out_trade_no: str = "", transaction_id: str = "") -> ResponseReturnValue:
    if request.args.get("mchid") != pay_call.shop().mchid:
        raise PayRefusal("MCH_NOT_EXISTS", rule=msg("查询要在网址里带上本商户的 mchid。"))
    return jsonify(
        orders.told(
            _order(out_trade_no=out_trade_no, transaction_id=transaction_id),
            shop=pay_call.shop(),
            account=stage().account,
        )
    )


def _order(*, out_trade_no: str, transaction_id: str) -> Order:
    try:
        with stage().memory.reading() as db:
            return orders.find(db, out_trade_no=out_trade_no, transaction_id=transaction_id)
    except PaymentMissing as error:
        raise PayRefusal("ORDER_NOT_EXIST") from error
