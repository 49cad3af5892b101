"""Passive replies, read back as WeChat would read them."""

from typing import Any

import pytest
import xmltodict
from hypothesis import given
from hypothesis import strategies as st

from gateways.wechat import replies
from gateways.wechat.replies import Article

TO = {"openid": "oMember", "account": "gh_door", "now_s": 1795395600.9}


def read(xml: str) -> Any:
    return xmltodict.parse(xml, strip_whitespace=False)["xml"]


class TestTextReply:
    def test_goes_from_the_account_to_the_member(self) -> None:
        told = read(replies.text_reply("您好", **TO))  # type: ignore[arg-type]  # one dict for all

        assert told == {
            "ToUserName": "oMember",
            "FromUserName": "gh_door",
            "CreateTime": "1795395600",
            "MsgType": "text",
            "Content": "您好",
        }

    def test_cannot_be_broken_out_of(self) -> None:
        text = "x]]></Content><MsgType><![CDATA[news]]></MsgType><Content><![CDATA["

        told = read(replies.text_reply(text, **TO))  # type: ignore[arg-type]  # one dict for all

        assert (told["MsgType"], told["Content"]) == ("text", text)

    @given(st.text(alphabet=st.characters(codec="utf-8"), max_size=300))
    def test_is_xml_whatever_it_says(self, text: str) -> None:
        told = read(replies.text_reply(text, **TO))  # type: ignore[arg-type]  # one dict for all

        assert told["MsgType"] == "text"

    def test_ends_in_an_ellipsis_beyond_what_wechat_carries(self) -> None:
        told = read(replies.text_reply("长" * 1000, **TO))  # type: ignore[arg-type]  # one dict

        assert len(told["Content"].encode()) <= replies.TEXT_BYTES_MAX
        assert told["Content"].endswith("长…")


class TestNewsReply:
    def test_carries_its_cards(self) -> None:
        card = Article("预约", "选一个时间", "https://p/1.png", "https://door/book")

        told = read(replies.news_reply([card], **TO))  # type: ignore[arg-type]  # one dict for all

        assert told["ArticleCount"] == "1"
        assert told["Articles"]["item"]["Url"] == "https://door/book"

    @pytest.mark.parametrize("count", [0, 9])
    def test_refuses_none_and_too_many(self, count: int) -> None:
        with pytest.raises(ValueError, match="1 to 8"):
            replies.news_reply([Article("", "", "", "")] * count, **TO)  # type: ignore[arg-type]  # one dict
