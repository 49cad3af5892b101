"""Whatever comes to the notice's door, it is a notice or one of two refusals."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateways.wechat.pay import Forged, Unreadable, WeChatPay
from gateways.wechat.pay_values import Notice
from tests import shop

APPID = "wx0123456789abcdef"
NOW_S = 1_795_395_600.0
PAY = WeChatPay(shop.a_merchant(appid=APPID), wall=lambda: NOW_S)
NAMES = (
    "Wechatpay-Timestamp",
    "Wechatpay-Nonce",
    "Wechatpay-Serial",
    "Wechatpay-Signature-Type",
    "Wechatpay-Signature",
)
# What WSGI can put into a header.
TEXTS = st.text(st.characters(max_codepoint=255), max_size=40)

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "CNY", "SUCCESS", "0001-01-01T00:00:00+08:00", shop.MCHID, APPID])
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["total", "refund", "currency", "openid"]), inner)
    ),
    max_leaves=6,
)
FIELDS = (
    "mchid",
    "appid",
    "out_trade_no",
    "out_refund_no",
    "refund_id",
    "transaction_id",
    "trade_state",
    "refund_status",
    "success_time",
    "payer",
    "attach",
    "amount",
)
envelopes = st.fixed_dictionaries(
    {},
    optional={
        "id": values,
        "create_time": values,
        "event_type": st.sampled_from(["TRANSACTION.SUCCESS", "REFUND.SUCCESS", ""]) | values,
    },
)


def read(headers: dict[str, str], body: bytes) -> Notice | None:
    """Read a notice; None for a refusal that the door knows."""
    try:
        return PAY.read_notice(headers, body)
    except (Forged, Unreadable):
        return None


@given(headers=st.dictionaries(st.sampled_from(NAMES), TEXTS), body=st.binary(max_size=200))
def test_nothing_unsigned_comes_in(headers: dict[str, str], body: bytes) -> None:
    assert read(headers, body) is None


@given(told=envelopes, box=values, resource=st.dictionaries(st.sampled_from(FIELDS), values))
def test_whatever_is_signed_is_read_or_refused(
    told: dict[str, Any], box: Any, resource: dict[str, Any]
) -> None:
    for inside in (box, shop.sealed(resource)):
        body = json.dumps(told | {"resource": inside}).encode()

        notice = read(shop.signed_by_wechat(body, now_s=NOW_S), body)

        assert notice is None or (notice.mchid == shop.MCHID and notice.total.fen >= 0)
