"""What the account says in the chat."""

from dataclasses import replace
from typing import Any

import pytest

from booking.codes import CodeKind, Source
from conversations import words

# WeChat cuts or refuses a passive reply beyond this.
REPLY_BYTES_MAX = 2048


class TestAsking:
    @pytest.mark.parametrize("text", ["预约", "我要约上门", "空调安装多少钱", "维修", "能送货吗"])
    def test_for_a_visit(self, text: str) -> None:
        assert words.asks_to_book(text)

    @pytest.mark.parametrize("text", ["我的预约", "师傅几点到", "到哪了", "看下进度"])
    def test_after_ones_own_bookings(self, text: str) -> None:
        assert words.asks_for_own(text)
        assert not words.asks_to_book(text)

    @pytest.mark.parametrize("text", ["转人工", "客服在吗", "我要真人"])
    def test_for_a_person(self, text: str) -> None:
        assert words.asks_for_person(text)

    @pytest.mark.parametrize("text", ["门店", "门店在哪里", "你们店在哪", "店地址发一下"])
    def test_where_a_store_is(self, text: str) -> None:
        assert words.asks_for_store(text)

    @pytest.mark.parametrize(
        "text", ["门店人工", "去门店安装空调", "门店的师傅几点到", "在哪里", ""]
    )
    def test_for_something_else_than_a_store(self, text: str) -> None:
        assert not words.asks_for_store(text)

    @pytest.mark.parametrize("text", ["", "你好", "<script>alert(1)</script>", "%s {0}", "预 约"])
    def test_for_nothing_we_know(self, text: str) -> None:
        assert not words.asks_to_book(text)
        assert not words.asks_for_own(text)


class TestPlaces:
    def test_without_a_free_window_lead_to_the_waiting_list(self) -> None:
        said = words.served("浮山后三小区", service="空调安装", lines=[], url="https://x/c/book/a")

        card = words.card_of(said)
        assert card is not None
        assert "约满" in card[1]
        assert card[2] == "https://x/c/book/a"

    def test_that_are_plain_words_are_no_card(self) -> None:
        assert words.card_of(words.not_served("浮山后三小区")) is None
        assert words.card_of("") is None

    def test_with_very_long_names_fit_into_a_passive_reply(self) -> None:
        for said in (words.not_served("长" * 900), words.not_understood("长" * 900)):
            assert len(said.encode()) <= REPLY_BYTES_MAX


def a_source(kind: CodeKind, **more: Any) -> Source:
    return Source(scene="x", kind=kind, name="双十二", branch_id=1, **more)


class TestGreetings:
    def test_of_a_store_is_the_stores_own(self) -> None:
        store = a_source(CodeKind.STORE, welcome="海尔路旗舰店欢迎您。")

        assert words.welcome(store, public_base="") == "海尔路旗舰店欢迎您。"
        assert "双十二随时为您服务" in words.scanned(store, public_base="")

    def test_without_a_code_is_the_accounts(self) -> None:
        assert words.welcome(None, public_base="") == words.WELCOME
        assert words.scanned(None, public_base="") == words.WELCOME

    def test_of_a_badge_says_who_stands_at_the_door(self) -> None:
        badge = a_source(CodeKind.BADGE, bearer="王建国", work_number="QD0217")

        assert "王建国师傅（工号 QD0217）是我们的在职师傅" in words.scanned(badge, public_base="")

    def test_of_a_badge_out_of_use_warns(self) -> None:
        badge = a_source(CodeKind.BADGE, bearer="王建国", work_number="QD0217", is_over=True)

        assert "不要让他进门" in words.scanned(badge, public_base="")
        assert "在职" not in words.welcome(badge, public_base="")

    def test_of_a_product_leads_to_its_service(self) -> None:
        product = a_source(CodeKind.PRODUCT, service_code="air_install", service="空调安装")

        for said in (words.welcome, words.scanned):
            assert "https://x/c/book/air_install" in said(product, public_base="https://x")

    def test_of_an_event_tells_what_it_is_until_it_is_over(self) -> None:
        event = a_source(CodeKind.EVENT, about="清洗半价")

        assert "清洗半价" in words.welcome(event, public_base="")
        assert "已经结束" in words.welcome(replace(event, is_over=True), public_base="")

    @pytest.mark.parametrize(
        "text",
        [words.WELCOME, words.HELP, words.bound("王"), words.NOT_HEARD, words.to_book("https://x")],
    )
    def test_fit_into_a_passive_reply(self, text: str) -> None:
        assert 0 < len(text.encode()) <= REPLY_BYTES_MAX
