"""What the account says in the chat."""

import pytest

from conversations import words

BOOK, MINE = "https://doorbell.localhost/c/", "https://doorbell.localhost/c/bookings"
# WeChat cuts or refuses a passive reply beyond this.
REPLY_BYTES_MAX = 2048


def answer(text: str) -> str:
    return words.answer_to(text, book_url=BOOK, mine_url=MINE)


class TestAnswerTo:
    @pytest.mark.parametrize("text", ["预约", "我要约上门", "空调安装多少钱", "维修", "能送货吗"])
    def test_leads_to_the_windows(self, text: str) -> None:
        assert f'href="{BOOK}"' in answer(text)

    @pytest.mark.parametrize("text", ["我的预约", "师傅几点到", "到哪了", "看下进度"])
    def test_leads_to_ones_own_bookings(self, text: str) -> None:
        assert f'href="{MINE}"' in answer(text)

    @pytest.mark.parametrize("text", ["", "你好", "<script>alert(1)</script>", "%s {0}", "预 约"])
    def test_says_what_can_be_asked_to_everything_else(self, text: str) -> None:
        assert answer(text) == words.HELP


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
        "text", [words.WELCOME, words.HELP, words.bound("王"), answer("预约"), answer("进度")]
    )
    def test_fit_into_a_passive_reply(self, text: str) -> None:
        assert 0 < len(text.encode()) <= REPLY_BYTES_MAX
