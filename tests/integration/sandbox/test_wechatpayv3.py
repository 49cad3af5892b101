"""Unmodified wechatpayv3 against the sandbox, by the host of its gateway alone: one order's whole life.

What each call refuses is held in test_pay.py, test_pay_refunds.py and test_pay_notices.py.
"""

import gzip
import hashlib
import json
from datetime import datetime

import pytest
import wechatpayv3
from wechatpayv3 import WeChatPayType
from wechatpayv3.core import Core

from gateways.wechat.pay_bill import read_bill
from kernel.clock import SHANGHAI
from tests.integration.sandbox.serving import APPID
from tests.integration.sandbox.tills import NUMBER, Counter

NATIVE = "D20261123002"


def test_the_library_is_the_one_that_pypi_gives(counter: Counter) -> None:
    assert type(counter.library) is wechatpayv3.WeChatPay
    assert type(counter.library._core) is Core
    # Nothing on the instance hides a method of the library; the host is a plain value.
    assert not any(callable(value) for value in vars(counter.library._core).values())
    assert counter.library._core._gate_way == counter.sandbox.base


def test_an_order_in_the_chat_is_prepaid_paid_told_and_refunded(counter: Counter) -> None:
    status, placed = counter.place()
    stamp, nonce, package = "1767225600", "n0nce", f"prepay_id={placed['prepay_id']}"
    sheet = counter.sandbox.control(
        "phones/p1/sheet",
        appid=APPID,
        timestamp=stamp,
        nonce=nonce,
        package=package,
        sign_type="RSA",
        sign=counter.library.sign([APPID, stamp, nonce, package]),
    )
    counter.sandbox.control("phones/p1/pay", payment=NUMBER)
    counter.sandbox.settle()

    _, paid = counter.call("query", out_trade_no=NUMBER)
    told = counter.read()
    assert (status, sheet["payment"], paid["trade_state"]) == (200, NUMBER, "SUCCESS")
    assert told["event_type"] == "TRANSACTION.SUCCESS"
    assert told["resource"]["transaction_id"] == paid["transaction_id"]

    counter.refund(1200)
    counter.sandbox.settle()
    _, refund = counter.call("query_refund", out_refund_no="R1")
    assert (refund["status"], refund["amount"]["refund"]) == ("SUCCESS", 1200)
    assert counter.read()["event_type"] == "REFUND.SUCCESS"


def test_a_code_at_the_door_is_scanned_by_whoever_is_there(counter: Counter) -> None:
    status, placed = counter.place(
        out_trade_no=NATIVE, pay_type=WeChatPayType.NATIVE, payer=None, description="上门尾款"
    )
    counter.sandbox.control(f"payments/{NATIVE}/pay", phone="p1")
    counter.sandbox.settle()

    _, paid = counter.call("query", out_trade_no=NATIVE)
    assert (status, placed["code_url"].split(":")[0]) == (200, "weixin")
    assert (paid["trade_type"], paid["payer"]["openid"]) == ("NATIVE", counter.openid)
    assert counter.read()["resource"]["out_trade_no"] == NATIVE


def test_an_order_that_nobody_pays_is_closed(counter: Counter) -> None:
    counter.place()

    closed = counter.call("close", out_trade_no=NUMBER)

    assert closed == (204, None)
    assert counter.call("query", out_trade_no=NUMBER)[1]["trade_state"] == "CLOSED"


def test_a_days_bill_is_lent_and_downloaded_by_its_hash(counter: Counter) -> None:
    counter.a_paid_order()
    counter.refund(1200)
    counter.sandbox.settle()
    today = datetime.fromtimestamp(counter.sandbox.stage.clock.now_s(), SHANGHAI).date()
    early, refusal = counter.call("trade_bill", bill_date=today.isoformat())

    counter.sandbox.stage.clock.move({"advance_s": 34 * 3600})
    status, told = counter.call("trade_bill", bill_date=today.isoformat())
    _, packed = counter.library.download_bill(told["download_url"])
    text = gzip.decompress(packed)
    _, plain = counter.call("trade_bill", bill_date=today.isoformat(), tar_type="")
    bill = read_bill(text, day=today)

    assert (early, refusal["code"], status) == (400, "NO_STATEMENT_EXIST", 200)
    assert told["hash_value"] == plain["hash_value"] == hashlib.sha1(text).hexdigest()
    assert counter.library.download_bill(plain["download_url"])[1] == text
    assert [(line.trade, line.number, line.amount.fen) for line in bill.lines] == [
        ("payment", NUMBER, 3000),
        ("refund", "R1", 1200),
    ]
    stale = told["download_url"].replace("token=", "token=x")
    assert counter.library.download_bill(stale)[0] == 400


@pytest.mark.parametrize("bent", ["body", "signature", "key"])
def test_the_library_takes_no_notice_that_was_bent(counter: Counter, bent: str) -> None:
    counter.a_paid_order()
    arrived = counter.till.arrived[-1]
    headers, body = dict(arrived.headers), arrived.body
    assert counter.library.callback(headers, body) is not None

    if bent == "body":
        body = json.dumps({**json.loads(body), "id": "another"}).encode()
    elif bent == "signature":
        headers["Wechatpay-Signature"] = "QUJD"
    else:
        counter.library._core._apiv3_key = "another-key-with-32-letters-----"

    assert counter.library.callback(headers, body) is None
