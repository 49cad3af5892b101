"""Signatures and envelopes against the library that accounts really use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.crypto import WeChatCrypto

from sandbox import crypto

TOKEN = "token"
KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
APPID = "wx5a8b7c6d5e4f3a2b"


@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=1, max_size=500))
def test_what_was_sealed_comes_out_again(text: str) -> None:
    sealed = crypto.seal(text, aes_key=KEY, appid=APPID)

    assert crypto.unseal(sealed, aes_key=KEY, appid=APPID) == text


@given(st.integers(min_value=1, max_value=200))
def test_wechatpy_opens_our_envelopes(length: int) -> None:
    sealed = crypto.seal("门" * length, aes_key=KEY, appid=APPID)
    signature = crypto.signature(TOKEN, "1700000000", "nonce", sealed)
    body = f"<xml><Encrypt>{sealed}</Encrypt></xml>"

    opened = WeChatCrypto(TOKEN, KEY, APPID).decrypt_message(body, signature, "1700000000", "nonce")

    assert opened == "门" * length


@pytest.mark.parametrize(
    ("key", "appid"),
    [(KEY[::-1], APPID), (KEY, "wx0")],
    ids=["another_key", "another_account"],
)
def test_an_envelope_for_somebody_else_is_refused(key: str, appid: str) -> None:
    sealed = crypto.seal("hello", aes_key=key, appid=appid)

    with pytest.raises(crypto.BadEnvelope):
        crypto.unseal(sealed, aes_key=KEY, appid=APPID)


@pytest.mark.parametrize("sealed", ["", "AAAA", "not base64!", "QUJD" * 8])
def test_garbage_is_refused(sealed: str) -> None:
    with pytest.raises(crypto.BadEnvelope):
        crypto.unseal(sealed, aes_key=KEY, appid=APPID)


def test_the_order_of_the_parts_does_not_matter() -> None:
    assert crypto.signature("b", "a", "c") == crypto.signature("c", "b", "a")
    assert crypto.signature("a", "b") == "da23614e02469a0d7c7bd1bdab5c9c474b1904dc"
