"""Where a sentence may be cut so that it still says what it said."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateways.wechat.words import plain_line, shorten


class TestShorten:
    @pytest.mark.parametrize(
        ("text", "limit", "short"),
        [
            pytest.param("挂机空调安装", 20, "挂机空调安装", id="what_fits_stays"),
            pytest.param("一二三四五六七八九十", 10, "一二三四五六七八九十", id="exactly_full"),
            pytest.param("一二三四五六七八九十甲", 10, "一二三四五六七八九…", id="one_too_long"),
            pytest.param(
                "挂机空调安装、取走旧机，请家里留人并挪开家具",
                20,
                "挂机空调安装、取走旧机…",
                id="cuts_at_a_mark",
            ),
            pytest.param(
                "请在电话里核对服务码并告诉师傅4402单元",
                18,
                "请在电话里核对服务码并告诉师傅…",
                id="keeps_a_number_whole",
            ),
            pytest.param(
                "浮山后三小区的东门进来右转第12号楼旁边",
                17,
                "浮山后三小区的东门进来右转第…",
                id="keeps_a_number_with_what_it_counts",
            ),
            pytest.param(
                "师傅今天下午会在16:20前后到您家里来的",
                10,
                "师傅今天下午会在…",
                id="keeps_a_clock_time_whole",
            ),
            pytest.param(
                "空调加长铜管两米（含打孔与高空作业费）",
                14,
                "空调加长铜管两米…",
                id="leaves_no_bracket_open",
            ),
            pytest.param("A" * 40, 20, "A" * 19 + "…", id="an_endless_word_is_cut"),
        ],
    )
    def test_cuts_where_the_meaning_survives(self, text: str, limit: int, short: str) -> None:
        assert shorten(text, limit=limit) == short

    @given(st.text(), st.integers(min_value=2, max_value=40))
    def test_never_exceeds_the_limit(self, text: str, limit: int) -> None:
        assert len(shorten(text, limit=limit)) <= limit

    @given(st.text(alphabet="空调安装12:0，（）aB "), st.integers(min_value=2, max_value=20))
    def test_changes_nothing_the_second_time(self, text: str, limit: int) -> None:
        once = shorten(text, limit=limit)

        assert shorten(once, limit=limit) == once

    def test_needs_room_for_a_word(self) -> None:
        with pytest.raises(ValueError, match="no room"):
            shorten("空调", limit=1)


class TestPlainLine:
    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("空调\r\n安装", "空调 安装"),
            ("好的👍🏽", "好的"),
            ("A\u202eB\u0000C", "ABC"),
            ("26℃ · 100%", "26℃ · 100%"),
            ("  两  格 ", "两 格"),
        ],
    )
    def test_keeps_the_words_alone(self, text: str, line: str) -> None:
        assert plain_line(text) == line

    @given(st.text())
    def test_holds_neither_breaks_nor_controls(self, text: str) -> None:
        kinds = {unicodedata.category(char) for char in plain_line(text)}

        assert not kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"}
