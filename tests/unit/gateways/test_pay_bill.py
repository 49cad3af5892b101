"""A day's bill of trades as WeChat Pay's documentation shows it, and as it must not be."""

import gzip
import hashlib
from datetime import UTC, date, datetime

import pytest

from gateways.wechat.pay_bill import BillLine, Trade, read_bill, unpacked
from gateways.wechat.pay_values import Odd
from kernel.money import Money

DAY = date(2026, 11, 23)
COLUMNS = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,"
    "付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,"
    "退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
)
SUMS = (
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
)
PAYMENT = (
    "`2026-11-23 00:30:05,`wx1,`1900000109,`0,`,`4200001,`P1,`oTest,`JSAPI,`SUCCESS,`OTHERS,`CNY,"
    "`29.50,`0.50,`0,`0,`0.00,`0.00,`,`,`空调安装, 上门押金,`,`0.18000,`0.60%,`30.00,`0.00,`"
)
REFUND = (
    "`2026-11-23 12:00:00,`wx1,`1900000109,`0,`,`4200001,`P1,`oTest,`JSAPI,`REFUND,`OTHERS,`CNY,"
    "`0.00,`0.00,`5030001,`R1,`30.00,`0.00,`ORIGINAL,`SUCCESS,`空调安装,`,`-0.18000,`0.60%,`0.00,`30.00,`"
)


def a_text(*rows: str, count: int | None = None, columns: str = COLUMNS) -> bytes:
    counted = len(rows) if count is None else count
    sums = f"`{counted},`29.50,`30.00,`0.00,`0.00000,`30.00,`30.00"
    return ("\ufeff" + "\r\n".join([columns, *rows, SUMS, sums, ""])).encode()


class TestReadBill:
    def test_tells_of_payments_and_refunds_by_their_own_numbers(self) -> None:
        bill = read_bill(a_text(PAYMENT, REFUND), day=DAY)

        assert bill.lines == (
            BillLine(
                trade=Trade.PAYMENT,
                number="P1",
                out_trade_no="P1",
                serial="4200001",
                amount=Money(30_00),
                state="SUCCESS",
                at=datetime(2026, 11, 22, 16, 30, 5, tzinfo=UTC),
            ),
            BillLine(
                trade=Trade.REFUND,
                number="R1",
                out_trade_no="P1",
                serial="5030001",
                amount=Money(30_00),
                state="SUCCESS",
                at=datetime(2026, 11, 23, 4, tzinfo=UTC),
            ),
        )
        assert bill.sha1 == hashlib.sha1(a_text(PAYMENT, REFUND)).hexdigest()

    def test_a_day_without_a_trade_has_no_lines(self) -> None:
        assert read_bill(a_text(), day=DAY).lines == ()

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param(b"", id="nothing"),
            pytest.param(b"\xff\xfe", id="no_utf8"),
            pytest.param(a_text(PAYMENT, count=2), id="a_line_is_missing"),
            pytest.param(a_text(PAYMENT)[:-80], id="cut_off"),
            pytest.param(a_text(PAYMENT.replace(",`P1", "")), id="a_field_is_missing"),
            pytest.param(a_text(PAYMENT.replace("30.00", "30.005")), id="half_a_fen"),
            pytest.param(a_text(PAYMENT.replace("-23 00", "-32 00")), id="no_such_day"),
            pytest.param(
                a_text(PAYMENT, columns=COLUMNS.replace("订单金额", "别的金额")), id="no_amounts"
            ),
        ],
    )
    def test_what_is_not_as_documented_is_refused(self, text: bytes) -> None:
        with pytest.raises(Odd):
            read_bill(text, day=DAY)


class TestUnpacked:
    def test_takes_a_bill_packed_or_plain(self) -> None:
        text = a_text(PAYMENT)

        assert unpacked(gzip.compress(text)) == unpacked(text) == text

    def test_refuses_half_a_file(self) -> None:
        with pytest.raises(Odd):
            unpacked(gzip.compress(a_text(PAYMENT))[:-10])

    def test_refuses_a_bomb(self) -> None:
        with pytest.raises(Odd):
            unpacked(gzip.compress(bytes(65 << 20)))
