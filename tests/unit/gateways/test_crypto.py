"""The callback's door, with knocks made by wechatpy and by hand."""

import base64
import hashlib

import pytest
import xmltodict
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.crypto import WeChatCrypto

from gateways.wechat.crypto import FRESH_S, CallbackDoor, Forged, TooLarge, signature
from gateways.wechat.messages import BODY_BYTES_MAX, Unreadable

APPID = "wx5823bf96d3bd56c7"
TOKEN = "QDG6eK"
AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
NOW_S = 1_795_395_600.0
XML = "<xml><MsgType><![CDATA[text]]></MsgType></xml>"

plain = CallbackDoor(appid=APPID, token=TOKEN)
safe = CallbackDoor(appid=APPID, token=TOKEN, aes_key=AES_KEY)


def knock(*, at_s: float = NOW_S, token: str = TOKEN, **more: str) -> dict[str, str]:
    timestamp, nonce = str(int(at_s)), "n0nce"
    return {
        "timestamp": timestamp,
        "nonce": nonce,
        "signature": signature(token, timestamp, nonce),
    } | more


def sealed(
    xml: str = XML, *, key: str = AES_KEY, appid: str = APPID, at_s: float = NOW_S
) -> tuple[dict[str, str], bytes]:
    """Return query and body as WeChat sends them in safe mode."""
    made = WeChatCrypto(TOKEN, key, appid).encrypt_message(xml, "n0nce", str(int(at_s)))
    told = xmltodict.parse(made)["xml"]
    body = f"<xml><ToUserName><![CDATA[gh]]></ToUserName><Encrypt><![CDATA[{told['Encrypt']}]]></Encrypt></xml>"
    query = knock(at_s=at_s, encrypt_type="aes", msg_signature=told["MsgSignature"])
    return query, body.encode()


class TestSignature:
    def test_is_the_one_of_wechats_documentation(self) -> None:
        # Token, timestamp and nonce sorted as text, joined, SHA-1.
        by_hand = hashlib.sha1(b"1795395600" + b"QDG6eK" + b"n0nce").hexdigest()

        assert signature(TOKEN, "1795395600", "n0nce") == by_hand


class TestHandshake:
    @pytest.mark.parametrize("door", [plain, safe])
    def test_echoes_to_who_signs(self, door: CallbackDoor) -> None:
        assert door.handshake(knock(echostr="5932851904756"), now_s=NOW_S) == "5932851904756"

    @pytest.mark.parametrize(
        "query",
        [
            pytest.param({}, id="nothing"),
            pytest.param(knock(token="other", echostr="1"), id="another_token"),
            pytest.param(knock(echostr="1") | {"signature": "x"}, id="a_wrong_signature"),
            pytest.param(knock(echostr="1") | {"signature": "é"}, id="not_ascii"),
            pytest.param(knock(echostr="1", at_s=NOW_S - FRESH_S - 1), id="too_old"),
            pytest.param(knock(echostr="1", at_s=NOW_S + FRESH_S + 1), id="from_the_future"),
            pytest.param(knock(echostr="<script>"), id="an_odd_echo"),
            pytest.param(knock(), id="no_echo"),
        ],
    )
    def test_tells_nobody_else_anything(self, query: dict[str, str]) -> None:
        with pytest.raises(Forged):
            plain.handshake(query, now_s=NOW_S)


class TestOpenInPlainMode:
    @pytest.mark.parametrize("age_s", [0, FRESH_S, -FRESH_S])
    def test_gives_the_body_of_a_fresh_knock(self, age_s: int) -> None:
        plain = CallbackDoor(appid=APPID, token=TOKEN)

        assert plain.open(knock(at_s=NOW_S - age_s), XML.encode(), now_s=NOW_S) == XML.encode()

    @pytest.mark.parametrize(
        "query",
        [
            {},
            knock(token="other"),
            knock(at_s=NOW_S - FRESH_S - 1),
            knock() | {"timestamp": "soon", "signature": signature(TOKEN, "soon", "n0nce")},
        ],
    )
    def test_stays_shut_for_the_others(self, query: dict[str, str]) -> None:
        with pytest.raises(Forged):
            plain.open(query, XML.encode(), now_s=NOW_S)

    def test_lets_a_knock_in_with_one_body_as_often_as_it_comes(self) -> None:
        door = CallbackDoor(appid=APPID, token=TOKEN)

        for _ in range(3):
            assert door.open(knock(), XML.encode(), now_s=NOW_S)
        with pytest.raises(Forged):
            door.open(knock(), XML.encode() + b" ", now_s=NOW_S)
        assert door.open(knock(at_s=NOW_S + 1), XML.encode() + b" ", now_s=NOW_S)

    def test_forgets_bodies_that_no_knock_could_come_with_again(self) -> None:
        door = CallbackDoor(appid=APPID, token=TOKEN)
        for past_s in range(3):
            door.open(knock(at_s=NOW_S + past_s), XML.encode(), now_s=NOW_S)

        later_s = NOW_S + 2 * FRESH_S + 3
        door.open(knock(at_s=later_s), XML.encode(), now_s=later_s)

        assert len(door._seen._bodies) == 1

    def test_measures_before_it_reads(self) -> None:
        plain = CallbackDoor(appid=APPID, token=TOKEN)

        assert plain.open(knock(), b"x" * BODY_BYTES_MAX, now_s=NOW_S)

        with pytest.raises(TooLarge):
            plain.open(knock(), b"x" * (BODY_BYTES_MAX + 1), now_s=NOW_S)


