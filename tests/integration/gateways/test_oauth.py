"""Exchanging a code, with a platform that may answer anything."""

import pytest

from gateways.wechat.errors import Category, Retry, WeChatError
from gateways.wechat.oauth import OAuth, Visitor
from tests.integration.gateways.serving import (
    Answer,
    Platform,
    Reply,
    account_at,
    closed_port,
    hasty_caller,
    patient_caller,
    tells,
)

EXCHANGE = "/sns/oauth2/access_token"


@pytest.fixture
def oauth(platform: Platform) -> OAuth:
    return OAuth(account_at(platform.base), caller=patient_caller())


def test_a_code_becomes_an_openid(platform: Platform, oauth: OAuth) -> None:
    platform.answers[EXCHANGE] = tells(access_token="x", openid="oMember", scope="snsapi_base")

    assert oauth.exchange("c0de") == Visitor("oMember", "", is_snapshot=False)

    [call] = platform.calls_to(EXCHANGE)
    assert call.query == {
        "appid": "wx1",
        "secret": "s3cret",
        "code": "c0de",
        "grant_type": "authorization_code",
    }


def test_a_snapshot_user_is_told_apart(platform: Platform, oauth: OAuth) -> None:
    platform.answers[EXCHANGE] = tells(openid="oVirtual", unionid="u", is_snapshotuser=1)

    assert oauth.exchange("c0de") == Visitor("oVirtual", "u", is_snapshot=True)


@pytest.mark.parametrize("code", [40029, 40163])
def test_a_bad_or_used_code_begins_again(platform: Platform, oauth: OAuth, code: int) -> None:
    platform.answers[EXCHANGE] = tells(errcode=code, errmsg="invalid code")

    with pytest.raises(WeChatError) as told:
        oauth.exchange("c0de")

    assert (told.value.category, told.value.code) == (Category.LOGIN, code)


@pytest.mark.parametrize(
    "answer",
    [
        lambda _call: Reply(b"<html>"),
        lambda _call: Reply(b"{}"),
        lambda _call: Reply(b'{"openid":7}'),
        lambda _call: Reply(status=500),
    ],
)
def test_nothing_else_signs_anybody_in(platform: Platform, oauth: OAuth, answer: Answer) -> None:
    platform.answers[EXCHANGE] = answer

    with pytest.raises(WeChatError) as told:
        oauth.exchange("c0de")

    assert told.value.retry is Retry.AMBIGUOUS
    assert len(platform.calls_to(EXCHANGE)) == 1


def test_nobody_waits_for_an_answer_for_ever(platform: Platform) -> None:
    platform.answers[EXCHANGE] = lambda _call: Reply(never_comes=True)

    with pytest.raises(WeChatError) as told:
        OAuth(account_at(platform.base), caller=hasty_caller()).exchange("c0de")

    assert told.value.retry is Retry.AMBIGUOUS
    assert len(platform.calls_to(EXCHANGE)) <= 1


def test_nobody_waits_for_a_platform_that_is_away() -> None:
    oauth = OAuth(account_at(f"http://127.0.0.1:{closed_port()}"), caller=hasty_caller())

    with pytest.raises(WeChatError) as told:
        oauth.exchange("c0de")

    assert told.value.category is Category.NETWORK
