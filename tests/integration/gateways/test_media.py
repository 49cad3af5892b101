"""Pictures: sent to WeChat as files, and fetched from it."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from gateways.http import ANSWER_BYTES_MAX
from gateways.wechat.client import WeChat
from gateways.wechat.errors import Retry, WeChatError
from gateways.wechat.media import PICTURE_BYTES_MAX
from tests.integration.gateways.serving import (
    Platform,
    Reply,
    account_at,
    app_with_tokens,
    in_turn,
    patient_caller,
    tells,
)

JPEG = b"\xff\xd8\xff\xe0" + bytes(100)


@pytest.fixture(scope="module")
def _app(sqlite_url: str) -> Flask:
    return app_with_tokens(sqlite_url)


@pytest.fixture(autouse=True)
def _context(_app: Flask, platform: Platform) -> Iterator[None]:
    with _app.app_context():
        yield


@pytest.fixture
def wechat(platform: Platform) -> WeChat:
    return WeChat(account_at(platform.base), caller=patient_caller())


def test_a_picture_is_uploaded_as_a_file_and_sent_by_its_id(
    platform: Platform, wechat: WeChat
) -> None:
    platform.answers["/cgi-bin/media/upload"] = tells(media_id="M", type="image", created_at=1)
    platform.answers["/cgi-bin/message/custom/send"] = tells(errcode=0, errmsg="ok")

    wechat.send_picture(openid="oMember", media_id=wechat.media.upload(JPEG))

    [upload] = platform.calls_to("/cgi-bin/media/upload")
    assert (upload.query["type"], JPEG in upload.body) == ("image", True)
    assert upload.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    [sent] = platform.calls_to("/cgi-bin/message/custom/send")
    assert sent.message["image"] == {"media_id": "M"}


def test_an_upload_that_is_sent_again_holds_the_file_again(
    platform: Platform, wechat: WeChat
) -> None:
    platform.answers["/cgi-bin/stable_token"] = in_turn(
        *(tells(access_token=token, expires_in=7200) for token in ("T8", "T9"))
    )
    platform.answers["/cgi-bin/media/upload"] = in_turn(
        tells(errcode=42001, errmsg="expired"), tells(media_id="M")
    )

    assert wechat.media.upload(JPEG) == "M"

    bodies = [call.body for call in platform.calls_to("/cgi-bin/media/upload")]
    assert (len(bodies), bodies[0] == bodies[1]) == (2, True)


@pytest.mark.parametrize("content", [b"", b"GIF89a", JPEG + bytes(PICTURE_BYTES_MAX)])
def test_what_is_no_picture_is_not_uploaded(
    platform: Platform, wechat: WeChat, content: bytes
) -> None:
    with pytest.raises(ValueError, match="JPEG"):
        wechat.media.upload(content)
    assert platform.calls_to("/cgi-bin/media/upload") == []


def test_a_picture_that_somebody_sent(platform: Platform, wechat: WeChat) -> None:
    # Larger than any JSON that WeChat answers.
    content = JPEG + bytes(ANSWER_BYTES_MAX)
    platform.answers["/cgi-bin/media/get"] = lambda _call: Reply(
        content, headers={"Content-Type": "image/jpeg"}
    )

    assert wechat.media.fetch("M9") == content
    [call] = platform.calls_to("/cgi-bin/media/get")
    assert call.query["media_id"] == "M9"


def test_a_picture_that_wechat_has_forgotten(platform: Platform, wechat: WeChat) -> None:
    platform.answers["/cgi-bin/media/get"] = lambda _call: Reply(
        b'{"errcode": 40007, "errmsg": "invalid media_id"}',
        headers={"Content-Type": "text/plain"},
    )

    with pytest.raises(WeChatError) as told:
        wechat.media.fetch("M9")

    assert (told.value.code, told.value.retry) == (40007, Retry.USELESS)


@pytest.mark.parametrize(
    ("path", "call"),
    [
        ("/cgi-bin/media/upload", lambda w: w.media.upload(JPEG)),
        ("/cgi-bin/media/get", lambda w: w.media.fetch("M")),
    ],
)
def test_an_empty_object_is_no_success(
    platform: Platform, wechat: WeChat, path: str, call: Callable[[WeChat], object]
) -> None:
    platform.answers[path] = lambda _call: Reply(b"{}")

    with pytest.raises(WeChatError) as told:
        call(wechat)

    assert told.value.retry is Retry.AMBIGUOUS
