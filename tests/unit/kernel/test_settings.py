"""Settings: the environment either describes a system that can run, or nothing starts."""

from dataclasses import fields
from pathlib import Path

import pytest

from kernel.settings import BadSettings, Mode, Settings

GOOD = {
    "MODE": "test",
    "DATA_DIR": "var",
    "DATABASE_URL": "sqlite:///var/doorbell.sqlite3",
    "SECRET_KEY": "s" * 32,
    "PUBLIC_BASE": "https://doorbell.localhost",
    "WECHAT_APPID": "wx0123456789abcdef",
    "WECHAT_SECRET": "secret",
    "WECHAT_TOKEN": "token",
}


SHOP = {
    "WECHAT_PAY_MCHID": "1900000109",
    "WECHAT_PAY_SERIAL": "5157F09EFDC096DE",
    "WECHAT_PAY_KEY_FILE": "key.pem",
    "WECHAT_PAY_APIV3_KEY": "k" * 32,
    "WECHAT_PAY_PUBLIC_KEY_ID": "PUB_KEY_ID_01",
    "WECHAT_PAY_PUBLIC_KEY_FILE": "public.pem",
}


class TestFromEnv:
    def test_reads_what_is_there_and_ignores_the_rest(self) -> None:
        settings = Settings.from_env(GOOD | {"PATH": "/bin", "REDIS_URL": "unix://redis.sock"})

        assert (settings.mode, settings.data_dir) == (Mode.TEST, Path("var"))
        assert settings.redis_url == "unix://redis.sock"
        assert settings.wechat_api_base == "https://api.weixin.qq.com"

    @pytest.mark.parametrize("name", sorted(GOOD))
    def test_names_what_is_missing(self, name: str) -> None:
        without = {key: value for key, value in GOOD.items() if key != name}

        with pytest.raises(BadSettings, match=name):
            Settings.from_env(without)

    @pytest.mark.parametrize("name", sorted(GOOD))
    def test_takes_an_empty_value_for_a_missing_one(self, name: str) -> None:
        with pytest.raises(BadSettings, match=name):
            Settings.from_env(GOOD | {name: ""})

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            pytest.param({"MODE": "staging"}, "MODE", id="an_unknown_mode"),
            pytest.param({"SECRET_KEY": "s" * 31}, "SECRET_KEY", id="a_short_secret_key"),
            pytest.param({"WECHAT_AES_KEY": "a" * 42}, "43", id="a_short_aes_key"),
            pytest.param({"RATE_LIMITS": "no"}, "RATE_LIMITS", id="limits_neither_on_nor_off"),
            pytest.param({"SMS_PRICE_FEN": "4.555"}, "SMS_PRICE_FEN", id="a_price_too_fine"),
            pytest.param({"TRUSTED_PROXIES": "-1"}, "TRUSTED_PROXIES", id="less_than_no_proxies"),
            pytest.param({"WECHAT_TEMPLATE_IDS": "{M1"}, "WECHAT_TEMPLATE_IDS", id="broken_json"),
            pytest.param({"WECHAT_TEMPLATE_IDS": "[]"}, "WECHAT_TEMPLATE_IDS", id="json_of_a_list"),
            pytest.param(
                {"MODE": "production", "SANDBOX_BASE": "http://sandbox"},
                "sandbox",
                id="a_sandbox_in_production",
            ),
            pytest.param(
                {"MODE": "production", "CONTROL_KEY": "key"},
                "sandbox",
                id="a_demo_clock_in_production",
            ),
            pytest.param(
                {"MODE": "production", "PUBLIC_BASE": "http://doorbell.example"},
                "https",
                id="plain_http_in_production",
            ),
        ],
    )
    def test_refuses_what_contradicts_itself(self, changes: dict[str, str], why: str) -> None:
        with pytest.raises(BadSettings, match=why):
            Settings.from_env(GOOD | changes)

    def test_takes_a_whole_production(self) -> None:
        settings = Settings.from_env(
            GOOD | {"MODE": "production", "WECHAT_AES_KEY": "a" * 43, "CONTROL_KEY": ""}
        )

        assert not settings.is_demo


class TestMerchant:
    def test_nobody_pays_without_one(self) -> None:
        assert not Settings.from_env(GOOD).takes_payments
        assert not Settings.from_env(GOOD | dict.fromkeys(SHOP, "")).takes_payments

    @pytest.mark.parametrize("mode", ["test", "demo", "production"])
    def test_a_whole_one_takes_payments(self, mode: str) -> None:
        assert Settings.from_env(GOOD | SHOP | {"MODE": mode}).takes_payments

    @pytest.mark.parametrize("name", sorted(SHOP))
    @pytest.mark.parametrize("mode", ["demo", "production"])
    def test_half_a_one_is_refused_by_name(self, name: str, mode: str) -> None:
        with pytest.raises(BadSettings, match=name):
            Settings.from_env(GOOD | SHOP | {"MODE": mode, name: ""})

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            pytest.param({"WECHAT_PAY_APIV3_KEY": "k" * 31}, "32", id="a_short_key"),
            pytest.param(
                {"WECHAT_PAY_NOTIFY_BASE": "https://doorbell.example/?a=1"}, "query", id="a_query"
            ),
            pytest.param(
                {"MODE": "production", "WECHAT_PAY_NOTIFY_BASE": "http://doorbell.example"},
                "WECHAT_PAY_NOTIFY_BASE",
                id="plain_http_notices_in_production",
            ),
            pytest.param(
                {"MODE": "production", "WECHAT_PAY_BASE": "http://127.0.0.1:8001"},
                "WECHAT_PAY_BASE",
                id="the_sandboxs_pay_in_production",
            ),
        ],
    )
    def test_refuses_what_cannot_work(self, changes: dict[str, str], why: str) -> None:
        with pytest.raises(BadSettings, match=why):
            Settings.from_env(GOOD | SHOP | changes)


class TestSettings:
    def test_no_secret_has_a_default(self) -> None:
        defaults = {field.name: field.default for field in fields(Settings)}

        for name in (
            "secret_key",
            "wechat_secret",
            "wechat_token",
            "control_key",
            "wechat_pay_apiv3_key",
        ):
            assert defaults[name] in ("", defaults["mode"]), name

    def test_the_public_host_has_no_port(self) -> None:
        settings = Settings.from_env(GOOD | {"PUBLIC_BASE": "http://doorbell.localhost:8000"})

        assert settings.public_host == "doorbell.localhost"


@pytest.mark.parametrize(("fen", "hundredths"), [("4.5", 450), ("5", 500), ("0.05", 5)])
def test_the_price_of_a_text_is_whole_hundredths(fen: str, hundredths: int) -> None:
    assert Settings.from_env(GOOD | {"SMS_PRICE_FEN": fen}).sms_price_hundredths == hundredths
