"""Tags, remarks and the blacklist, asked for by unmodified wechatpy."""

from collections.abc import Callable

import pytest
from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException

from tests.integration.sandbox.serving import GOOD_DATA, Receiver, Sandbox


def _refusal(call: object, *args: object) -> int:
    with pytest.raises(WeChatClientException) as refusal:
        call(*args)  # type: ignore[operator]
    code: int = refusal.value.errcode
    return code


class TestTags:
    def test_are_made_renamed_counted_and_deleted(
        self, client: WeChatClient, sandbox: Sandbox
    ) -> None:
        openid = sandbox.a_phone(follows=True)["openid"]
        made = client.tag.create("老客户")
        client.tag.tag_user(made["id"], openid)

        client.tag.update(made["id"], "常客")

        assert client.tag.get() == [{"id": 100, "name": "常客", "count": 1}]
        assert client.tag.get_user_tag(openid) == [100]
        assert client.user.get(openid)["tagid_list"] == [100]
        client.tag.delete(made["id"])
        assert client.tag.get() == []
        assert client.tag.get_user_tag(openid) == []

    def test_list_who_carries_them(self, client: WeChatClient, sandbox: Sandbox) -> None:
        carrying, other, left = (sandbox.a_phone(follows=True) for _ in range(3))
        tag = client.tag.create("老客户")["id"]
        client.tag.tag_user(tag, [carrying["openid"], other["openid"], left["openid"]])
        client.tag.untag_user(tag, other["openid"])
        sandbox.control(f"phones/{left['phone']}/unfollow")

        assert list(client.tag.iter_tag_users(tag)) == [carrying["openid"]]

    def test_names_are_checked(self, client: WeChatClient) -> None:
        client.tag.create("十个汉字正好三十字节")

        assert _refusal(client.tag.create, "十个汉字正好三十字节") == 45157
        assert _refusal(client.tag.create, "十个汉字正好三十字节x") == 45158
        assert _refusal(client.tag.create, "") == 45158

    def test_are_a_hundred_at_most(self, client: WeChatClient) -> None:
        for number in range(100):
            client.tag.create(f"标签{number}")

        assert _refusal(client.tag.create, "再一个") == 45056

    def test_of_wechat_itself_stay_as_they_are(self, client: WeChatClient) -> None:
        assert _refusal(client.tag.update, 2, "改名") == 45058
        assert _refusal(client.tag.delete, 0) == 45058
        assert _refusal(client.tag.delete, 4711) == 45159

    def test_are_put_on_fifty_people_a_call(self, client: WeChatClient, sandbox: Sandbox) -> None:
        openid = sandbox.a_phone(follows=True)["openid"]
        tag = client.tag.create("老客户")["id"]

        assert _refusal(client.tag.tag_user, tag, [openid] * 51) == 40032
        assert _refusal(client.tag.tag_user, tag, [openid, "o" + "x" * 27]) == 40003
        assert client.tag.get_user_tag(openid) == []

    def test_are_twenty_on_one_person(self, client: WeChatClient, sandbox: Sandbox) -> None:
        openid = sandbox.a_phone(follows=True)["openid"]
        made = [client.tag.create(f"标签{number}")["id"] for number in range(21)]
        for tag in made[:20]:
            client.tag.tag_user(tag, openid)

        assert _refusal(client.tag.tag_user, made[20], openid) == 45059
        assert client.tag.get_user_tag(openid) == made[:20]


class TestPeople:
    def test_carry_the_accounts_remark(self, client: WeChatClient, sandbox: Sandbox) -> None:
        openid = sandbox.a_phone(follows=True)["openid"]

        client.user.update_remark(openid, "海尔路的林女士")

        [told] = client.user.get_batch([openid])
        assert told["remark"] == "海尔路的林女士"
        assert _refusal(client.user.update_remark, openid, "长" * 30) == 40035

    def test_on_the_blacklist_are_sent_nothing(
        self, client: WeChatClient, sandbox: Sandbox
    ) -> None:
        phone = sandbox.a_phone(follows=True)
        sandbox.control(f"phones/{phone['phone']}/say", text="你好")
        client.tag.batch_black_list([phone["openid"]])

        assert client.tag.get_black_list()["data"]["openid"] == [phone["openid"]]
        send = client.message.send_template
        assert _refusal(send, phone["openid"], "M1", GOOD_DATA) == 43019
        assert _refusal(client.message.send_text, phone["openid"], "好") == 43019

        client.tag.batch_unblack_list([phone["openid"]])
        client.message.send_text(phone["openid"], "好")
        assert client.tag.get_black_list()["total"] == 0

    def test_on_the_blacklist_are_not_heard(
        self, new_sandbox: Callable[..., tuple[Sandbox, Receiver]]
    ) -> None:
        sandbox, receiver = new_sandbox()
        phone = sandbox.a_phone(follows=True)
        sandbox.api("tags/members/batchblacklist", openid_list=[phone["openid"]])

        sandbox.control(f"phones/{phone['phone']}/say", text="听得到吗")
        sandbox.settle()

        assert receiver.received == []
