"""What the menu's camera, map and album find, and where phones say they are."""

import pytest
from wechatpy.replies import TextReply

from tests.integration.sandbox.conftest import NewSandbox

pytestmark = pytest.mark.parametrize("aes", [False, True], ids=["plain", "aes"])


def test_a_menu_asks_for_the_camera_a_place_and_photos(new_sandbox: NewSandbox, aes: bool) -> None:
    sandbox, receiver = new_sandbox(aes=aes)
    sandbox.a_phone(follows=True)
    kinds = ("scancode_push", "scancode_waitmsg", "location_select", "pic_sysphoto")
    subs = [{"type": kind, "name": f"钮{n}", "key": kind} for n, kind in enumerate(kinds)]
    sandbox.api("menu/create", button=[{"name": "服务", "sub_button": subs}])
    reply = TextReply(content="收到")
    reply.source, reply.target = "gh_account", "a-follower"
    receiver.answers.append(reply.render())

    sandbox.control("phones/p1/click", key="scancode_waitmsg", content="GREE-0231")
    sandbox.control("phones/p1/click", key="scancode_push", content="https://x.example/1")
    sandbox.control(
        "phones/p1/click",
        key="location_select",
        latitude=36.1,
        longitude=120.4,
        label="海信花园",
    )
    sandbox.control("phones/p1/click", key="pic_sysphoto", count=2)
    sandbox.settle()

    waited, pushed, chosen, taken = (one.message for one in receiver.received)
    assert (waited.event, waited.key) == ("scancode_waitmsg", "scancode_waitmsg")
    assert (waited.scan_type, waited.scan_result) == ("qrcode", "GREE-0231")
    assert (pushed.event, pushed.scan_result) == ("scancode_push", "https://x.example/1")
    assert chosen.event == "location_select"
    assert (chosen.location_x, chosen.location_y) == ("36.100000", "120.400000")
    assert chosen.label == "海信花园"
    assert (taken.event, taken.count) == ("pic_sysphoto", 2)
    assert sandbox.inbox("p1")[-1]["text"] == "收到"


def test_an_account_is_told_where_a_phone_is(new_sandbox: NewSandbox, aes: bool) -> None:
    sandbox, receiver = new_sandbox(aes=aes)
    sandbox.a_phone(follows=True)

    sandbox.control("phones/p1/report", latitude=36.1, longitude=120.4)
    sandbox.settle()

    [told] = receiver.received
    assert told.message.event == "location"
    assert (float(told.message.latitude), float(told.message.longitude)) == (36.1, 120.4)
