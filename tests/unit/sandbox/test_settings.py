"""The account's file: what it must hold, and that nothing in it leads away from this machine."""

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.business_clock import BusinessClock
from sandbox.settings import BadAccount, Settings, UnsafeBase, account_of, check_base, read_account
from sandbox.store import Store

ACCOUNT: dict[str, Any] = {
    "appid": "wx5a8b7c6d5e4f3a2b",
    "secret": "secret",
    "token": "token",
    "callback_url": "http://127.0.0.1:8000/wechat/callback",
    "web_base": "http://doorbell.localhost:8000",
}


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8000/x",
        "http://[::1]:8000/",
        "http://localhost",
        "https://p1.doorbell.localhost:8443/",
    ],
)
def test_addresses_on_this_machine_are_safe(address: str) -> None:
    check_base("callback_url", address)


@pytest.mark.parametrize(
    "address",
    [
        "https://api.weixin.qq.com",
        "http://qq.com/",
        "http://192.168.1.4:8000/",
        "http://0.0.0.0:8000/",
        "http://example.com/",
        "http://localhost.example.com/",
        "http://127.0.0.1.example.com/",
        "http://notlocalhost/",
        "ftp://127.0.0.1/",
        "127.0.0.1:8000",
        "",
    ],
)
def test_addresses_elsewhere_are_refused(address: str) -> None:
    with pytest.raises(UnsafeBase):
        check_base("callback_url", address)


@pytest.mark.parametrize("key", ["callback_url", "web_base", "clock_url"])
def test_each_address_of_the_account_is_looked_at(key: str) -> None:
    with pytest.raises(UnsafeBase, match=key):
        account_of(ACCOUNT | {key: "http://example.com/"})


def test_a_fresh_sandbox_keeps_the_time_that_the_account_says(tmp_path: Path) -> None:
    account = account_of(ACCOUNT | {"clock_offset_s": -7200})

    clock = BusinessClock(account, Store(tmp_path / "sandbox.sqlite3"), wall=lambda: 10_000.0)

    assert clock.now_s() == 2_800


@pytest.mark.parametrize("key", ["appid", "secret", "token", "callback_url", "web_base"])
def test_a_missing_key_is_named(key: str) -> None:
    with pytest.raises(BadAccount, match=key):
        account_of({name: value for name, value in ACCOUNT.items() if name != key})


def test_aes_wants_a_key_of_43_characters() -> None:
    with pytest.raises(BadAccount, match="aes_key"):
        account_of(ACCOUNT | {"aes": True, "aes_key": "short"})

    assert account_of(ACCOUNT | {"aes": True, "aes_key": "k" * 43}).aes


def test_reads_the_account_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "account.json"
    template = {"template_id": "M1", "title": "预约成功", "content": "项目：{{thing1.DATA}}"}
    path.write_text(json.dumps(ACCOUNT | {"templates": [template], "later": 1}), encoding="utf-8")

    settings = Settings.from_env({"SANDBOX_ACCOUNT": str(path), "SANDBOX_DB": str(tmp_path / "db")})

    assert settings.account.templates[0].slots[0].key == "thing1"
    assert settings.account.original_id == "gh_5a8b7c6d5e4f"
    assert (settings.callback_timeout_s, settings.retry_gap_s) == (5.0, 1.0)


@pytest.mark.parametrize("text", ["", "[]", "{"], ids=["empty", "list", "cut"])
def test_a_file_that_is_no_account_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "account.json"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(BadAccount):
        read_account(path)


def test_the_environment_must_say_where_things_are() -> None:
    with pytest.raises(BadAccount, match="SANDBOX_ACCOUNT, SANDBOX_DB"):
        Settings.from_env({})
