"""What the account says in the chat."""

import pytest

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


class TestGreetings:
    def test_of_a_store_is_the_stores_own(self) -> None:
        assert words.welcome("海尔路旗舰店欢迎您。") == "海尔路旗舰店欢迎您。"

    @pytest.mark.parametrize("store", [None, ""])
    def test_without_a_store_is_the_accounts(self, store: str | None) -> None:
        assert words.welcome(store) == words.WELCOME
        assert words.scanned(store) == words.WELCOME

    def test_names_the_store_when_a_follower_scans_again(self) -> None:
        assert "海尔路旗舰店" in words.scanned("海尔路旗舰店")

    @pytest.mark.parametrize(
        "text",
        [words.WELCOME, words.HELP, words.bound("王"), words.NOT_HEARD, words.to_book("https://x")],
    )
    def test_fit_into_a_passive_reply(self, text: str) -> None:
        assert 0 < len(text.encode()) <= REPLY_BYTES_MAX
