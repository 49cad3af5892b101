"""What people send from the + panel, and what phones draw of what an account sends."""

from typing import Any

import pytest
import requests
from wechatpy import WeChatClient

from tests.integration.sandbox.conftest import NewSandbox
from tests.integration.sandbox.serving import APPID, SUBSCRIPTION, Receiver, Sandbox
from tests.patience import WAIT_S

PNG = b"\x89PNG\r\n\x1a\n" + bytes(24)
Heard = tuple[Sandbox, Receiver, str]


@pytest.fixture
def heard(new_sandbox: NewSandbox) -> Heard:
    """A sandbox, the account's server behind it, and a follower's phone."""
    sandbox, receiver = new_sandbox()
    return sandbox, receiver, sandbox.a_phone(follows=True)["phone"]


def _given(sandbox: Sandbox, path: str, content: bytes) -> requests.Response:
    headers = {"X-Sandbox": "1", "Content-Type": "image/png"}
    return requests.post(
        f"{sandbox.base}/control/{path}", data=content, headers=headers, timeout=WAIT_S
    )


def test_a_picture_reaches_the_account_by_address_and_by_id(heard: Heard) -> None:
    sandbox, receiver, phone = heard

    assert _given(sandbox, f"phones/{phone}/picture", PNG).json()["screen"] == "chat"

    sandbox.settle()
    told = receiver.received[-1].message
    assert (told.type, told.media_id) == ("image", sandbox.inbox(phone)[-1]["media_id"])
    assert requests.get(told.image, timeout=WAIT_S).content == PNG
    assert _given(sandbox, f"phones/{phone}/picture", b"no picture").json()["error"] == (
        "bad_picture"
    )


def test_what_a_page_uploads_is_media_that_the_account_fetches(
    heard: Heard, client_of: Any
) -> None:
    sandbox, _, phone = heard

    uploaded = _given(sandbox, f"phones/{phone}/upload", PNG).json()

    assert client_of(sandbox).media.download(uploaded["media_id"]).content == PNG
    assert sandbox.inbox(phone) == []


def test_a_place_is_told_with_the_latitude_first(heard: Heard) -> None:
    sandbox, receiver, phone = heard

    sandbox.control(f"phones/{phone}/place", latitude=36.1, longitude=120, label="海信花园")

    sandbox.settle()
    told = receiver.received[-1].message
    assert (told.type, told.label) == ("location", "海信花园")
    assert told.location == ("36.100000", "120.000000")
    sandbox.control(f"phones/{phone}/place", expect=400, latitude=91, longitude=120)


def test_a_tapped_choice_comes_back_with_its_id(heard: Heard, client_of: Any) -> None:
    sandbox, receiver, phone = heard
    sandbox.control(f"phones/{phone}/say", text="好了吗")
    asked = {"head_content": "满意吗", "list": [{"id": "101", "content": "满意"}]}
    client_of(sandbox).post(
        "message/custom/send",
        data={
            "touser": sandbox.look(f"phones/{phone}")["openid"],
            "msgtype": "msgmenu",
            "msgmenu": asked,
        },
    )
    shown = sandbox.inbox(phone)[-1]
    assert (shown["kind"], shown["head"], shown["tail"]) == ("menu", "满意吗", "")
    [choice] = shown["choices"]

    sandbox.control(f"phones/{phone}/say", text=choice["text"], choice=choice["id"])

    sandbox.settle()
    told = receiver.received[-1]
    assert (told.message.content, "<bizmsgmenuid>" in told.body) == ("满意", True)


def test_a_page_of_a_mini_program_is_a_card(heard: Heard, client_of: Any) -> None:
    sandbox, _, phone = heard
    client: WeChatClient = client_of(sandbox)
    sandbox.control(f"phones/{phone}/say", text="到哪了")
    cover = client.media.upload("image", ("cover.png", PNG, "image/png"))["media_id"]
    openid = sandbox.look(f"phones/{phone}")["openid"]
    page = {"title": "上门进度", "appid": APPID, "pagepath": "pages/visit"}

    client.message.send_mini_program_page(openid, page | {"thumb_media_id": cover})

    shown = sandbox.inbox(phone)[-1]
    assert (shown["kind"], shown["title"], shown["pagepath"]) == (
        "miniprogram",
        "上门进度",
        "pages/visit",
    )
    assert requests.get(f"{sandbox.base}{shown['picture']}", timeout=WAIT_S).content == PNG


def test_grants_are_counted_and_can_be_taken_back(heard: Heard) -> None:
    sandbox, _, phone = heard
    notice = SUBSCRIPTION["template_id"]

    def granted() -> dict[str, int]:
        found: dict[str, int] = sandbox.look(f"phones/{phone}/subscriptions")["granted"]
        return found

    for _ in range(2):
        sandbox.control(f"phones/{phone}/subscribe", answers={notice: True})
    twice = granted()
    sandbox.control(f"phones/{phone}/subscribe", takes_back=notice)

    assert (twice, granted()) == ({notice: 2}, {})
