"""What the account at WeChat should have."""

from booking.codes import CodeKind
from conversations import account
from conversations.account import Origin, Person
from gateways.wechat.client import check_menu
from gateways.wechat.tags import TAG_BYTES_MAX

ORIGINS = {
    "st_a": Origin(CodeKind.STORE, "A"),
    "st_b": Origin(CodeKind.STORE, "B"),
    "ev_1": Origin(CodeKind.EVENT, ""),
    "bd_1": Origin(CodeKind.BADGE, "B"),
}


class TestMenu:
    def test_is_within_wechats_sizes(self) -> None:
        check_menu(account.menu("https://x"))

    def test_is_the_same_as_wechat_tells_it(self) -> None:
        ours = account.menu("https://x")
        told = [{**button, "sub_button": button.get("sub_button", [])} for button in ours]

        assert account.is_same_menu(told, ours)
        assert not account.is_same_menu(told, account.menu("https://y"))


class TestTags:
    def test_of_stores_begin_with_the_code_and_fit(self) -> None:
        names = account.tag_names([("LC", "李沧万达广场一层旗舰体验店")])

        assert names["LC"].startswith("LC 李沧")
        assert all(0 < len(name.encode()) <= TAG_BYTES_MAX for name in names.values())

    def test_are_known_again_under_another_name_and_not_by_a_longer_code(self) -> None:
        tags = {"LC 旧名": 100, "LCX 别家": 101}

        assert account.known_as("LC", tags) == "LC 旧名"
        assert account.known_as("L", tags) is None


class TestCarriers:
    def test_belong_to_the_store_that_brought_them_last(self) -> None:
        found = account.carriers([Person("p", "st_a", "st_b")], ORIGINS)

        assert found == {"B": {"p"}}

    def test_keep_their_first_store_when_the_last_code_names_none(self) -> None:
        found = account.carriers([Person("p", "st_a", "ev_1")], ORIGINS)

        assert found == {"A": {"p"}, account.KIND_TAGS[CodeKind.EVENT]: {"p"}}

    def test_of_a_badge_are_its_stores(self) -> None:
        assert account.carriers([Person("p", "bd_1", "bd_1")], ORIGINS)["B"] == {"p"}

    def test_are_nobody_whom_no_code_of_ours_brought(self) -> None:
        assert account.carriers([Person("p", "x", "x")], ORIGINS) == {}
