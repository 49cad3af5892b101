"""The sizes that WeChat allows a menu."""

from typing import Any

import pytest

from gateways.wechat.client import check_menu


def a_button(name: str = "预约", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": "view", "url": "https://door"} | more


class TestCheckMenu:
    def test_takes_the_largest_menu(self) -> None:
        below = [a_button("我的预约与进度啊")] * 5

        check_menu([a_button("四个字啊", sub_button=below)] * 3)

    @pytest.mark.parametrize(
        "menu",
        [
            pytest.param([], id="no_buttons"),
            pytest.param([a_button()] * 4, id="four_buttons"),
            pytest.param([a_button("五个字的名")], id="a_long_name"),
            pytest.param([a_button("")], id="no_name"),
            pytest.param([a_button(sub_button=[a_button()] * 6)], id="six_below"),
            pytest.param(
                [a_button(sub_button=[a_button("九个字的名字太长了")])], id="a_long_name_below"
            ),
        ],
    )
    def test_refuses_what_wechat_would(self, menu: list[dict[str, Any]]) -> None:
        with pytest.raises(ValueError, match=r"menu|button|name"):
            check_menu(menu)