class TestOpenInSafeMode:
    def test_decrypts_what_wechat_encrypted(self) -> None:
        query, body = sealed("<xml><Content>改约 到周四</Content></xml>")

        opened = safe.open(query, body, now_s=NOW_S)

        assert opened.decode() == "<xml><Content>改约 到周四</Content></xml>"

    def test_decrypts_a_callback_that_was_recorded(self) -> None:
        envelope = (
            "p6BT1lpin/WJAbD/ADlNArxlRNUvPwNkIzurbDm0vuQMluo1vRRRCo3LgkeP/NTpAKFM02a7ex/LIHaKdKEwNtA3"
            "+qb6yAAbmftL5qTcBi8MuiYXMsgVA1S2l26aX+CtC3Zk7WSeGUQcYtFu+MjRRsZRXto1GPN1MaA9HGmPiZI="
        )
        query = knock(encrypt_type="aes", msg_signature="e18899eb4ad310b31c0fe891a2e837a2fb4412e0")
        body = f"<xml><Encrypt><![CDATA[{envelope}]]></Encrypt></xml>".encode()

        opened = safe.open(query, body, now_s=NOW_S)

        assert "<Content><![CDATA[我想改约]]></Content>" in opened.decode()

    def test_refuses_a_plain_body_however_well_signed(self) -> None:
        with pytest.raises(Forged):
            safe.open(knock(), XML.encode(), now_s=NOW_S)

    def test_refuses_ciphertext_that_the_signature_does_not_cover(self) -> None:
        query, _ = sealed()
        _, other = sealed("<xml><Content>another</Content></xml>")

        with pytest.raises(Forged):
            safe.open(query, other, now_s=NOW_S)

    def test_refuses_the_plain_signature_in_place_of_the_other(self) -> None:
        query, body = sealed()
        query["msg_signature"] = query["signature"]

        with pytest.raises(Forged):
            safe.open(query, body, now_s=NOW_S)

    def test_refuses_what_is_too_old(self) -> None:
        query, body = sealed(at_s=NOW_S - FRESH_S - 1)

        with pytest.raises(Forged):
            safe.open(query, body, now_s=NOW_S)

    def test_cannot_read_another_accounts_mail(self) -> None:
        query, body = sealed(appid="wx-somebody-else")

        with pytest.raises(Unreadable):
            safe.open(query, body, now_s=NOW_S)

    def test_cannot_read_under_another_key(self) -> None:
        query, body = sealed(key="A" * 42 + "8")

        with pytest.raises(Unreadable):
            safe.open(query, body, now_s=NOW_S)

    @given(st.binary(max_size=200))
    def test_answers_signed_noise_in_one_word(self, noise: bytes) -> None:
        envelope = base64.b64encode(noise or b"x").decode()
        query = knock(
            encrypt_type="aes", msg_signature=signature(TOKEN, str(int(NOW_S)), "n0nce", envelope)
        )
        body = f"<xml><Encrypt><![CDATA[{envelope}]]></Encrypt></xml>".encode()

        with pytest.raises(Unreadable):
            safe.open(query, body, now_s=NOW_S)


class TestSeal:
    def test_leaves_a_plain_reply_as_it_is(self) -> None:
        assert plain.seal(XML, nonce="n", now_s=NOW_S) == XML

    @pytest.mark.parametrize("silence", ["", "success"])
    def test_never_encrypts_silence(self, silence: str) -> None:
        assert safe.seal(silence, nonce="n", now_s=NOW_S) == silence

    def test_encrypts_so_that_wechat_can_read(self) -> None:
        told = xmltodict.parse(safe.seal(XML, nonce="n0nce", now_s=NOW_S))["xml"]

        opened = WeChatCrypto(TOKEN, AES_KEY, APPID).decrypt_message(
            {"Encrypt": told["Encrypt"]}, told["MsgSignature"], told["TimeStamp"], told["Nonce"]
        )
        assert opened == XML
