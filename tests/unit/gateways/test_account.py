"""WeChat's hosts, wherever wechatpy names them, lead to the bases that are configured."""

import pytest

from gateways.wechat.account import Account

account = Account(
    appid="wx1",
    secret="hush",
    token="t",
    api_base="http://127.0.0.1:9/api",
    mp_base="http://127.0.0.1:9/mp",
    open_base="http://127.0.0.1:9/open",
)


class TestRebase:
    @pytest.mark.parametrize(
        ("theirs", "ours"),
        [
            ("https://api.weixin.qq.com/cgi-bin/token", "http://127.0.0.1:9/api/cgi-bin/token"),
            (
                "https://mp.weixin.qq.com/cgi-bin/showqrcode",
                "http://127.0.0.1:9/mp/cgi-bin/showqrcode",
            ),
            ("https://open.weixin.qq.com/connect/x", "http://127.0.0.1:9/open/connect/x"),
            (
                "https://api.weixin.qq.com.evil.example/x",
                "https://api.weixin.qq.com.evil.example/x",
            ),
            ("https://example.com/x", "https://example.com/x"),
        ],
    )
    def test_replaces_whole_hosts_only(self, theirs: str, ours: str) -> None:
        assert account.rebase(theirs) == ours


def test_an_account_does_not_print_its_secrets() -> None:
    assert "hush" not in repr(account)
