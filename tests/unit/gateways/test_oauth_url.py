"""The address to which a visitor is sent."""

from urllib.parse import parse_qs, urlsplit

import pytest

from gateways.wechat.account import Account
from gateways.wechat.errors import Category, WeChatError
from gateways.wechat.oauth import USERINFO_SCOPE, OAuth

oauth = OAuth(Account(appid="wx1", secret="s", token="t", open_base="http://open.localhost"))


class TestAuthorizeUrl:
    def test_carries_everything_escaped(self) -> None:
        url = oauth.authorize_url(redirect_uri="http://door/back?to=/a&b=1", state="a1B2")

        parts = urlsplit(url)
        assert url.startswith(
            "http://open.localhost/connect/oauth2/authorize?appid=wx1&redirect_uri="
        )
        assert parts.fragment == "wechat_redirect"
        assert parse_qs(parts.query) == {
            "appid": ["wx1"],
            "redirect_uri": ["http://door/back?to=/a&b=1"],
            "response_type": ["code"],
            "scope": ["snsapi_base"],
            "state": ["a1B2"],
        }

    def test_asks_for_more_when_told_to(self) -> None:
        url = oauth.authorize_url(redirect_uri="http://door", state="x", scope=USERINFO_SCOPE)

        assert parse_qs(urlsplit(url).query)["scope"] == ["snsapi_userinfo"]

    @pytest.mark.parametrize("state", ["", "a&scope=snsapi_userinfo", "a#b", "x" * 129, "你"])
    def test_refuses_states_that_wechat_would_drop(self, state: str) -> None:
        with pytest.raises(ValueError, match="state"):
            oauth.authorize_url(redirect_uri="http://door", state=state)


class TestExchange:
    @pytest.mark.parametrize("code", ["", "a b", "../x", "x" * 129, "é"])
    def test_begins_again_without_asking_for_what_is_no_code(self, code: str) -> None:
        with pytest.raises(WeChatError) as told:
            oauth.exchange(code)

        assert told.value.category is Category.LOGIN
