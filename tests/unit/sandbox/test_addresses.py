"""Which host a phone opens a page on."""

from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from sandbox.addresses import for_phone, home_host, page_hosts
from sandbox.settings import Account, account_of

BASE = "http://doorbell.localhost:8000"


def _account(**changes: Any) -> Account:
    return account_of(
        {
            "appid": "wx5a8b7c6d5e4f3a2b",
            "secret": "secret",
            "token": "token",
            "callback_url": "http://127.0.0.1:8000/wechat/callback",
            "web_base": BASE,
        }
        | changes
    )


@pytest.mark.parametrize(
    ("url", "opened"),
    [
        (f"{BASE}/c/?a=1#top", "http://p2.doorbell.localhost:8000/c/?a=1#top"),
        ("http://p1.doorbell.localhost:8000/c/", "http://p2.doorbell.localhost:8000/c/"),
        ("http://sandbox.doorbell.localhost:8000/c/", "http://sandbox.doorbell.localhost:8000/c/"),
        ("http://doorbell.localhost:9000/c/", "http://doorbell.localhost:9000/c/"),
        ("http://example.com/c/", "http://example.com/c/"),
    ],
    ids=["own_page", "another_phones_page", "no_phones_host", "another_port", "foreign"],
)
def test_own_pages_are_opened_on_the_phones_host(url: str, opened: str) -> None:
    assert for_phone(url, phone_id="p2", account=_account()) == opened


def test_an_authorisation_returns_to_the_phones_host() -> None:
    page = quote(f"{BASE}/wechat/oauth?next=/c/", safe="")
    url = f"http://sandbox.doorbell.localhost:8001/connect/oauth2/authorize?redirect_uri={page}&state=s"

    opened = for_phone(url, phone_id="p2", account=_account())

    query = parse_qs(urlsplit(opened).query)
    assert query["redirect_uri"] == ["http://p2.doorbell.localhost:8000/wechat/oauth?next=/c/"]
    assert query["state"] == ["s"]


def test_a_number_has_no_hosts_below_it() -> None:
    account = _account(web_base="http://127.0.0.1:8000")

    assert for_phone("http://127.0.0.1:8000/c/", phone_id="p1", account=account) == (
        "http://127.0.0.1:8000/c/"
    )
    assert page_hosts(account) == ["http://127.0.0.1:8000"]
    assert home_host(account) == ""


def test_a_name_has_hosts_for_phones_and_for_the_sandbox() -> None:
    assert page_hosts(_account()) == [BASE, "http://*.doorbell.localhost:8000"]
    assert home_host(_account()) == "sandbox.doorbell.localhost"
